/** What tests of the changes need beside the API: tokens with scopes, and values that expire. */

import { type AccountDoc, type TokenDoc, tokensSpec } from '../../../src/core/collections.ts';
import { changeEntry } from '../../../src/core/entries/change/change.ts';
import { newId, sha256Hex } from '../../../src/core/ids.ts';
import type { TestServer } from '../../support/server.ts';

/** Headers with a new token of the account that may do so much, for so many milliseconds. */
export async function scoped(
  { core }: TestServer,
  { user_id }: AccountDoc,
  scopes: readonly string[],
  life = 30 * 86_400_000,
): Promise<Record<string, string>> {
  const token = `kb_${(newId() + newId()).replaceAll('-', '').slice(0, 43)}`;
  const now = core.clock.now();
  const doc: TokenDoc = {
    ...{ user_id, slot: `v:${newId()}`, hash: sha256Hex(token), scopes },
    ...{ created_at: new Date(now), expires_at: new Date(now + life) },
  };
  await core.storage.collection(tokensSpec).insert(doc);
  return { Authorization: `Bearer ${token}` };
}

/** Ends a token. */
export async function revoke({ core }: TestServer, { Authorization = '' }: Record<string, string>): Promise<void> {
  const tokens = core.storage.collection(tokensSpec);
  const token = await tokens.find('hash', [sha256Hex(Authorization.slice('Bearer '.length))]);
  await tokens.delete([token?.user_id ?? '', token?.slot ?? '']);
}

/** Stores a text under a key, for so many milliseconds. */
export async function store({ core }: TestServer, { user_id }: AccountDoc, key: string, value: string, life?: number) {
  await changeEntry(core, user_id, {
    key,
    decide: (_, { now }) => {
      const expiry = life === undefined ? {} : { expires_at: new Date(now.getTime() + life) };
      return { fate: { content: { value, size: value.length, ...expiry } }, result: undefined };
    },
  });
}

/** Takes it away again. */
export async function remove({ core }: TestServer, { user_id }: AccountDoc, key: string): Promise<void> {
  await changeEntry(core, user_id, { key, decide: () => ({ fate: 'removed', result: undefined }) });
}

/** A cursor of the present. */
export async function cursorOf(server: TestServer, headers: Record<string, string>): Promise<string> {
  const { json } = await server.request('GET', '/v2/changes', undefined, headers);
  return json.cursor;
}
