import { DuplicateKeyError, InvalidInputError, NotFoundError } from '../../base/errors.ts';
import { checkKeyPrefix, checkV2Key, isNarrowKey } from '../../base/names.ts';
import { inSlices } from '../../base/slices.ts';
import type { Collection, Page } from '../../storage/port.ts';
import { type EntryDoc, entriesSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { newId } from '../ids.ts';
import { tellPlugins } from '../plugins/tell.ts';
import { withRoom } from '../quotas/quotas.ts';
import { changeEntry } from './change/change.ts';
import { filteredEntry, filteredKey, type StorableEntry } from './filtered.ts';
import { storeValue } from './values.ts';

const MAX_PAGE = 1000;

/** Which keys to list. */
export interface KeyQuery {
  readonly prefix?: string;
  /** 1 to 1000. */
  readonly limit: number;
  /** The `next` of the page before. */
  readonly cursor?: string;
}

/**
 * The entry of a key; `valueAsJson` of `values.ts` gives its value as JSON text. Throws `NotFoundError` (code
 * `key_not_found`), `InvalidInputError`.
 */
export async function getEntry(core: Core, accountId: string, key: string): Promise<EntryDoc> {
  const entry = await findEntry(core, accountId, key);
  if (!entry) throw keyNotFound();
  return entry;
}

/** The entry of a key, if there is one. Throws `InvalidInputError`. */
export async function findEntry(core: Core, accountId: string, key: string): Promise<EntryDoc | undefined> {
  checkV2Key(key);
  return core.storage.collection(entriesSpec).get([accountId, key]);
}

/** The error for a key without an entry. */
export function keyNotFound(): NotFoundError {
  return new NotFoundError('there is no such key', { code: 'key_not_found' });
}

/** Stores any JSON value under the key. Throws `InvalidInputError`, `PayloadTooLargeError`, `QuotaExceededError`. */
export async function setEntry(core: Core, accountId: string, key: string, value: unknown): Promise<void> {
  checkV2Key(key);
  if (core.plugins.filters('entries.set'))
    return put(core, accountId, await filteredEntry(core, accountId, { key, value }));
  return put(core, accountId, { key, stored: await storeValue(value, core.settings.valueBytes) });
}

async function put(core: Core, accountId: string, { key, stored, more }: StorableEntry): Promise<void> {
  const entries = core.storage.collection(entriesSpec);
  const there = await entries.getEnded([accountId, key]);
  const now = new Date(core.clock.now());
  const before = there?.expires_at && there.expires_at <= now ? undefined : there;
  const growth = { bytes: stored.size - (before?.size ?? 0), keys: before ? 0 : 1 };
  const created_at = before?.created_at ?? now;
  const entry = { user_id: accountId, key, ...stored, ...more, etag: newId(), created_at, updated_at: now };
  // A content in the blob store is let go in the same commit, of what has expired too.
  const isPut =
    there?.blob === undefined && (await withRoom(core, accountId, growth, () => isStored(entries, entry, before)));
  if (!isPut) {
    const content = { ...stored, ...more };
    await changeEntry(core, accountId, { key, decide: () => ({ fate: { content }, result: undefined }) });
  } else if (core.plugins.acts('entries.set')) tellPlugins(core, 'entries.set', accountId, { key, size: stored.size });
}

/** Whether the entry was stored by one write: where there is none, or still one that is no content of the blob store. */
async function isStored(
  entries: Collection<EntryDoc>,
  entry: EntryDoc,
  before: EntryDoc | undefined,
): Promise<boolean> {
  if (before !== undefined) return entries.put(entry, { blob: undefined });
  try {
    await entries.insert(entry);
    return true;
  } catch (error) {
    if (error instanceof DuplicateKeyError) return false;
    throw error;
  }
}

/** Removes the entry; returns whether there was one. Throws `InvalidInputError`. */
export async function deleteEntry(core: Core, accountId: string, given: string): Promise<boolean> {
  checkV2Key(given);
  const key = core.plugins.filters('entries.delete') ? await filteredKey(core, accountId, given) : given;
  const decide = (before: EntryDoc | undefined) =>
    before === undefined ? ({ fate: 'kept', result: false } as const) : ({ fate: 'removed', result: true } as const);
  return changeEntry(core, accountId, { key, decide });
}

/**
 * A page of the account's keys that the original API can name, in byte order. Throws `InvalidInputError` (also code `limit_invalid`,
 * `cursor_invalid`).
 */
export async function listKeys(core: Core, accountId: string, query: KeyQuery): Promise<Page<string>> {
  const { prefix = '', limit, cursor } = query;
  checkKeyPrefix(prefix);
  demandPage(limit);
  const entries = core.storage.collection(entriesSpec);
  const range = {
    index: 'listing',
    prefix: [accountId],
    ...(prefix !== '' && { from: prefix, below: textAfter(prefix) }),
    covered: true,
  };
  const found: string[] = [];
  const slices = inSlices();
  let after = cursor;
  // Others are passed over a thousand at a time; where such a page has more than there is room for, it is read up to there again.
  for (let most = limit; ; most = MAX_PAGE) {
    const read = (limit: number) => entries.scan({ ...range, ...(after !== undefined && { cursor: after }), limit });
    let page = await read(most);
    for (let end: number; ; page = await read(end)) {
      end = endOf(page.items, limit - found.length);
      if (end === page.items.length) break;
    }
    for (const { key } of page.items) if (isNarrowKey(key)) found.push(key);
    after = page.next;
    if (after === undefined) return { items: found };
    if (found.length === limit) return { items: found, next: after };
    if (slices.over()) await slices.pause();
  }
}

/** Up to where a page has so many keys that the original API can name. */
function endOf(items: readonly EntryDoc[], wanted: number): number {
  let left = wanted;
  for (const [i, { key }] of items.entries()) if (isNarrowKey(key) && --left === 0) return i + 1;
  return items.length;
}

/** Throws `InvalidInputError` (code `limit_invalid`) unless a page may have so many keys. */
export function demandPage(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return;
  throw new InvalidInputError(`limit: expected an integer from 1 to ${MAX_PAGE}`, { code: 'limit_invalid' });
}

/** The first text behind all that begin with `prefix`; its characters are ASCII. */
export function textAfter(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}
