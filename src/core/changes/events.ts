/** What is told of an entry (v2.md, section 4). */

import type { Telling } from '../../storage/port.ts';
import type { Scopes } from '../access/scopes.ts';
import { type EntryDoc, entriesSpec, type TombstoneDoc } from '../collections.ts';

/** A change of an entry. */
export interface ChangeEvent {
  readonly type: 'put' | 'delete' | 'expire';
  readonly key: string;
  /** JSON text of the event. */
  readonly json: string;
  /** Just behind it. */
  readonly position: string;
}

/** The event of what the storage tells. */
export function eventOf({ name, doc, position }: Telling): ChangeEvent {
  if (name !== entriesSpec.name) {
    const { type, key, at }: TombstoneDoc = doc;
    return { type, key, json: JSON.stringify({ type, key, etag: null, at }), position };
  }
  const { key, etag, updated_at }: EntryDoc = doc;
  const told = { type: 'put', key, etag: etag === undefined ? null : `"${etag}"`, at: updated_at ?? null } as const;
  return { type: told.type, key, json: JSON.stringify(told), position };
}

/** Whether somebody is to be told: who may read the key, and asked for those that begin so. */
export function isFor({ scopes, prefix }: { readonly scopes: Scopes; readonly prefix: string }, key: string): boolean {
  return key.startsWith(prefix) && scopes.mayRead(key);
}
