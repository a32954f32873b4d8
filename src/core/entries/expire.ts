/** What becomes of values whose time is over: those who follow are told. */

import { inSlices } from '../../base/slices.ts';
import type { Write } from '../../storage/port.ts';
import { type EntryDoc, entriesSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { noteDeleted } from '../quotas/quotas.ts';
import { expiryWritesOf } from './change/commit.ts';
import { discard } from './raw/discard.ts';

/** Values that are taken away in one commit. */
const AT_ONCE = 100;

/**
 * Puts tombstones in the place of values that have expired. To be called by every process twice a minute: whoever comes first does it, and
 * where nothing has expired it is one look. Throws `StorageUnavailableError`.
 */
export async function retireExpired(core: Core, stopping?: AbortSignal): Promise<void> {
  const entries = core.storage.collection(entriesSpec);
  const accounts = new Set<string>();
  const successors = (entry: EntryDoc): Write[] => {
    accounts.add(entry.user_id);
    if (entry.blob !== undefined) discard(core, entry.user_id, entry.blob, entry.size ?? 0);
    return expiryWritesOf(core, entry);
  };
  const slices = inSlices();
  while (!stopping?.aborted && (await entries.retire(AT_ONCE, successors)) > 0) {
    if (slices.over()) await slices.pause();
  }
  for (const accountId of accounts) noteDeleted(core, accountId);
}
