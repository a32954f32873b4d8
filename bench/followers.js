/** Clients that follow the changes of an account: how long a change takes to reach them, and what they cost while nothing happens. */

import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from './client.js';
import { fetched } from './task.js';

/** Milliseconds between two writes, and for what was not told by then. */
const BETWEEN = 100;
const PATIENCE = 5000;

/** Writes before it is measured: the first ones run code that was never run before. */
const WARM = 10;

/** Streams that are opened at once. */
const AT_ONCE = 250;

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
  const streams = await openFollowers(url, headers, followers, key => {
    const begun = written.get(key);
    if (begun !== undefined) delays.push(performance.now() - begun);
  });
  for (let i = -WARM; i < writes; i++) {
    const key = `told${i}`;
    if (i >= 0) written.set(key, performance.now());
    await fetched(`${url}/v2/kv/${key}`, { method: 'PUT', headers, body: 'x' });
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
 * What followers cost to whom nothing happens, but that they are given a sign of life every 15 seconds.
 * @param {import('./servers.js').Server} server
 * @param {Record<string, string>} headers
 * @param {{ followers: number, seconds: number }} load
 * @returns {Promise<{ kilobytes: number, core: number }>} memory of one of them, and how much of a core all together take (percent)
 */
export async function idle({ url, usage }, headers, { followers, seconds }) {
  const { rss } = await usage();
  const streams = await openFollowers(url, headers, followers, () => {});
  await pause(PATIENCE); // what opening them took is not what they take
  const before = await usage();
  await pause(seconds * 1000);
  const after = await usage();
  const cut = streams.filter(({ closed }) => closed).length;
  for (const stream of streams) stream.destroy();
  if (cut > 0) throw new Error(`${cut} followers were cut off`);
  return { kilobytes: (after.rss - rss) / 1024 / followers, core: (after.cpu - before.cpu) / 1e4 / seconds };
}

/**
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {number} count
 * @param {(key: string) => void} told
 */
async function openFollowers(url, headers, count, told) {
  const present = await fetched(`${url}/v2/changes`, { headers });
  const { cursor } = JSON.parse(Buffer.from(present).toString());
  /** @type {net.Socket[]} */
  const streams = [];
  while (streams.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - streams.length) }, () =>
      follow(new URL(`/v2/changes?since=${cursor}`, url), headers, told),
    );
    streams.push(...(await Promise.all(some)));
  }
  return streams;
}

/**
 * A follower over a bare connection, so that what a thousand of them cost on this machine is as little as can be. Resolves at the
 * first bytes of the answer.
 * @param {URL} target
 * @param {Record<string, string>} headers
 * @param {(key: string) => void} told
 * @returns {Promise<net.Socket>}
 */
function follow({ hostname, port, pathname, search }, headers, told) {
  const fields = Object.entries({ Host: 'bench', Accept: 'text/event-stream', ...headers });
  const lines = [`GET ${pathname}${search} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)];
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    let rest = '';
    socket.setEncoding('latin1').once('error', reject);
    socket.once('data', head => {
      if (!String(head).startsWith('HTTP/1.1 200')) return reject(new Error(`a follower was answered ${head}`));
      socket.on('data', chunk => {
        const events = (rest + chunk).split('\n\n');
        rest = events.pop() ?? '';
        for (const event of events) {
          const key = /^data: .*"key":"(\w+)"/m.exec(event)?.[1];
          if (key !== undefined) told(key);
        }
      });
      resolve(socket);
    });
  });
}
