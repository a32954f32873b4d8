/** How long clients of a server wait while something else goes on beside it. */

import { run } from '../client.js';
import { TOKEN } from '../seed.js';

/** Requests a second of each kind, and for how many seconds they are sent without anything beside them. */
const RATE = 200;
const SECONDS = 3;

/**
 * Reads and writes one value after another, at fixed times, first alone, then while `work` goes on.
 * @param {string} url
 * @param {number} entries as many as there are
 * @param {() => Promise<void>} work
 */
export async function waitsDuring(url, entries, work) {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const path = (/** @type {number} */ i) => `/v2/kv/k${String((i * 7919) % entries).padStart(7, '0')}`;
  const numbers = Array.from({ length: RATE * SECONDS }, (_, i) => i);
  const kinds = [
    { name: 'GET', requests: numbers.map(i => ({ path: path(i), headers })) },
    { name: 'PUT', requests: numbers.map(i => ({ method: 'PUT', path: path(i), headers, body: '"hello"' })) },
  ];
  const portion = () => Promise.all(kinds.map(({ requests }) => run(url, requests, load(requests.length))));
  await portion(); // warm
  const before = await portion();
  const state = { ended: false };
  const working = work().finally(() => {
    state.ended = true;
  });
  const waits = kinds.map(({ name }, i) => ({ name, count: 0, before: longest(before[i]), during: 0 }));
  while (!state.ended) {
    for (const [i, result] of (await portion()).entries()) {
      const wait = waits[i];
      if (wait === undefined) continue;
      wait.during = Math.max(wait.during, longest(result));
      wait.count += result.latencies.length;
    }
  }
  await working;
  return waits;
}

/** @param {number} count */
function load(count) {
  return { connections: 4, count, rate: RATE };
}

/** @param {import('../client.js').Result | undefined} result */
function longest(result) {
  if (result === undefined || result.failures > 0) throw new Error(`${result?.failures} requests failed`);
  return result.latencies.at(-1) ?? Number.NaN;
}
