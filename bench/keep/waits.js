/** How long clients of a server wait while something else goes on beside it. */

import { run } from '../client.js';
import { TOKEN } from '../seed.js';

/** Requests a second of each kind, and for how many seconds before it is looked whether the work has ended. */
const RATE = 200;
const SECONDS = 3;

/**
 * Reads and writes one value after another, at fixed times, while `work` goes on, and then as many alone: the longest wait of many is longer than that of few.
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
  const waits = kinds.map(({ name }) => ({ name, count: 0, without: 0, during: 0 }));
  /** @param {'during' | 'without'} when */
  const measure = async when => {
    for (const [i, result] of (await portion()).entries()) {
      const wait = waits[i];
      if (wait === undefined) continue;
      wait[when] = Math.max(wait[when], longest(result));
      if (when === 'during') wait.count += result.latencies.length;
    }
  };
  const state = { ended: false };
  const working = work().finally(() => {
    state.ended = true;
  });
  let portions = 0;
  for (; !state.ended; portions++) await measure('during');
  await working;
  for (; portions > 0; portions--) await measure('without');
  return waits;
}

/** @param {number} count */
function load(count) {
  return { connections: 4, count, rate: RATE };
}

/** @param {import('../client.js').Result} result */
function longest(result) {
  if (result.failures > 0) throw new Error(`${result.failures} requests failed`);
  return result.latencies.at(-1) ?? Number.NaN;
}
