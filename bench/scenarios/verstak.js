/** A vault with a long log: a push into it, a page out of it; and a large blob, up and down. */

import { randomBytes, randomUUID } from 'node:crypto';
import { collections } from '../../dist/app.js';
import { systemClock } from '../../dist/base/clock.js';
import { accountsSpec } from '../../dist/core/collections.js';
import { sha256Hex, sha256Short } from '../../dist/core/ids.js';
import { openStorage } from '../../dist/storage/open.js';
import { compare } from '../measure.js';
import { startFloor, startKeybin, temporaryFolder } from '../servers.js';
import { compareTasks, fetched, keepAnswer } from '../task.js';

const LOG = 1_000_000;
const AT_ONCE = 1000;
const PUSHED = 100;
const PUSHES = 20;
const PIECE = 1_048_576;
const PIECES = 50;
const TOKEN = 'b'.repeat(64);
const ACCOUNT = 'be92e58f-bc0d-4c93-8946-bb2ae0d7a51a';
const VAULT = 'bench';
const headers = { Authorization: `Bearer ${TOKEN}` };
const PULL = { method: 'POST', path: '/api/v1/sync/pull', headers, body: '{"since_sequence":500000}' };

/** @param {import('../results.js').Run} run */
export async function verstak({ rounds, count, row, task, log }) {
  const [folder, remove] = temporaryFolder();
  // Room for all that is pushed.
  const place = { KEYBIN_STORE_HOST: `file:${folder}`, KEYBIN_LIMITS_ACCOUNT_KEYS: String(10 * LOG) };
  log(`storing ${LOG.toLocaleString('en')} operations`);
  await seed(place.KEYBIN_STORE_HOST);
  const seeding = await startKeybin(place);
  const page = await fetched(seeding.url + PULL.path, PULL);
  await seeding.stop();
  const answer = keepAnswer(folder, page);
  const load = { request: PULL, count: Math.ceil(count / 10), warm: Math.ceil(count / 10) };
  row(
    'Verstak: pull of 100 operations out of 1,000,000, embedded',
    await compare(
      [
        { name: 'bare Koa, same bytes', start: () => startFloor('koa-body', answer), ...load },
        { name: 'Keybin', start: () => startKeybin(place), ...load },
      ],
      rounds,
    ),
    { of: 'Keybin', over: 'bare Koa, same bytes', bar: 4 },
  );

  /** @param {string} url */
  const push = async url => {
    for (let i = 0; i < PUSHES; i++) {
      await fetched(`${url}/api/v1/sync/push`, { method: 'POST', headers, body: operations() });
    }
  };
  task(
    `Verstak: ${PUSHES} pushes of 100 operations each into 1,000,000, embedded`,
    await compareTasks(
      [
        { name: 'bare Koa, same body', start: () => startFloor('koa-body'), work: push },
        { name: 'Keybin', start: () => startKeybin(place), work: push },
      ],
      rounds,
    ),
    { cpu: 6, each: PUSHES, stall: 100 },
  );

  const blob = Buffer.concat(Array.from({ length: PIECES }, () => randomBytes(PIECE)));
  /** @param {string} url */
  const upload = url => fetched(`${url}/api/v1/blobs/`, { method: 'POST', headers, body: formOf(blob) });
  /** @param {string} url */
  const download = url => fetched(`${url}/api/v1/blobs/${sha256Hex(blob)}`, { headers });
  task(
    'Verstak: upload of a blob of 50 MB, embedded',
    await compareTasks(
      [
        { name: 'bare Koa, hashed and flushed to a file', start: () => startFloor('koa-file'), work: upload },
        { name: 'Keybin', start: () => startKeybin(place), work: upload },
      ],
      rounds,
    ),
  );
  task(
    'Verstak: download of a blob of 50 MB, embedded',
    await compareTasks(
      [
        {
          name: 'bare Koa, from a file',
          start: () => startFloor('koa-stream', keepAnswer(folder, blob)),
          work: download,
        },
        { name: 'Keybin', start: () => startKeybin(place), work: download },
      ],
      rounds,
    ),
  );
  remove();
}

/**
 * An account with one device, and the log of its vault.
 * @param {string} host as `[STORE] host`
 */
async function seed(host) {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const storage = await openStorage({ host, database: 'store', names: {}, specs: collections }, systemClock, silent);
  await storage.ready;
  /** @param {string} name */
  const collection = name => {
    const spec = collections.find(one => one.name === name);
    if (spec === undefined) throw new Error(`there is no collection ${name}`);
    return storage.collection(spec);
  };
  const now = new Date();
  const owner = { user_id: ACCOUNT, vault: VAULT };
  await storage.collection(accountsSpec).put({ user_id: ACCOUNT, username: 'bench', created_at: now });
  await collection('verstak_devices').put({
    ...owner,
    device_id: 'dev_bench',
    hash: sha256Hex(TOKEN),
    token_hint: 'bench',
    name: 'bench',
    client_version: '',
    address: '',
    created_at: now,
    last_seen: now,
  });
  const log = collection('verstak_operations');
  for (let from = 0; from < LOG; from += AT_ONCE) {
    const inserts = Array.from({ length: AT_ONCE }, (_, i) =>
      log.insert({
        ...stored(newOperation(from + i), from + i + 1),
        ...owner,
        batch: 'bench',
        received_at: now,
      }),
    );
    await Promise.all(inserts);
  }
  await collection('verstak_vaults').put({ ...owner, created_at: now, operations: LOG, last_activity: now });
  await storage.close();
}

/** @param {number} n */
function newOperation(n) {
  return {
    op_id: randomUUID(),
    entity_type: 'note',
    entity_id: `Docs/${n % 10_000}.md`,
    op_type: 'update',
    payload_json: JSON.stringify({
      title: `note ${n}`,
      text: 'something to remember about it, in a line or two of text',
    }),
    client_sequence: n,
    last_seen_server_seq: LOG,
    created_at: '2026-01-02T03:04:05Z',
  };
}

/**
 * An operation as it lies in the log.
 * @param {ReturnType<typeof newOperation>} operation
 * @param {number} sequence
 */
function stored({ client_sequence, last_seen_server_seq, ...texts }, sequence) {
  const { op_id, op_type, entity_type, entity_id } = texts;
  const device_id = 'dev_other';
  return {
    json: JSON.stringify({ server_sequence: sequence, device_id, ...texts }),
    sequence,
    op_hash: sha256Short(op_id),
    entity: sha256Short(JSON.stringify([entity_type, entity_id])),
    device_id,
    op_id,
    op_type,
    client_sequence,
    last_seen_server_seq,
  };
}

/** A body with operations nobody has yet. */
function operations() {
  return JSON.stringify({ ops: Array.from({ length: PUSHED }, (_, i) => newOperation(i)) });
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
function formOf(bytes) {
  const form = new FormData();
  form.set('file', new Blob([bytes]), 'blob.bin');
  return form;
}
