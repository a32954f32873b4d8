/** What a second server process on the same data brings, where there are cores for it. */

import os from 'node:os';
import { compare } from '../measure.js';
import { seed, TOKEN } from '../seed.js';
import { startKeybin, temporaryFolder } from '../servers.js';

const READ = { path: `/user/${TOKEN}/store/greeting` };

/** @param {import('../results.js').Run} run */
export async function workers({ rounds, count, row, least, skip }) {
  const cores = os.cpus().length;
  const title = `GET value, embedded, ${cores} workers over 1: requests a second`;
  if (cores < 2) return skip(title, 'this machine has one core');
  const [folder, remove] = temporaryFolder();
  const place = { KEYBIN_STORE_HOST: `file:${folder}` };
  await seed(place.KEYBIN_STORE_HOST, 'store', 1000);
  const many = { ...place, KEYBIN_APP_WORKERS: String(cores) };
  const load = { request: READ, connections: 64, count };
  const figures = await compare(
    [
      { name: '1 worker', start: () => startKeybin(place, { everywhere: true }), ...load },
      { name: `${cores} workers`, start: () => startKeybin(many, { everywhere: true }), ...load },
    ],
    rounds,
  );
  remove();
  row('GET value, embedded, all cores', figures);
  const [one, all] = [...figures.values()];
  least(title, (all?.rate ?? Number.NaN) / (one?.rate ?? Number.NaN), 0.85 * cores);
}
