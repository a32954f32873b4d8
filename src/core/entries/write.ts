/** Changing an entry that somebody has looked at: only while it is still the one that was seen. */

import { PreconditionFailedError } from '../../base/errors.ts';
import { checkV2Key } from '../../base/names.ts';
import type { EntryDoc } from '../collections.ts';
import type { Core } from '../context.ts';
import { changeEntry } from './change/change.ts';
import type { Content, Moment } from './change/steps.ts';
import { filteredEntry, filteredKey, storable } from './filtered.ts';

/** For a value that stays as it is: one that is too long to be read for that. */
export const KEPT = Symbol('the value that is there');

/** What an entry is to hold. */
export interface NewValue {
  /** Any JSON value, a text among them, bytes, or {@link KEPT}. */
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
  checkV2Key(key);
  const more = {
    ...(given.contentType !== undefined && { content_type: given.contentType }),
    ...(given.expiresAt !== undefined && { expires_at: given.expiresAt }),
  };
  if (given.value === KEPT) {
    return replaceSeen(core, accountId, key, before => ({ ...storedIn(before), ...more }), seen);
  }
  if (core.plugins.filters('entries.set')) {
    const ttl = given.expiresAt && Math.max(1, Math.ceil((given.expiresAt.getTime() - core.clock.now()) / 1000));
    const wanted = { key, value: given.value, content_type: given.contentType, ttl };
    const filtered = await filteredEntry(core, accountId, wanted);
    const content = { ...filtered.stored, ...filtered.more };
    return replaceSeen(core, accountId, filtered.key, () => content, seen);
  }
  const content = { ...(await storable(core, given.value)), ...more };
  return replaceSeen(core, accountId, key, () => content, seen);
}

/** What an entry holds, as it is. */
function storedIn({ value, blob, encoding, content_encoding, meta, size = 0 }: EntryDoc): Content {
  return {
    size,
    ...(value !== undefined && { value }),
    ...(blob !== undefined && { blob }),
    ...(encoding !== undefined && { encoding }),
    ...(content_encoding !== undefined && { content_encoding }),
    ...(meta !== undefined && { meta }),
  };
}

async function replaceSeen(
  core: Core,
  accountId: string,
  key: string,
  contentFor: (before: EntryDoc) => Content,
  seen: Seen,
): Promise<EntryDoc> {
  const decide = (before: EntryDoc | undefined, { etag, now }: Moment) => {
    demandSeen(before, seen);
    const content = contentFor(before ?? { user_id: accountId, key, value: '' });
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
  checkV2Key(given);
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
