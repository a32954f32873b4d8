import type { BlobOwner } from '../../src/core/blobs/room.ts';
import { blobUsageSpec } from '../../src/core/collections.ts';
import type { Core } from '../../src/core/context.ts';

/** Bytes and number of an owner's references; of all of the account's where `scope` is empty. */
export async function blobUsage(
  core: Core,
  { accountId, scope }: BlobOwner,
): Promise<{ bytes: number; count: number }> {
  const usage = await core.storage.collection(blobUsageSpec).get([accountId, scope]);
  return { bytes: usage?.bytes ?? 0, count: usage?.count ?? 0 };
}
