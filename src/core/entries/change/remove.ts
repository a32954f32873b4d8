/** Deleting all entries whose keys begin with the same. */

import { ConflictError, ServerBusyError } from '../../../base/errors.ts';
import { inSlices } from '../../../base/slices.ts';
import { type EntryDoc, entriesSpec } from '../../collections.ts';
import type { Core } from '../../context.ts';
import { rangeOf } from '../children.ts';
import { deleteEntry } from '../entries.ts';
import { tell } from './change.ts';
import { store } from './commit.ts';

/** Entries that are deleted in one commit, and bytes of those that are no contents of the blob store: what is deleted is read. */
const PORTION = { entries: 200, bytes: 2_097_152 };

/**
 * Deletes the entries of an account whose keys begin with `prefix`, in commits of some hundred; returns how many. What is written meanwhile
 * may stay. Filters of plugins are asked for each key, and the first that refuses ends it. Whatever ends it, what was deleted
 * until then is, and the same again does the rest. Throws `ServerBusyError` when `gone` says that nobody waits for it any more,
 * `StorageUnavailableError`, and what filters throw.
 */
export function removeAll(core: Core, accountId: string, prefix: string, gone: () => boolean): Promise<number> {
  // Two at once would only get in each other's way.
  return core.turns.take(`remove all ${accountId}`, () => removeInOrder(core, accountId, prefix, gone));
}

async function removeInOrder(core: Core, accountId: string, prefix: string, gone: () => boolean): Promise<number> {
  const entries = core.storage.collection(entriesSpec);
  const asksFilters = core.plugins.filters('entries.delete');
  const slices = inSlices();
  let range = rangeOf(accountId, prefix);
  let deleted = 0;
  for (;;) {
    if (gone()) throw new ServerBusyError(1, { message: `nobody waits for it any more; ${deleted} are deleted` });
    const { items, next } = await entries.scan({ ...range, limit: PORTION.entries, covered: true });
    for (const portion of portionsOf(items)) {
      deleted += await (asksFilters ? removeEach : removeTogether)(core, accountId, portion);
      if (slices.over()) await slices.pause();
    }
    const last = items.at(-1)?.key;
    if (next === undefined || last === undefined) return deleted;
    range = { ...range, from: `${last}\u0001` };
    await slices.pause();
  }
}

function* portionsOf(items: readonly EntryDoc[]): Generator<EntryDoc[]> {
  let portion: EntryDoc[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = item.blob === undefined ? (item.size ?? 0) : 0;
    if (portion.length > 0 && bytes + size > PORTION.bytes) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(item);
    bytes += size;
  }
  if (portion.length > 0) yield portion;
}

/** By what the list says of them. */
async function removeTogether(core: Core, accountId: string, items: readonly EntryDoc[]): Promise<number> {
  const transitions = items.map(before => ({ key: before.key, before, after: undefined }));
  try {
    await store(core, accountId, transitions);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return removeEach(core, accountId, items); // some have changed meanwhile
  }
  for (const transition of transitions) tell(core, accountId, transition);
  return items.length;
}

async function removeEach(core: Core, accountId: string, items: readonly EntryDoc[]): Promise<number> {
  let deleted = 0;
  for (const { key } of items) if (await deleteEntry(core, accountId, key)) deleted++;
  return deleted;
}
