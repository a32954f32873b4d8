/** How much each account stores, as admins look through it. */

import { allAccounts } from '../account-names.ts';
import { accountUsageSpec, blobUsageSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { compareTexts, contains, filterOf, type Listed, type PageQuery, pageInOrder } from '../listing.ts';
import { type Kept, unlessChanged, wholeByOwner, wholeOf } from '../unchanged.ts';
import { usedOf } from './meters.ts';
import { NOTHING } from './usage.ts';

interface Blobs {
  readonly bytes: number;
  readonly count: number;
}

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
  username: () => 0,
} as const satisfies Readonly<Record<string, Compare>>;

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
  const [accounts, stored, blobs] = await Promise.all([
    allAccounts(core),
    wholeByOwner(core.storage.collection(accountUsageSpec)),
    blobsOf(core),
  ]);
  const rows: UsageRow[] = [];
  for (const [accountId, { username, erasing_at }] of accounts) {
    if (username === undefined || erasing_at || !contains(filter, username)) continue;
    // What this process has written since the last count it knows better.
    const meter = core.meters.all.get(accountId);
    const { bytes, keys } = meter?.isKnown ? usedOf(meter) : (stored.get(accountId) ?? NOTHING);
    const { bytes: blobBytes = 0, count = 0 } = blobs.get(accountId) ?? {};
    rows.push({ accountId, username, bytes, keys, blobBytes, blobs: count });
  }
  const compare = SORTS[query.sort];
  return pageInOrder(rows, (a, b) => compare(a, b) || compareTexts(a.username, b.username), query);
}

/** Of each account the sum of its vaults, which has no scope. */
function blobsOf(core: Core): Promise<ReadonlyMap<string, Blobs>> {
  const usage = core.storage.collection(blobUsageSpec);
  return unlessChanged(usage, knownBlobs, async () => {
    const all = await wholeOf(usage);
    return new Map(all.flatMap(one => (one.scope === '' ? [[one.user_id, one]] : [])));
  });
}
