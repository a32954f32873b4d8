/** The accounts of the server as admins look through them. */

import { readableEmail } from '../../base/email.ts';
import { filterInSlices, sortInSlices } from '../../base/slices.ts';
import { type AccountDoc, accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { devicesSpec } from '../devices/devices.ts';
import { compareTexts, contains, filterOf, type Listed, type PageQuery, pageOf } from '../listing.ts';
import { pagesOf } from '../pages.ts';
import { type Kept, type KeptParts, partUnlessChanged, unlessChanged } from '../unchanged.ts';
import { vaultsSpec } from '../vaults/vaults.ts';

/** Documents read at once. */
const PAGE = 1000;

/** How many devices accounts have. */
const knownDevices: Kept<ReadonlyMap<string, number>> = new WeakMap();

/** All of them, as they lie there and in orders that were asked for. */
const known: KeptParts<readonly Listable[]> = new WeakMap();
const sizeOf = (accounts: readonly Listable[]) => accounts.length;

/** An account without its password. */
type Listable = Readonly<Omit<AccountDoc, 'password'>>;

type Compare = (a: Listable, b: Listable) => number;

/** Everything that is found by the accounts themselves. */
const SORTS = {
  username: (a, b) => compareTexts(a.username ?? '', b.username ?? ''),
  email: (a, b) => compareTexts(a.email ?? '', b.email ?? ''),
  confirmed: (a, b) => Number(!a.unconfirmed_at) - Number(!b.unconfirmed_at),
  blocked: (a, b) => Number(!b.blocked_at) - Number(!a.blocked_at),
  created_at: (a, b) => timeOf(a.created_at) - timeOf(b.created_at),
  last_seen: (a, b) => timeOf(a.last_seen) - timeOf(b.last_seen),
} as const satisfies Readonly<Record<string, Compare>>;

/** What the list may be sorted by. */
export type UserSort = keyof typeof SORTS | 'devices';

/** The fields the list may be sorted by. */
export const USER_SORTS = [...Object.keys(SORTS), 'devices'] as readonly UserSort[];

/** Each account is in one of these: a blocked one that is unconfirmed too is blocked. */
export type UserStatus = 'active' | 'blocked' | 'unconfirmed';

/** Which part of the list is asked for. */
export interface UserQuery extends PageQuery {
  /** Part of a name or an e-mail, in any letter case; empty or absent: all. */
  readonly q?: string;
  readonly status?: UserStatus | undefined;
  readonly sort: UserSort;
  readonly descending: boolean;
}

/** An account in the list; never its password. */
export interface UserRow {
  readonly account: Listable;
  readonly status: UserStatus;
  /** How many there are, revoked ones too. */
  readonly devices: number;
}

/**
 * A page of the accounts, those being erased left out. Reads all accounts after one was written: there are far fewer than documents
 * of any other kind, and no index finds a part of a name.
 */
export async function listUsers(core: Core, query: UserQuery): Promise<Listed<UserRow>> {
  const found = await matching(await inOrder(core, query.sort), filterOf(query.q), query.status);
  const listed = pageOf(query.descending ? found.reverse() : found, query);
  return { ...listed, items: await Promise.all(listed.items.map(account => rowOf(core, account))) };
}

/** How many vaults an account has. */
export function countVaults(core: Core, accountId: string): Promise<number> {
  return core.storage.collection(vaultsSpec).count({ prefix: [accountId] });
}

/** In which of the states an account is. */
export function userStatus({ blocked_at, unconfirmed_at }: Omit<AccountDoc, 'password'>): UserStatus {
  if (blocked_at) return 'blocked';
  return unconfirmed_at ? 'unconfirmed' : 'active';
}

function matching(accounts: readonly Listable[], filter: string, status: UserStatus | undefined): Promise<Listable[]> {
  return filterInSlices(accounts, account => {
    if (status !== undefined && userStatus(account) !== status) return false;
    const { username, email } = account;
    if (contains(filter, username, email)) return true;
    return email?.includes('xn--') === true && contains(filter, readableEmail(email));
  });
}

/** Those that are not being erased. */
function allAccounts(core: Core): Promise<readonly Listable[]> {
  const accounts = core.storage.collection(accountsSpec);
  return partUnlessChanged(accounts, known, { name: 'all', sizeOf }, async () => {
    const found: Listable[] = [];
    for await (const page of pagesOf(after => accounts.scan({ limit: PAGE, ...after }))) {
      for (const { password: _, ...account } of page) if (!account.erasing_at) found.push(account);
    }
    return found;
  });
}

/** All accounts in ascending order; what is equal in the order of the ids. */
async function inOrder(core: Core, sort: UserSort): Promise<readonly Listable[]> {
  const sorted = async (compare: Compare) =>
    sortInSlices(await allAccounts(core), (a, b) => compare(a, b) || compareTexts(a.user_id, b.user_id));
  if (sort === 'devices') return sorted(await byDevices(core));
  const accounts = core.storage.collection(accountsSpec);
  return partUnlessChanged(accounts, known, { name: sort, sizeOf }, () => sorted(SORTS[sort]));
}

async function byDevices(core: Core): Promise<Compare> {
  const devices = core.storage.collection(devicesSpec);
  const counts = await unlessChanged(devices, knownDevices, async () => {
    const found = new Map<string, number>();
    for await (const page of pagesOf(after =>
      devices.scan({ index: 'newest', covered: true, limit: PAGE, ...after }),
    )) {
      for (const { user_id } of page) found.set(user_id, (found.get(user_id) ?? 0) + 1);
    }
    return found;
  });
  return (a, b) => (counts.get(a.user_id) ?? 0) - (counts.get(b.user_id) ?? 0);
}

async function rowOf(core: Core, account: Listable): Promise<UserRow> {
  const devices = await core.storage.collection(devicesSpec).count({ prefix: [account.user_id] });
  return { account, status: userStatus(account), devices };
}

function timeOf(moment: Date | undefined): number {
  return moment?.getTime() ?? 0;
}
