/** What a million entries cost: the first page of keys, the start, the memory. */

import { percentile, run } from '../client.js';
import { compare } from '../measure.js';
import { seed, TOKEN } from '../seed.js';
import { startFloor, startKeybin, temporaryFolder } from '../servers.js';
import { fetched, keepAnswer } from '../task.js';

const LARGE = 1_000_000;
const SMALL = 1_000;
const KEYS = { path: `/user/${TOKEN}/keys?limit=100` };
const VALUE = { path: `/user/${TOKEN}/store/greeting` };

/** @param {import('../results.js').Run} run */
export async function large({ rounds, count, row, value, log }) {
  const [large, removeLarge] = temporaryFolder();
  const [small, removeSmall] = temporaryFolder();
  log(`storing ${LARGE.toLocaleString('en')} entries`);
  await seed(`file:${large}`, 'store', LARGE);
  await seed(`file:${small}`, 'store', SMALL);
  await startAndMemory(large, rounds, value);
  const load = { request: KEYS, count: Math.ceil(count / 4), warm: Math.ceil(count / 4) };
  const server = await startKeybin({ KEYBIN_STORE_HOST: `file:${small}` });
  const answer = keepAnswer(small, await fetched(server.url + KEYS.path));
  await server.stop();
  const figures = await compare(
    [
      { name: 'bare Koa, same bytes', start: () => startFloor('koa', answer), ...load },
      { name: '1,000 entries', start: () => startKeybin({ KEYBIN_STORE_HOST: `file:${small}` }), ...load },
      { name: '1,000,000 entries', start: () => startKeybin({ KEYBIN_STORE_HOST: `file:${large}` }), ...load },
    ],
    rounds,
  );
  removeLarge();
  removeSmall();
  row('GET keys, first page of 100, embedded', figures, {
    of: '1,000,000 entries',
    over: 'bare Koa, same bytes',
    bar: 3,
  });
}

/**
 * @param {string} folder
 * @param {number} rounds
 * @param {import('../results.js').Run['value']} value
 */
async function startAndMemory(folder, rounds, value) {
  const starts = [];
  const sizes = [];
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    const server = await startKeybin({ KEYBIN_STORE_HOST: `file:${folder}` });
    await run(server.url, VALUE, { connections: 1, count: 1 });
    starts.push(performance.now() - begun);
    sizes.push((await server.usage()).rss / 1_048_576);
    await server.stop();
  }
  value('Start to first answer, 1,000,000 entries', percentile(Float64Array.from(starts).sort(), 0.5), 'ms', 600);
  value('Resident memory then', percentile(Float64Array.from(sizes).sort(), 0.5), 'MB', 90);
}
