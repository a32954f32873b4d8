/** Changing an entry that somebody has looked at: only while it is still the one that was seen. */

import { DuplicateKeyError, PreconditionFailedError } from '../../base/errors.ts';
import { checkKey } from '../../base/names.ts';
import { type EntryDoc, entriesSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { newId } from '../ids.ts';
import { tellPlugins } from '../plugins/tell.ts';
import { noteDeleted, withRoom } from '../quotas/quotas.ts';
import { filteredEntry, filteredKey, type StorableEntry, storable } from './filtered.ts';

/** What an entry is to hold. */
export interface NewValue {
  /** Any JSON value, a text among them, or bytes. */
  readonly value: unknown;
  /** Absent: none is kept. */
  readonly contentType?: string | undefined;
  /** From then on the entry does not exist; absent: it stays. */
  readonly expiresAt?: Date | undefined;
}

/** The entry that has to be there: its etag, '' for one without, `absent` for none. */
export type Seen = { readonly etag: string } | 'absent';

/** The entry as a condition of a later change. */
export function seenOf(entry: Pick<EntryDoc, 'etag'> | undefined): Seen {
  return entry === undefined ? 'absent' : { etag: entry.etag ?? '' };
}

/**
 * Stores a value if the entry is still as it was seen; returns the entry. Throws `PreconditionFailedError` (with the etag of what
 * is there), `InvalidInputError`, `PayloadTooLargeError`, `QuotaExceededError`.
 */
export async function writeEntry(
  core: Core,
  accountId: string,
  key: string,
  given: NewValue,
  seen: Seen,
): Promise<EntryDoc> {
  checkKey(key);
  if (core.plugins.filters('entries.set')) {
    const ttl = given.expiresAt && Math.max(1, Math.ceil((given.expiresAt.getTime() - core.clock.now()) / 1000));
    const wanted = { key, value: given.value, content_type: given.contentType, ttl };
    return replaceSeen(core, accountId, await filteredEntry(core, accountId, wanted), seen);
  }
  const more = {
    ...(given.contentType !== undefined && { content_type: given.contentType }),
    ...(given.expiresAt !== undefined && { expires_at: given.expiresAt }),
  };
  return replaceSeen(core, accountId, { key, stored: await storable(core, given.value), more }, seen);
}

async function replaceSeen(
  core: Core,
  accountId: string,
  { key, stored, more }: StorableEntry,
  seen: Seen,
): Promise<EntryDoc> {
  const entries = core.storage.collection(entriesSpec);
  const before = await entries.get([accountId, key]);
  if ((before === undefined) !== (seen === 'absent')) throw new PreconditionFailedError(before?.etag);
  const now = new Date(core.clock.now());
  const entry: EntryDoc = {
    user_id: accountId,
    key,
    ...stored,
    ...more,
    etag: newId(),
    created_at: before?.created_at ?? now,
    updated_at: now,
  };
  const growth = { bytes: stored.size - (before?.size ?? 0), keys: before ? 0 : 1 };
  const write = () => (seen === 'absent' ? insert(core, entry) : replace(core, entry, seen));
  if (await withRoom(core, accountId, growth, write)) {
    if (core.plugins.acts('entries.set')) tellPlugins(core, 'entries.set', accountId, { key, size: stored.size });
    return entry;
  }
  throw new PreconditionFailedError((await entries.get([accountId, key]))?.etag);
}

/** Removes an entry if it is still the one that was seen. Throws `PreconditionFailedError`, `InvalidInputError`. */
export async function removeEntry(
  core: Core,
  accountId: string,
  given: string,
  { etag }: Exclude<Seen, 'absent'>,
): Promise<void> {
  checkKey(given);
  const key = core.plugins.filters('entries.delete') ? await filteredKey(core, accountId, given) : given;
  const entries = core.storage.collection(entriesSpec);
  if (await entries.delete([accountId, key], { etag: etag || undefined })) {
    noteDeleted(core, accountId, 1);
    if (core.plugins.acts('entries.deleted')) tellPlugins(core, 'entries.deleted', accountId, { key });
    return;
  }
  throw new PreconditionFailedError((await entries.get([accountId, key]))?.etag);
}

async function insert(core: Core, entry: EntryDoc): Promise<boolean> {
  try {
    await core.storage.collection(entriesSpec).insert(entry);
    return true;
  } catch (error) {
    if (error instanceof DuplicateKeyError) return false;
    throw error;
  }
}

async function replace(core: Core, entry: EntryDoc, { etag }: Exclude<Seen, 'absent'>): Promise<boolean> {
  const { user_id, key, created_at: _, ...set } = entry;
  const unset = (['encoding', 'content_type', 'expires_at'] as const).filter(field => entry[field] === undefined);
  const change = { set, unset };
  const changed = await core.storage
    .collection(entriesSpec)
    .update([user_id, key], change, { etag: etag || undefined });
  return changed !== undefined;
}
