/** Large pieces of work, one at a time: CPU and peak memory of the server process, and how long the client waited. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const WATCH = path.join(import.meta.dirname, 'watch.js');

/**
 * @typedef {{ cpu: number, wall: number, peak: number, stall: number }} Cost milliseconds, milliseconds, megabytes,
 *   milliseconds
 * @typedef {{ name: string, start: () => Promise<import('./servers.js').Server>,
 *   work: (url: string) => Promise<unknown> }} Task
 */

/**
 * Does the work of all tasks round by round; medians of the rounds after the first. The peak is the process's highest so far;
 * the stall is the longest that another client waited for `/livez` meanwhile.
 * @param {Task[]} tasks
 * @param {number} rounds
 * @returns {Promise<Map<string, Cost>>}
 */
export async function compareTasks(tasks, rounds) {
  const servers = await Promise.all(tasks.map(task => task.start()));
  /** @type {Map<string, Cost[]>} */
  const all = new Map(tasks.map(({ name }) => [name, []]));
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const [i, { name, work }] of tasks.entries()) {
        const server = servers[i];
        if (server === undefined) continue;
        const before = await server.usage();
        const watch = await watchFrom(server.url);
        const begun = performance.now();
        await work(server.url);
        const wall = performance.now() - begun;
        const stall = await watch.end();
        const { cpu, peak } = await server.usage();
        if (round > 0) all.get(name)?.push({ cpu: (cpu - before.cpu) / 1000, wall, peak: peak / 1_048_576, stall });
      }
    }
  } finally {
    await Promise.all(servers.map(server => server.stop()));
  }
  return new Map([...all].map(([name, list]) => [name, medians(list)]));
}

/**
 * @param {Cost[]} list
 * @returns {Cost}
 */
function medians(list) {
  /** @param {(cost: Cost) => number} pick */
  const median = pick => list.map(pick).sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
  return { cpu: median(c => c.cpu), wall: median(c => c.wall), peak: median(c => c.peak), stall: median(c => c.stall) };
}

/**
 * Another client, in a process of its own: this one is busy with the work.
 * @param {string} url
 */
async function watchFrom(url) {
  const child = fork(WATCH, [url]);
  await once(child, 'message');
  return {
    /** The longest wait, in milliseconds. */
    async end() {
      child.send('end');
      const [longest] = await once(child, 'message');
      return /** @type {number} */ (longest);
    },
  };
}

/**
 * Sends a request and reads the answer to its end. Throws unless it is a success.
 * @param {string} url
 * @param {RequestInit} [init]
 * @returns {Promise<Uint8Array>}
 */
export async function fetched(url, init) {
  const response = await fetch(url, init);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${init?.method ?? 'GET'} ${url}: ${response.status} ${Buffer.from(bytes)}`);
  return bytes;
}

/**
 * Has a floor answer these bytes: its environment.
 * @param {string} folder
 * @param {Uint8Array} bytes
 */
export function keepAnswer(folder, bytes) {
  const file = path.join(folder, 'answer');
  writeFileSync(file, bytes);
  return { BENCH_ANSWER_FILE: file };
}
