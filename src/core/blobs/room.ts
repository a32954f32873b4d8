/** Who refers to which content, and how many bytes that is: accounts and their scopes have room for so many. */

import { ConflictError, PayloadTooLargeError, StorageUnavailableError } from '../../base/errors.ts';
import type { Write } from '../../storage/port.ts';
import { accountNotFound } from '../accounts/accounts.ts';
import { accountsSpec, type BlobRefDoc, type BlobUsageDoc, blobRefsSpec, blobUsageSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { pagesOf } from '../pages.ts';

/** How often a reference is recorded again while others change the same account's. */
const RACES = 20;

/** Milliseconds after which whoever changed a sum is done, or dead. */
const SETTLED_MS = 3_600_000;

/** How the scopes of values begin, which count for the account as its keys do. */
const VALUES = 'kv/';

/** The owner's reference, if there is one. */
export function refOf(core: Core, { accountId, scope }: BlobOwner, sha256: string): Promise<BlobRefDoc | undefined> {
  return core.storage.collection(blobRefsSpec).get([accountId, scope, sha256]);
}

/** Room for a blob in one place: what takes it, and what gives it back. */
export interface Room {
  readonly take: Write<BlobUsageDoc>;
  readonly giveBack: Write<BlobUsageDoc>;
}

/** The scope and the account: what their references have by now, and may have. `name` tells them from those of others. */
export async function placesOf(core: Core, { accountId: user_id, scope }: BlobOwner, limits: BlobLimits) {
  const places = [
    { scope, max: limits.scope },
    { scope: '', max: limits.account },
  ];
  const keys = places.map(place => [user_id, place.scope]);
  const usages = await core.storage.collection(blobUsageSpec).getMany(keys);
  return places.map((place, i) => {
    const usage = usages[i];
    return { ...place, name: `${user_id}/${place.scope}`, usage, used: usage?.bytes ?? 0 };
  });
}

/** Room for so many bytes in the scope, and in the account. Throws `PayloadTooLargeError` (code `blob_quota_exceeded`): there is none. */
export async function roomFor(core: Core, owner: BlobOwner, size: number, limits: BlobLimits): Promise<Room[]> {
  const { accountId: user_id } = owner;
  const set = { changed_at: new Date(core.clock.now()) };
  return (await placesOf(core, owner, limits)).map(({ scope, max, usage, used }) => {
    if (used + size > max) throw new PayloadTooLargeError(max, { code: 'blob_quota_exceeded' }, 'quota');
    const known = { in: blobUsageSpec, update: [user_id, scope] };
    const take: Write<BlobUsageDoc> = usage
      ? { ...known, change: { set, add: { bytes: size, count: 1 }, bounds: { bytes: { max } } } }
      : { in: blobUsageSpec, insert: { user_id, scope, bytes: size, count: 1, ...set } };
    return { take, giveBack: { ...known, change: { set, add: { bytes: -size, count: -1 } } } };
  });
}

/**
 * Records the owner's reference, once, and takes the room for it. Throws `PayloadTooLargeError` (code `blob_quota_exceeded`),
 * `NotFoundError` (code `account_not_found`) when the account ended.
 */
export async function refer(
  core: Core,
  owner: BlobOwner,
  { sha256, size }: { sha256: string; size: number },
  limits: BlobLimits,
): Promise<void> {
  const { accountId: user_id, scope } = owner;
  for (let race = 0; race < RACES; race++) {
    if (await refOf(core, owner, sha256)) return;
    const account = await core.storage.collection(accountsSpec).get([user_id]);
    if (account === undefined || account.erasing_at) throw accountNotFound();
    const room = await roomFor(core, owner, size, limits);
    const record: Write[] = [
      { in: accountsSpec, require: [user_id], expect: { erasing_at: undefined } },
      { in: blobRefsSpec, insert: { user_id, scope, hash: sha256, size, created_at: new Date(core.clock.now()) } },
    ];
    try {
      if (core.storage.atomicCommit) await core.storage.commit([...record, ...room.map(({ take }) => take)]);
      else await inSteps(core, room, record);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new StorageUnavailableError('others keep changing what this account stores');
}

/**
 * Counts again what was not changed for an hour. Only where commits are not all or nothing can a sum be wrong: a process died
 * between taking room and recording a reference.
 */
export async function recountBlobs(core: Core): Promise<void> {
  if (core.storage.atomicCommit) return;
  const usages = core.storage.collection(blobUsageSpec);
  const settled = core.clock.now() - SETTLED_MS;
  for await (const page of pagesOf(after => usages.scan({ limit: 1000, ...after }))) {
    for (const { user_id, scope, bytes, count, changed_at } of page) {
      if (changed_at.getTime() > settled) continue;
      const sum = await sumOf(core, { accountId: user_id, scope });
      if (sum.bytes === bytes && sum.count === count) continue;
      await usages.update([user_id, scope], { set: sum }, { changed_at });
    }
  }
}

/** Where a commit may stop half way the room is taken first, and given back when it comes to no reference. */
async function inSteps({ storage }: Core, room: readonly Room[], record: readonly Write[]): Promise<void> {
  const taken: Room[] = [];
  try {
    for (const place of room) {
      await storage.commit([place.take]);
      taken.push(place);
    }
    await storage.commit(record);
  } catch (error) {
    for (const { giveBack } of taken) await storage.commit([giveBack]);
    throw error;
  }
}

/** What the references of a scope, or of all scopes of the account, come to. Values of keys have room of another kind. */
export async function sumOf(core: Core, { accountId, scope }: BlobOwner): Promise<{ bytes: number; count: number }> {
  const refs = core.storage.collection(blobRefsSpec);
  const prefix = scope === '' ? [accountId] : [accountId, scope];
  const sum = { bytes: 0, count: 0 };
  for await (const page of pagesOf(after => refs.scan({ prefix, limit: 1000, ...after }))) {
    for (const { size, scope: of } of page) {
      if (scope === '' && of.startsWith(VALUES)) continue;
      sum.bytes += size;
      sum.count++;
    }
  }
  return sum;
}

/** Whose content it is: an account, and within it a scope that is kept apart. Never the empty scope. */
export interface BlobOwner {
  readonly accountId: string;
  readonly scope: string;
}

/** Most bytes of one blob, of a scope's references, of an account's references. */
export interface BlobLimits {
  readonly blob: number;
  readonly scope: number;
  readonly account: number;
}
