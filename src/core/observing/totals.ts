/** How much is stored on the whole, in numbers that cost the same however much it is. */

import { accountsSpec, accountUsageSpec, entriesSpec, housekeepingSpec, mailsSpec } from '../collections.ts';
import type { Core } from '../context.ts';

const ID = 'totals';

/** Of a whole server. */
export interface Totals {
  /** About: what has expired and is not removed yet may be among them. */
  readonly accounts: number;
  readonly entries: number;
  readonly mails: number;
  readonly databaseBytes: number;
  /** What only a walk over all of it finds; as of the last housekeeping. */
  readonly counted: { readonly blobs: number; readonly blobBytes: number; readonly accountBytes: number } | undefined;
}

/** Not of one moment. Throws `StorageUnavailableError`. */
export async function totalsOf({ storage }: Core): Promise<Totals> {
  const [accounts, entries, mails, databaseBytes, counted] = await Promise.all([
    storage.collection(accountsSpec).estimate(),
    storage.collection(entriesSpec).estimate(),
    storage.collection(mailsSpec).estimate(),
    storage.size(),
    storage.collection(housekeepingSpec).get([ID]),
  ]);
  const { blobs = 0, blob_bytes = 0, account_bytes = 0 } = counted ?? {};
  return {
    ...{ accounts, entries, mails, databaseBytes },
    counted: counted && { blobs, blobBytes: blob_bytes, accountBytes: account_bytes },
  };
}

/** Counts what accounts store and remembers that with what `contents` says of blobs: for housekeeping. Throws `StorageUnavailableError`. */
export async function noteTotals(core: Core, contents: { blobs: number; bytes: number }): Promise<void> {
  const { sums } = await core.storage.collection(accountUsageSpec).sum({}, ['bytes']);
  await core.storage.collection(housekeepingSpec).put({
    id: ID,
    at: new Date(core.clock.now()),
    blobs: contents.blobs,
    blob_bytes: contents.bytes,
    account_bytes: sums[0] ?? 0,
  });
}
