/** Changing an entry that somebody has looked at: only while it is still the one that was seen. */

import { PreconditionFailedError } from '../../base/errors.ts';
import { checkKey } from '../../base/names.ts';
import type { EntryDoc } from '../collections.ts';
import type { Core } from '../context.ts';
import { changeEntry } from './change/change.ts';
import type { Moment } from './change/steps.ts';
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
  const content = { ...stored, ...more };
  const decide = (before: EntryDoc | undefined, { etag, now }: Moment) => {
    demandSeen(before, seen);
    const created_at = before?.created_at ?? now;
    return { fate: { content }, result: { user_id: accountId, key, ...content, etag, created_at, updated_at: now } };
  };
  return changeEntry(core, accountId, { key, decide });
}

/** Removes an entry if it is still the one that was seen. Throws `PreconditionFailedError`, `InvalidInputError`. */
export async function removeEntry(
  core: Core,
  accountId: string,
  given: string,
  seen: Exclude<Seen, 'absent'>,
): Promise<void> {
  checkKey(given);
  const key = core.plugins.filters('entries.delete') ? await filteredKey(core, accountId, given) : given;
  const decide = (before: EntryDoc | undefined) => {
    demandSeen(before, seen);
    return { fate: 'removed', result: undefined } as const;
  };
  await changeEntry(core, accountId, { key, decide });
}

function demandSeen(entry: EntryDoc | undefined, seen: Seen): void {
  const isSeen = seen === 'absent' ? entry === undefined : entry !== undefined && (entry.etag ?? '') === seen.etag;
  if (!isSeen) throw new PreconditionFailedError(entry?.etag);
}
