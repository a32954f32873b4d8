/** Accounts with many entries, made without HTTP. */

import { type EntryDoc, entriesSpec } from '../../../src/core/collections.ts';
import { newId } from '../../../src/core/ids.ts';
import { newUser } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';

/** Entries that are stored together. */
const PORTION = 500;

/** Stores texts under the keys, or what `more` makes of an entry. */
export async function fill(
  { core }: TestServer,
  user_id: string,
  keys: readonly string[],
  more: (key: string, i: number) => Partial<EntryDoc> = () => ({}),
): Promise<void> {
  const now = new Date(core.clock.now());
  const docs = keys.map((key, i) => ({
    user_id,
    key,
    value: key,
    size: key.length,
    etag: newId(),
    created_at: now,
    updated_at: now,
    ...more(key, i),
  }));
  for (let at = 0; at < docs.length; at += PORTION) {
    await core.storage.commit(docs.slice(at, at + PORTION).map(put => ({ in: entriesSpec, put })));
  }
}

/** An account that has these keys, with a token that may do everything. */
export async function newFilled(server: TestServer, keys: readonly string[] = []) {
  const user = await newUser(server);
  await fill(server, user.account.user_id, keys);
  const get = (path: string, headers: Record<string, string> = {}) =>
    server.request('GET', path, undefined, { ...user.headers, ...headers });
  return { ...user, accountId: user.account.user_id, get };
}

/** Keys with numbers that are in order. */
export function numbered(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(5, '0')}`);
}

/** The lines of NDJSON. */
export function linesOf(text: string): { key?: string; prefix?: string; value?: string; value_base64?: string }[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line));
}
