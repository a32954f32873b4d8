/** The accounts of the server as admins look through them. */

import { readableEmail } from '../../base/email.ts';
import { filterInSlices } from '../../base/slices.ts';
import { erasingAccounts } from '../account-names.ts';
import { type AccountDoc, accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { type DeviceDoc, devicesSpec } from '../devices/devices.ts';
import {
  compareTexts,
  contains,
  filterOf,
  forEachRow,
  type Listed,
  type PageQuery,
  pageInOrder,
  pageOfRange,
} from '../listing.ts';
import { haveSameOwners, MOST_KEPT, wholeOf } from '../unchanged.ts';
import { vaultsSpec } from '../vaults/vaults.ts';

/** How many devices accounts have, and the devices that were counted. */
const knownDevices = new WeakMap<
  object,
  { readonly list: readonly Readonly<DeviceDoc>[]; readonly counts: ReadonlyMap<string, number> }
>();

/** An account as it is filtered and sorted. */
type Found = Readonly<AccountDoc>;

type Compare = (a: Found, b: Found) => number;

/** Everything that is found by the accounts themselves. */
const SORTS = {
  username: (a, b) => compareTexts(a.username ?? '', b.username ?? ''),
  email: (a, b) => compareTexts(a.email ?? '', b.email ?? ''),
  confirmed: (a, b) => Number(!a.unconfirmed_at) - Number(!b.unconfirmed_at),
  blocked: (a, b) => Number(Boolean(a.blocked_at)) - Number(Boolean(b.blocked_at)),
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
  readonly account: Readonly<Omit<AccountDoc, 'password'>>;
  readonly status: UserStatus;
  /** How many there are, revoked ones too. */
  readonly devices: number;
}

/**
 * A page of the accounts, those being erased left out. But for the newest ones without a filter it looks at all
 * accounts: there are far fewer than documents of any other kind, and no index finds a part of a name.
 */
export async function listUsers(core: Core, query: UserQuery): Promise<Listed<UserRow>> {
  const newest = await newestUsers(core, query);
  if (newest) return { ...newest, items: await forEachRow(newest.items, account => rowOf(core, account)) };
  const accounts = core.storage.collection(accountsSpec);
  const found = await matching(await wholeOf(accounts), filterOf(query.q), query.status);
  const listed = await pageInOrder(found, await orderOf(core, query), query);
  const shown = await accounts.getMany(listed.items.map(({ user_id }) => [user_id]));
  const present = shown.filter(account => account !== undefined);
  return { ...listed, items: await forEachRow(present, account => rowOf(core, account)) };
}

/** The page, if an index has it: not where an account is to be left out, or of those of the original one has no `created_at`. */
async function newestUsers(core: Core, query: UserQuery): Promise<Listed<AccountDoc> | undefined> {
  if (query.sort !== 'created_at' || !query.descending || query.status || filterOf(query.q)) return undefined;
  const accounts = core.storage.collection(accountsSpec);
  const { size } = await erasingAccounts(core);
  if (size > 0 || (await accounts.count({ index: 'created' })) < (await accounts.count({}))) return undefined;
  const { more: _, ...listed } = await pageOfRange(accounts, { index: 'created' }, ({ user_id }) => [user_id], query);
  return listed;
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

function matching(accounts: readonly Found[], filter: string, asked: UserStatus | undefined): Promise<Found[]> {
  return filterInSlices(accounts, account => {
    const { username, email } = account;
    if (account.erasing_at || (asked !== undefined && userStatus(account) !== asked)) return false;
    if (contains(filter, username, email)) return true;
    return email?.includes('xn--') === true && contains(filter, readableEmail(email));
  });
}

/** What is equal in the order of the ids. */
async function orderOf(core: Core, { sort, descending }: UserQuery): Promise<Compare> {
  const compare = sort === 'devices' ? await byDevices(core) : SORTS[sort];
  const direction = descending ? -1 : 1;
  return (a, b) => direction * (compare(a, b) || compareTexts(a.user_id, b.user_id));
}

async function byDevices(core: Core): Promise<Compare> {
  const devices = core.storage.collection(devicesSpec);
  const list = await wholeOf(devices);
  let known = knownDevices.get(devices);
  if (known === undefined || !haveSameOwners(known.list, list)) {
    const counts = new Map<string, number>();
    for (const { user_id } of list) counts.set(user_id, (counts.get(user_id) ?? 0) + 1);
    known = { list, counts };
    if (list.length <= MOST_KEPT) knownDevices.set(devices, known);
  }
  const { counts } = known;
  return (a, b) => (counts.get(a.user_id) ?? 0) - (counts.get(b.user_id) ?? 0);
}

async function rowOf(core: Core, { password: _, ...account }: AccountDoc): Promise<UserRow> {
  const devices = await core.storage.collection(devicesSpec).count({ prefix: [account.user_id] });
  return { account, status: userStatus(account), devices };
}

function timeOf(moment: Date | undefined): number {
  return moment?.getTime() ?? 0;
}
