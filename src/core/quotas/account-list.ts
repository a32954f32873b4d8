/** How much each account stores, as admins look through it. */

import { sortInSlices } from '../../base/slices.ts';
import { allNames, erasingAccounts } from '../account-names.ts';
import { accountUsageSpec, blobUsageSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { contains, filterOf, type Listed, type PageQuery, pageOf } from '../listing.ts';
import { pagesOf } from '../pages.ts';
import { type Kept, unlessChanged } from '../unchanged.ts';
import { usedOf } from './meters.ts';
import { NOTHING, type Usage } from './usage.ts';

/** Documents read at once. */
const PAGE = 1000;

interface Blobs {
  readonly bytes: number;
  readonly count: number;
}

const knownStored: Kept<ReadonlyMap<string, Usage>> = new WeakMap();
const knownBlobs: Kept<ReadonlyMap<string, Blobs>> = new WeakMap();

/** An account, and how much it stores: what counts for its quota as it was counted last, and its blobs. */
export interface UsageRow {
  readonly accountId: string;
  readonly username: string;
  readonly bytes: number;
  readonly keys: number;
  readonly blobBytes: number;
  readonly blobs: number;
}

type Compare = (a: UsageRow, b: UsageRow) => number;

const SORTS = {
  bytes: (a, b) => b.bytes - a.bytes,
  keys: (a, b) => b.keys - a.keys,
  blobs: (a, b) => b.blobBytes - a.blobBytes,
  username: undefined,
} as const satisfies Readonly<Record<string, Compare | undefined>>;

/** What the list may be sorted by: the largest first, or the names. */
export type UsageSort = keyof typeof SORTS;

export const USAGE_SORTS = Object.keys(SORTS) as readonly UsageSort[];

/** Which accounts are asked for. */
export interface UsageQuery extends PageQuery {
  /** Part of a name, in any letter case; empty: all. */
  readonly q: string;
  readonly sort: UsageSort;
}

/** A page of the accounts by what they store, those being erased left out. */
export async function listUsage(core: Core, query: UsageQuery): Promise<Listed<UsageRow>> {
  const filter = filterOf(query.q);
  const [names, erasing, stored, blobs] = await Promise.all([
    allNames(core),
    erasingAccounts(core),
    storedOf(core),
    blobsOf(core),
  ]);
  const rows: UsageRow[] = [];
  for (const [accountId, username] of names) {
    if (erasing.has(accountId) || !contains(filter, username)) continue;
    // What this process has written since the last count it knows better.
    const meter = core.meters.all.get(accountId);
    const { bytes, keys } = meter?.isKnown ? usedOf(meter) : (stored.get(accountId) ?? NOTHING);
    const { bytes: blobBytes = 0, count = 0 } = blobs.get(accountId) ?? {};
    rows.push({ accountId, username, bytes, keys, blobBytes, blobs: count });
  }
  // They come by their names, and what is equal stays so.
  const compare = SORTS[query.sort];
  return pageOf(compare === undefined ? rows : await sortInSlices(rows, compare), query);
}

function storedOf(core: Core): Promise<ReadonlyMap<string, Usage>> {
  const usage = core.storage.collection(accountUsageSpec);
  return unlessChanged(usage, knownStored, async () => {
    const found = new Map<string, Usage>();
    for await (const page of pagesOf(after => usage.scan({ limit: PAGE, ...after }))) {
      for (const { user_id, bytes, keys } of page) found.set(user_id, { bytes, keys });
    }
    return found;
  });
}

/** Of each account the sum of its vaults, which has no scope. */
function blobsOf(core: Core): Promise<ReadonlyMap<string, Blobs>> {
  const usage = core.storage.collection(blobUsageSpec);
  return unlessChanged(usage, knownBlobs, async () => {
    const found = new Map<string, Blobs>();
    for await (const page of pagesOf(after => usage.scan({ limit: PAGE, ...after }))) {
      for (const { user_id, scope, bytes, count } of page) if (scope === '') found.set(user_id, { bytes, count });
    }
    return found;
  });
}
