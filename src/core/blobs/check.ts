/** Whether references to contents, and the sums of them, are as they must be. */

import { createHash } from 'node:crypto';
import { blobRefsSpec, blobUsageSpec, entriesSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { pagesOf } from '../pages.ts';
import { sumOf } from './room.ts';

/** References and documents read at once. */
const PAGE = 500;

/** Something that is not as it must be. Accounts are named by their ids. */
export type BlobFault =
  | { readonly kind: 'content_gone' | 'content_size' | 'content_damaged'; readonly sha256: string }
  | { readonly kind: 'reference_gone'; readonly account: string; readonly sha256: string }
  | { readonly kind: 'usage'; readonly account: string; readonly scope: string };

/**
 * What is wrong with contents and their references; with `contents` each is read, and hashed. Nothing of it can be put right without
 * another copy of the content.
 */
export async function* checkReferences(
  core: Core,
  { contents }: { readonly contents: boolean },
): AsyncGenerator<BlobFault> {
  yield* checkContents(core, contents);
  const refs = core.storage.collection(blobRefsSpec);
  const entries = core.storage.collection(entriesSpec);
  for await (const page of pagesOf(after => entries.scan({ limit: PAGE, ...after }))) {
    for (const { user_id, key, blob } of page) {
      if (blob === undefined || (await refs.get([user_id, `kv/${key}`, blob]))) continue;
      // It may have been replaced meanwhile.
      const now = await entries.get([user_id, key]);
      if (now?.blob === blob) yield { kind: 'reference_gone', account: user_id, sha256: blob };
    }
  }
}

/** Looks at each content that is referred to, once. */
async function* checkContents(core: Core, all: boolean): AsyncGenerator<BlobFault> {
  const refs = core.storage.collection(blobRefsSpec);
  let before = '';
  const scan = { index: 'content', limit: PAGE };
  for await (const page of pagesOf(after => refs.scan({ ...scan, ...after }))) {
    for (const { hash: sha256, size } of page) {
      if (sha256 === before) continue;
      before = sha256;
      const found = await core.storage.blobs.stat(sha256);
      if (found === undefined) yield { kind: 'content_gone', sha256 };
      else if (found.size !== size) yield { kind: 'content_size', sha256 };
      else if (all && !(await isSound(core, sha256))) yield { kind: 'content_damaged', sha256 };
    }
  }
}

/** Sums that are not what the references come to; with `repair` they are put right. */
export async function* checkUsage(core: Core, repair: boolean): AsyncGenerator<BlobFault> {
  const usages = core.storage.collection(blobUsageSpec);
  for await (const page of pagesOf(after => usages.scan({ limit: PAGE, ...after }))) {
    for (const { user_id, scope, bytes, count, changed_at } of page) {
      const sum = await sumOf(core, { accountId: user_id, scope });
      if (sum.bytes === bytes && sum.count === count) continue;
      // Where others change it meanwhile it is theirs.
      const now = await usages.get([user_id, scope]);
      if (now?.changed_at.getTime() !== changed_at.getTime()) continue;
      if (repair) await usages.update([user_id, scope], { set: sum }, { changed_at });
      yield { kind: 'usage', account: user_id, scope };
    }
  }
}

async function isSound(core: Core, sha256: string): Promise<boolean> {
  const content = await core.storage.blobs.open(sha256);
  if (content === undefined) return false;
  const hash = createHash('sha256');
  for await (const piece of content) hash.update(piece);
  return hash.digest('hex') === sha256;
}
