/** How what becomes of entries is stored: in one commit, on the condition that they are still what was looked at. */

import { ConflictError } from '../../../base/errors.ts';
import type { Change, Write } from '../../../storage/port.ts';
import {
  accountsSpec,
  blobRefsSpec,
  type EntryDoc,
  entriesSpec,
  type TombstoneDoc,
  tombstonesSpec,
} from '../../collections.ts';
import type { Core } from '../../context.ts';
import { noteDeleted, withRoom } from '../../quotas/quotas.ts';
import { discard } from '../raw/discard.ts';

/** An entry as it was looked at, and as it is to be; undefined: there is none. */
export interface Transition {
  readonly key: string;
  readonly before: EntryDoc | undefined;
  readonly after: EntryDoc | undefined;
  /** What had expired there, and nobody has taken away yet. */
  readonly ended?: EntryDoc | undefined;
  /** Where it is to stay as it is, that has to be so. */
  readonly holds?: boolean | undefined;
}

/** Milliseconds for which it is known that a key had an entry: how far back the history of changes reaches. */
export const HISTORY_MS = 7 * 86_400_000;

/** Scope of the references to contents that are values. */
const BLOBS = 'kv';

/** What an entry may be without. */
const OPTIONAL = [
  'value',
  'blob',
  'encoding',
  'content_type',
  'content_encoding',
  'meta',
  'expires_at',
] as const satisfies readonly (keyof EntryDoc)[];

/**
 * Stores transitions of different keys, and whatever else belongs to them, all or nothing (where the engine can). Throws `ConflictError`
 * when an entry is not as it was looked at, or one of `also` does not fit: its `at` is then at least {@link writesFor}'s count.
 * Throws `QuotaExceededError`.
 */
export async function store(
  core: Core,
  accountId: string,
  transitions: readonly Transition[],
  also: readonly Write[] = [],
): Promise<void> {
  const changed = transitions.filter(({ before, after }) => before !== after);
  const growth = { bytes: 0, keys: 0 };
  for (const { before, after } of changed) {
    growth.bytes += (after?.size ?? 0) - (before?.size ?? 0);
    growth.keys += (after ? 1 : 0) - (before ? 1 : 0);
  }
  for (const write of also) growth.bytes += chargeOf(write);
  await withRoom(core, accountId, growth, () => write(core, [...writesOf(core, accountId, transitions), ...also]));
  const removed = changed.filter(({ before, after }) => before && !after).length;
  if (removed > 0) noteDeleted(core, accountId, removed);
  for (const { before, ended, after } of changed) {
    const was = before ?? ended;
    if (was?.blob !== undefined && was.blob !== after?.blob) discard(core, accountId, was.blob, was.size ?? 0);
  }
}

/** Bytes that something new counts for. */
function chargeOf(write: Write): number {
  const { charge } = write.in;
  const bytes = charge && 'insert' in write ? write.insert[charge.bytes] : 0;
  return typeof bytes === 'number' ? bytes : 0;
}

/** How many writes of its commit come before those of `also`. */
export function writesFor(core: Core, accountId: string, transitions: readonly Transition[]): number {
  return writesOf(core, accountId, transitions).length;
}

/** One write needs no commit, which costs more on some engines. */
async function write(core: Core, writes: readonly Write[]): Promise<void> {
  const [only] = writes;
  if (only === undefined) return;
  if (writes.length > 1) return core.storage.commit(writes);
  const collection = core.storage.collection(only.in);
  if ('insert' in only) return collection.insert(only.insert);
  if ('update' in only) {
    if (!(await collection.update(only.update, only.change, only.expect))) throw changedMeanwhile();
  } else if ('delete' in only) {
    if (!(await collection.delete(only.delete, only.expect))) throw changedMeanwhile();
  } else await core.storage.commit(writes);
}

function changedMeanwhile(): ConflictError {
  return new ConflictError('the entry has changed meanwhile');
}

function writesOf(core: Core, accountId: string, transitions: readonly Transition[]): Write[] {
  const changed = transitions.filter(({ before, after }) => before !== after);
  const writes = changed.flatMap(transition => [
    writeOf(transition, accountId),
    ...tombstonesOf(core, transition, accountId),
  ]);
  return [...writes, ...holdsOf(transitions, accountId), ...blobWritesOf(core, accountId, changed)];
}

function holdsOf(transitions: readonly Transition[], accountId: string): Write<EntryDoc>[] {
  const held = transitions.filter(({ before, after, holds }) => holds && before === after);
  return held.map(({ key, before }) => {
    const expect = before === undefined ? 'absent' : { etag: before.etag };
    return { in: entriesSpec, require: [accountId, key], expect };
  });
}

function writeOf({ key, before, after }: Transition, accountId: string): Write<EntryDoc> {
  const at = [accountId, key];
  if (after === undefined) return { in: entriesSpec, delete: at, expect: { etag: before?.etag } };
  if (before === undefined) return { in: entriesSpec, insert: after };
  return { in: entriesSpec, update: at, change: changeTo(after), expect: { etag: before.etag } };
}

function changeTo(after: EntryDoc): Change<EntryDoc> {
  const { user_id: _, key: __, ...set } = after;
  return { set, unset: OPTIONAL.filter(field => after[field] === undefined) };
}

/** What those who follow the changes are told of a deleted entry; nobody can where the engine has no history. */
function tombstonesOf(core: Core, { key, before, after }: Transition, accountId: string): Write<TombstoneDoc>[] {
  if (after !== undefined || before === undefined || !core.storage.atomicCommit) return [];
  return [{ in: tombstonesSpec, put: tombstone(accountId, key, 'delete', core.clock.now()) }];
}

/** That a key had an entry until `now` (milliseconds). */
export function tombstone(accountId: string, key: string, type: TombstoneDoc['type'], now: number): TombstoneDoc {
  const expires_at = new Date(now + HISTORY_MS);
  return { user_id: accountId, key, type, at: new Date(now), mark: 1, size: key.length, expires_at };
}

/** What takes the place of an entry that has expired. */
export function expiryWritesOf(core: Core, { user_id, key, blob, expires_at }: EntryDoc): Write[] {
  const now = core.clock.now();
  const mark = { ...tombstone(user_id, key, 'expire', now), at: expires_at ?? new Date(now) };
  const told: Write[] = core.storage.atomicCommit ? [{ in: tombstonesSpec, put: mark }] : [];
  return blob === undefined ? told : [...told, { in: blobRefsSpec, delete: [user_id, `${BLOBS}/${key}`, blob] }];
}

/** References to contents that come and go. A content is stored before, by whoever has it. */
function blobWritesOf(core: Core, accountId: string, transitions: readonly Transition[]): Write[] {
  const writes: Write[] = [];
  for (const { key, before, after, ended } of transitions) {
    const was = before ?? ended;
    // The reference of what had expired may be taken away at this moment.
    if (was?.blob === after?.blob && was === before) continue;
    if (was?.blob !== undefined && was.blob !== after?.blob)
      writes.push({ in: blobRefsSpec, delete: [accountId, `${BLOBS}/${key}`, was.blob] });
    if (after?.blob === undefined) continue;
    const { blob: hash, size = 0 } = after;
    const created_at = new Date(core.clock.now());
    writes.push(
      { in: accountsSpec, require: [accountId], expect: { erasing_at: undefined } },
      { in: blobRefsSpec, put: { user_id: accountId, scope: `${BLOBS}/${key}`, hash, size, created_at } },
    );
  }
  return writes;
}
