/** Clients that follow the changes of an account, and how long a change takes to reach them. */

import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from './client.js';

/** Milliseconds between two writes, and for what was not told by then. */
const BETWEEN = 100;
const PATIENCE = 5000;

/**
 * Opens streams of `/v2/changes`, writes values, and measures from the moment before each write until it was read from each
 * stream.
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {{ followers: number, writes: number }} load
 * @returns {Promise<{ p50: number, p99: number }>} milliseconds
 */
export async function followed(url, headers, { followers, writes }) {
  /** @type {Map<string, number>} */
  const written = new Map();
  /** @type {number[]} */
  const delays = [];
  const streams = await Promise.all(
    Array.from({ length: followers }, () =>
      follow(url, headers, key => {
        const begun = written.get(key);
        if (begun !== undefined) delays.push(performance.now() - begun);
      }),
    ),
  );
  for (let i = 0; i < writes; i++) {
    const key = `told${i}`;
    written.set(key, performance.now());
    const answer = await fetch(`${url}/v2/kv/${key}`, { method: 'PUT', headers, body: 'x' });
    if (answer.status !== 201) throw new Error(`PUT: ${answer.status} ${await answer.text()}`);
    await pause(BETWEEN);
  }
  const last = performance.now();
  while (delays.length < followers * writes && performance.now() - last < PATIENCE) await pause(10);
  for (const stream of streams) stream.destroy();
  if (delays.length < followers * writes) throw new Error(`only ${delays.length} changes were told`);
  const sorted = Float64Array.from(delays).sort();
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}

/**
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {(key: string) => void} told
 */
async function follow(url, headers, told) {
  const present = await fetch(`${url}/v2/changes`, { headers });
  const { cursor } = /** @type {{ cursor: string }} */ (await present.json());
  const target = `${url}/v2/changes?since=${encodeURIComponent(cursor)}`;
  const request = http.get(target, { agent: false, headers: { ...headers, Accept: 'text/event-stream' } });
  const [response] = await once(request, 'response');
  if (response.statusCode !== 200) throw new Error(`a follower was answered ${response.statusCode}`);
  let text = '';
  response.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data:')) told(JSON.parse(line.slice(5)).key);
  });
  response.on('error', () => {}); // it is ended from here
  return request;
}
