/** Blobs of accounts: who may read which content, how much of it they keep, and when a content goes. */

import { ContentDamagedError, NotFoundError } from '../../base/errors.ts';
import { type BlobRefDoc, blobRefsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { pagesOf } from '../pages.ts';
import { arrive } from './arrivals.ts';
import type { BlobLimits, BlobOwner } from './room.ts';
import { placesOf, recountBlobs, refer, refOf, roomFor } from './room.ts';

/** Milliseconds a content that nobody refers to is kept: its upload may just have ended. */
const UNREFERENCED_MS = 24 * 3_600_000;

/**
 * Stores a content and records that the owner may read it; once more is the same reference. Throws, as it is, what `content`
 * throws, `PayloadTooLargeError` (also code `blob_quota_exceeded`), `RateLimitedError`, `NotFoundError` (code `account_not_found`) when the account ended
 * meanwhile. Then there is no reference, and no content either; but where the account ended, or another process took the last
 * room, just before the reference was to be recorded, the content is left for `sweepBlobs`.
 */
export async function storeBlob(
  core: Core,
  owner: BlobOwner,
  content: AsyncIterable<Uint8Array>,
  limits: BlobLimits,
): Promise<{ sha256: string; size: number }> {
  let end = () => {};
  const ended = new Promise<void>(resolve => {
    end = resolve;
  });
  const arrival = arrive(core.arrivals, owner.accountId, await placesOf(core, owner, limits));
  try {
    const stored = await core.storage.blobs.put(arrival.count(content, limits.blob), limits.blob, {
      accept: async ({ sha256, size }) => {
        await turnOf(core, owner, ended);
        if (!(await refOf(core, owner, sha256))) await roomFor(core, owner, size, limits);
      },
    });
    await refer(core, owner, stored, limits);
    return stored;
  } finally {
    end();
    arrival.end();
  }
}

/** The owner's reference. Throws `NotFoundError` (code `blob_not_found`): there is none, whoever else may have one. */
export async function blobOf(core: Core, owner: BlobOwner, sha256: string): Promise<BlobRefDoc> {
  const ref = await refOf(core, owner, sha256);
  if (!ref) throw blobNotFound();
  return ref;
}

/**
 * The content of a reference, from `start` to `end` (bytes, both inclusive). Throws `NotFoundError` (code `blob_not_found`) when
 * it is gone, `ContentDamagedError` when it has another size.
 */
export async function readBlob(
  core: Core,
  { hash, size }: BlobRefDoc,
  range?: { start: number; end: number },
): Promise<AsyncIterable<Uint8Array>> {
  await demandWhole(core, { hash, size });
  const content = await core.storage.blobs.open(hash, range);
  if (!content) throw blobNotFound();
  return content;
}

/** Throws as `readBlob`. */
export async function demandWhole(core: Core, { hash, size }: Pick<BlobRefDoc, 'hash' | 'size'>): Promise<void> {
  const found = await core.storage.blobs.stat(hash);
  if (!found) throw blobNotFound();
  if (found.size !== size) {
    throw new ContentDamagedError(`the stored content ${hash} has ${found.size} bytes instead of ${size}`);
  }
}

/**
 * Removes contents that nobody has referred to or stored for 24 hours, and what uploads that died have left, and counts again
 * what a crash left miscounted. May run anywhere, any time. Returns how much is left.
 */
export async function sweepBlobs(core: Core): Promise<{ blobs: number; bytes: number }> {
  const { blobs } = core.storage;
  const before = new Date(core.clock.now() - UNREFERENCED_MS);
  const left = { blobs: 0, bytes: 0 };
  for await (const page of pagesOf(({ cursor }) => blobs.list(cursor))) {
    left.blobs += page.length;
    for (const { size } of page) left.bytes += size;
    const old = page.filter(({ at }) => at < before);
    const hashes = old.map(({ sha256 }) => sha256);
    const referenced = await referencedOf(core, hashes);
    for (const { sha256, size } of old) {
      if (referenced.has(sha256) || !(await blobs.delete(sha256, before))) continue;
      left.blobs--;
      left.bytes -= size;
    }
  }
  await recountBlobs(core);
  await blobs.sweep();
  return left;
}

/** Those of the contents that somebody refers to. They are in order, as references are: one range holds all of theirs. */
async function referencedOf(core: Core, hashes: readonly string[]): Promise<ReadonlySet<string>> {
  const referenced = new Set<string>();
  const [first, last] = [hashes[0], hashes.at(-1)];
  if (first === undefined || last === undefined) return referenced;
  const range = { index: 'content', from: first, below: `${last}~`, covered: true, limit: 1000 };
  const refs = core.storage.collection(blobRefsSpec);
  for await (const page of pagesOf(after => refs.scan({ ...range, ...after }))) {
    for (const { hash } of page) referenced.add(hash);
  }
  return referenced;
}

/**
 * Resolves when it is the owner's turn, which lasts until `end` is settled: from the look at the room to the reference that takes
 * it nobody of this process comes between. Those of other processes meet only in the commit.
 */
function turnOf({ turns }: Core, { accountId }: BlobOwner, end: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    turns
      .take(`blobs ${accountId}`, () => {
        resolve();
        return end;
      })
      .catch(reject);
  });
}

function blobNotFound(): NotFoundError {
  return new NotFoundError('there is no such blob', { code: 'blob_not_found' });
}
