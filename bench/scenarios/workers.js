/**
 * What a second server process on the same data brings, where there are cores for it. The client needs cores, too: with `s` of the server and
 * `c` of the client for each request, so many cores answer cores / (s + c) requests a second and one worker 1 / s. The second row says how
 * much of that it is.
 */

import os from 'node:os';
import { compare } from '../measure.js';
import { seed, TOKEN } from '../seed.js';
import { startKeybin, temporaryFolder } from '../servers.js';

/** What is wanted of a second worker on two cores. */
const BAR = 1.7;

/** Part of what the cores allow. */
const PART = 0.85;

const READ = { path: `/user/${TOKEN}/store/greeting` };

/** @param {import('../results.js').Run} run */
export async function workers({ rounds, count, row, least, skip, log }) {
  const cores = os.cpus().length;
  const title = `GET value, embedded, ${cores} workers over 1: requests a second`;
  if (cores < 2) return skip(title, 'this machine has one core');
  const [folder, remove] = temporaryFolder();
  const place = { KEYBIN_STORE_HOST: `file:${folder}` };
  await seed(place.KEYBIN_STORE_HOST, 'store', 1000);
  const many = { ...place, KEYBIN_APP_WORKERS: String(cores) };
  const load = { request: READ, connections: 64, count, warm: count };
  const before = process.cpuUsage();
  const figures = await compare(
    [
      { name: '1 worker', start: () => startKeybin(place, { everywhere: true }), ...load },
      { name: `${cores} workers`, start: () => startKeybin(many, { everywhere: true }), ...load },
    ],
    rounds,
  );
  const { user, system } = process.cpuUsage(before);
  const client = (user + system) / (figures.size * (rounds + 1) * count);
  remove();
  row('GET value, embedded, all cores', figures);
  const [one, all] = [...figures.values()];
  const { cpu = Number.NaN, rate = Number.NaN } = one ?? {};
  const possible = Math.min(cores, (cores * cpu) / (cpu + client));
  log(`the client takes ${client.toFixed(1)} µs a request: ${cores} cores allow ${possible.toFixed(2)}×`);
  const factor = (all?.rate ?? Number.NaN) / rate;
  least(title, factor, BAR);
  least(`${title}, over what the cores allow beside the client`, factor / possible, PART);
}
