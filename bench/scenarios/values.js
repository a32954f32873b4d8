/** One value read and written, over the floors. */

import { compare } from '../measure.js';
import { seed, TOKEN } from '../seed.js';
import { startFloor, startKeybin, temporaryFolder } from '../servers.js';

const PATH = `/user/${TOKEN}/store/greeting`;
const READ = { path: PATH };
const WRITE = { method: 'POST', path: PATH, body: JSON.stringify({ value: 'x'.repeat(100) }) };

/** @param {import('../results.js').Run} run */
export async function readEmbedded({ rounds, count, row }) {
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
  row('GET value, embedded', figures, { of: 'Keybin', over: 'bare Koa', bar: 1.5 });
}

/** @param {import('../results.js').Run} run */
export async function writeEmbedded({ rounds, count, row }) {
  const [folder, remove] = temporaryFolder();
  await seed(`file:${folder}`, 'store', 1000);
  const answer = { BENCH_ANSWER: '{"result":"ok"}' };
  const load = { request: WRITE, connections: 64, count };
  const figures = await compare(
    [
      { name: 'bare Koa, same body', start: () => startFloor('koa-body', answer), ...load },
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
export async function readMongo({ rounds, count, row, skip, mongo }) {
  if (mongo === undefined) return skip('GET value, MongoDB', 'MONGODB_URI is not set');
  const database = `keybin_bench_${process.pid}`;
  await seed(mongo, database, 10);
  const less = Math.ceil(count / 10);
  const load = { request: READ, connections: 8, warm: less, count: less };
  const figures = await compare(
    [
      { name: 'Koa + two findOne', start: () => startFloor('koa-mongo', { BENCH_DATABASE: database }), ...load },
      {
        name: 'Keybin',
        start: () => startKeybin({ KEYBIN_STORE_HOST: mongo, KEYBIN_STORE_DATABASE: database }),
        ...load,
      },
    ],
    rounds,
  );
  row('GET value, MongoDB', figures, { of: 'Keybin', over: 'Koa + two findOne', bar: 1.3 });
}

/** @param {import('../results.js').Run} run */
export async function writeMongo({ rounds, count, row, skip, mongo }) {
  if (mongo === undefined) return skip('POST value, MongoDB', 'MONGODB_URI is not set');
  const database = `keybin_bench_${process.pid}`;
  await seed(mongo, database, 10);
  const less = Math.ceil(count / 20);
  const load = { request: WRITE, connections: 8, warm: less, count: less };
  const start = () => startKeybin({ KEYBIN_STORE_HOST: mongo, KEYBIN_STORE_DATABASE: database });
  row('POST value, MongoDB', await compare([{ name: 'Keybin', start, ...load }], rounds));
}
