/** One value read and written, over the floors. */

import { compare } from '../measure.js';
import { seed, TOKEN } from '../seed.js';
import { startFloor, startKeybin, temporaryFolder } from '../servers.js';

const PATH = `/user/${TOKEN}/store/greeting`;
const READ = { path: PATH };
const WRITE = { method: 'POST', path: PATH, body: JSON.stringify({ value: 'x'.repeat(100) }) };
const WRITTEN = { BENCH_ANSWER: '{"result":"ok"}' };

/** Entries of the MongoDB rows: requests go through them, as those of many clients do. */
const ENTRIES = 100;

/** How many were made: each row has its own. */
let databases = 0;

/** @param {import('../results.js').Run} run */
export async function get({ rounds, count, row }) {
  const [folder, remove] = temporaryFolder();
  await seed(`file:${folder}`, 'store', 1000);
  const figures = await compare(
    [
      { name: 'node:http', start: () => startFloor('http'), request: READ, count },
      { name: 'bare Koa', start: () => startFloor('koa'), request: READ, count },
      { name: 'Keybin', start: () => startKeybin({ KEYBIN_STORE_HOST: `file:${folder}` }), request: READ, count },
    ],
    rounds,
  );
  remove();
  row('GET value, embedded', figures, { of: 'Keybin', over: 'bare Koa', bar: 1.4 });
}

/** @param {import('../results.js').Run} run */
export async function post({ rounds, count, row }) {
  const [folder, remove] = temporaryFolder();
  await seed(`file:${folder}`, 'store', 1000);
  const load = { request: WRITE, connections: 64, count };
  const figures = await compare(
    [
      { name: 'bare Koa, same body', start: () => startFloor('koa-body', WRITTEN), ...load },
      { name: 'Keybin', start: () => startKeybin({ KEYBIN_STORE_HOST: `file:${folder}` }), ...load },
    ],
    rounds,
  );
  remove();
  row('POST value, durable, embedded, 64 connections', figures, {
    of: 'Keybin',
    over: 'bare Koa, same body',
    bar: 1.6,
  });
}

/** @param {import('../results.js').Run} run */
export async function getMongo(run) {
  const request = (/** @type {number} */ turn) => ({ path: pathOf(turn) });
  const floor = { name: 'Koa + two findOne', kind: 'koa-mongo' };
  await overMongo(run, 'GET value, MongoDB, 32 connections', { floor, request, connections: 32, bar: 0.3 });
  await overMongo(run, 'GET value, MongoDB, 1 connection', { floor, request, connections: 1, bar: 1.1 });
}

/** @param {import('../results.js').Run} run */
export async function postMongo(run) {
  const request = (/** @type {number} */ turn) => ({ ...WRITE, path: pathOf(turn) });
  const floor = { name: 'Koa + findOne + replaceOne', kind: 'koa-mongo-write' };
  await overMongo(run, 'POST value, MongoDB, 64 connections', { floor, request, connections: 64, bar: 0.5 });
}

/**
 * A row of Keybin over a floor, both on one MongoDB.
 * @param {import('../results.js').Run} run
 * @param {string} title
 * @param {{ floor: { name: string, kind: string }, request: (turn: number) => import('../client.js').Request,
 *   connections: number, bar: number }} options
 */
async function overMongo({ rounds, count, row, skip, mongo }, title, { floor, request, connections, bar }) {
  if (mongo === undefined) return skip(title, 'MONGODB_URI is not set');
  const database = `keybin_bench_${process.pid}_${databases++}`;
  await seed(mongo, database, ENTRIES);
  const less = Math.ceil(count / (connections === 1 ? 30 : 10));
  const load = { request: Array.from({ length: ENTRIES }, (_, i) => request(i)), connections, warm: less, count: less };
  const place = { KEYBIN_STORE_HOST: mongo, KEYBIN_STORE_DATABASE: database };
  const figures = await compare(
    [
      { name: floor.name, start: () => startFloor(floor.kind, { ...WRITTEN, BENCH_DATABASE: database }), ...load },
      { name: 'Keybin', start: () => startKeybin(place), ...load },
    ],
    rounds,
  );
  row(title, figures, { of: 'Keybin', over: floor.name, bar });
}

/** Some entry, in an order that nobody can guess from the one before. @param {number} turn */
function pathOf(turn) {
  return `/user/${TOKEN}/store/k${String((turn * 7919) % ENTRIES).padStart(7, '0')}`;
}
