/** v2 over the floors: values, conditions, counters, batches, lists. */

import { compare } from '../measure.js';
import { seed, TOKEN } from '../seed.js';
import { startFloor, startKeybin, temporaryFolder } from '../servers.js';
import { compareTasks, fetched, keepAnswer } from '../task.js';

const HEADERS = { Authorization: `Bearer ${TOKEN}` };
const SMALL = 'x'.repeat(100);
const LARGE = 1_048_576;
const ENTRIES = 1000;
const COUNTED = 1000;

/** @param {import('../results.js').Run} run */
export async function v2({ rounds, count, row, task }) {
  const [folder, remove] = temporaryFolder();
  const place = { KEYBIN_STORE_HOST: `file:${folder}` };
  const start = () => startKeybin(place);
  await seed(place.KEYBIN_STORE_HOST, 'store', ENTRIES);
  const filling = await start();
  const put = (/** @type {string} */ key, /** @type {string | Uint8Array<ArrayBuffer>} */ body) =>
    fetched(`${filling.url}/v2/kv/${key}`, { method: 'PUT', headers: HEADERS, body });
  await put('small', SMALL);
  await put('large', new Uint8Array(LARGE).fill(1));
  const listing = '/v2/kv?prefix=k&limit=100&values=1';
  const listed = await fetched(filling.url + listing, { headers: HEADERS });
  await filling.stop();

  const readSmall = { path: '/v2/kv/small', headers: HEADERS };
  const small = { BENCH_ANSWER: SMALL };
  row(
    'v2: GET of 100 bytes, embedded',
    await compare(
      [
        { name: 'bare Koa', start: () => startFloor('koa', small), request: readSmall, count },
        { name: 'Keybin, original API', start, request: { path: `/user/${TOKEN}/store/greeting` }, count },
        { name: 'Keybin', start, request: readSmall, count },
      ],
      rounds,
    ),
  );

  const large = keepAnswer(folder, new Uint8Array(LARGE).fill(1));
  const readLarge = { path: '/v2/kv/large', headers: HEADERS };
  const few = { connections: 4, warm: 20, count: Math.ceil(count / 100) };
  row(
    'v2: GET of 1 MiB, embedded',
    await compare(
      [
        { name: 'bare Koa', start: () => startFloor('koa', large), request: readLarge, ...few },
        { name: 'Keybin', start, request: readLarge, ...few },
      ],
      rounds,
    ),
  );

  const written = { BENCH_ANSWER: '' };
  const keys = Array.from({ length: ENTRIES }, (_, i) => `k${String((i * 7919) % ENTRIES).padStart(7, '0')}`);
  const body = JSON.stringify({ value: SMALL });
  const replace = keys.map(key => ({
    method: 'PUT',
    path: `/v2/kv/${key}`,
    headers: { ...HEADERS, 'If-Match': '*' },
    body,
  }));
  const post = keys.map(key => ({ method: 'POST', path: `/user/${TOKEN}/store/${key}`, body }));
  const many = { connections: 64, count };
  row(
    'v2: PUT of 100 bytes with If-Match, durable, embedded, 64 connections',
    await compare(
      [
        { name: 'bare Koa, same body', start: () => startFloor('koa-body', written), request: replace, ...many },
        { name: 'Keybin, POST of the original API', start, request: post, ...many },
        { name: 'Keybin', start, request: replace, ...many },
      ],
      rounds,
    ),
  );

  const ops = keys.slice(0, 100).map(key => ({ op: 'put', key, value: SMALL }));
  const batch = { method: 'POST', path: '/v2/batch', headers: HEADERS, body: JSON.stringify({ ops }) };
  const some = { connections: 8, warm: 100, count: Math.ceil(count / 60) };
  row(
    'v2: batch of 100, durable, embedded, 8 connections',
    await compare(
      [
        { name: 'bare Koa, same body', start: () => startFloor('koa-body', written), request: batch, ...some },
        { name: 'Keybin', start, request: batch, ...some },
      ],
      rounds,
    ),
  );

  const list = { path: listing, headers: HEADERS };
  const lists = { connections: 8, warm: 200, count: Math.ceil(count / 15) };
  row(
    'v2: list of 100 with values, embedded',
    await compare(
      [
        {
          name: 'bare Koa, same bytes',
          start: () => startFloor('koa', keepAnswer(folder, listed)),
          request: list,
          ...lists,
        },
        { name: 'Keybin', start, request: list, ...lists },
      ],
      rounds,
    ),
  );

  const incr = { method: 'POST', headers: { ...HEADERS, 'Content-Type': 'application/json' }, body: '{"by":1}' };
  const countAll = (/** @type {string} */ url) =>
    Promise.all(Array.from({ length: COUNTED }, () => fetched(`${url}/v2/incr/counter`, incr)));
  task(
    'v2: 1,000 incr of one key at once, embedded',
    await compareTasks(
      [
        { name: 'bare Koa, same body', start: () => startFloor('koa-body', { BENCH_ANSWER: '{}' }), work: countAll },
        { name: 'Keybin', start, work: countAll },
      ],
      rounds,
    ),
  );

  remove();
}
