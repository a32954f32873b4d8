/** Fills a store without HTTP: one account with a token and any number of entries. */

import { collections } from '../dist/app.js';
import { systemClock } from '../dist/base/clock.js';
import { accountsSpec, entriesSpec, sessionsSpec, tokensSpec } from '../dist/core/collections.js';
import { sha256Hex } from '../dist/core/ids.js';
import { openStorage } from '../dist/storage/open.js';

export const TOKEN = '6b1f6f5e-0d5c-4c37-9d8e-0f4c4a0f3a11';
const ACCOUNT = 'be92e58f-bc0d-4c93-8946-bb2ae0d7a51a';
const YEAR = 365 * 24 * 3_600_000;
const AT_ONCE = 1000;

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * @param {string} host as `[STORE] host`
 * @param {string} database
 * @param {number} count entries `k0000000`, `k0000001`, …, and one `greeting` with the value `hello`
 */
export async function seed(host, database, count) {
  const storage = await openStorage({ host, database, names: {}, specs: collections }, systemClock, silent);
  await storage.ready;
  const now = new Date();
  const expires_at = new Date(now.getTime() + YEAR);
  await storage.collection(accountsSpec).put({ user_id: ACCOUNT, username: 'bench', created_at: now });
  await storage
    .collection(tokensSpec)
    .put({ user_id: ACCOUNT, slot: 'c:bench', hash: sha256Hex(TOKEN), created_at: now, expires_at });
  /** @param {string} key */
  const entry = key => ({
    in: entriesSpec,
    insert: { user_id: ACCOUNT, key, value: 'hello', etag: TOKEN, size: 5, created_at: now, updated_at: now },
  });
  await storage.commit([entry('greeting')]);
  for (let from = 0; from < count; from += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => from + i);
    await storage.commit(numbers.map(n => entry(`k${String(n).padStart(7, '0')}`)));
  }
  await storage.close();
}

/**
 * Signs the seeded account in, as at a browser.
 * @param {string} host
 * @param {string} database
 * @returns {Promise<string>} the token of the session
 */
export async function seedSession(host, database) {
  const storage = await openStorage({ host, database, names: {}, specs: collections }, systemClock, silent);
  await storage.ready;
  const token = sha256Hex(TOKEN);
  const now = new Date();
  const expires_at = new Date(now.getTime() + YEAR);
  const session = {
    user_id: ACCOUNT,
    hash: sha256Hex(token),
    csrf_hash: sha256Hex(token),
    created_at: now,
    expires_at,
  };
  await storage.collection(sessionsSpec).put({ ...session, scope: 'user' });
  await storage.close();
  return token;
}
