/** Vaults as admins look through them: how much they hold, never what. */

import { filterInSlices } from '../../base/slices.ts';
import { allAccounts, erasingAccounts, namesOf } from '../account-names.ts';
import { type AccountDoc, blobUsageSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { type DeviceDoc, devicesOf } from '../devices/devices.ts';
import {
  compareTexts,
  contains,
  filterOf,
  forEachRow,
  type Listed,
  type PageQuery,
  pageInOrder,
  pageOfRange,
  placeIn,
} from '../listing.ts';
import { wholeOf } from '../unchanged.ts';
import { blobOwner, type VaultDoc, vaultsSpec } from './vaults.ts';

/** Which vaults are asked for. */
export interface VaultQuery extends PageQuery {
  /** In the name of the account or of the vault, in any letter case; empty or absent: all. */
  readonly q?: string;
}

/** A vault in a list. */
export interface VaultRow {
  readonly accountId: string;
  readonly username: string;
  readonly vault: string;
  readonly devices: DeviceCounts;
  readonly operations: number;
  /** When operations came last; undefined: none did yet. */
  readonly lastActivity: Date | undefined;
}

/** How many devices a vault has. */
export interface DeviceCounts {
  readonly active: number;
  readonly revoked: number;
}

/** What is known of one vault. */
export interface VaultDetail extends Omit<VaultRow, 'devices'> {
  readonly devices: DeviceCounts;
  /** Newest first, revoked ones included. */
  readonly deviceList: readonly DeviceDoc[];
  /** The number of the last operation; 0: there is none. */
  readonly highestSequence: number;
  readonly blobs: number;
  readonly blobBytes: number;
  readonly createdAt: Date;
}

/** A page of all vaults, the one that was written to last first; those of accounts that are being erased are left out. */
export async function listVaults(core: Core, query: VaultQuery): Promise<Listed<VaultRow>> {
  const q = filterOf(query.q);
  const erasing = await erasingAccounts(core);
  const busiest = q === '' && erasing.size === 0 ? await busiestVaults(core, query) : undefined;
  if (busiest) return { ...busiest, items: await rowsOf(core, busiest.items) };
  const accounts = q === '' ? undefined : await allAccounts(core);
  const isAsked = ({ user_id, vault }: VaultDoc) =>
    !erasing.has(user_id) && contains(q, accounts?.get(user_id)?.username, vault);
  const found = await filterInSlices(await wholeOf(core.storage.collection(vaultsSpec)), isAsked);
  const listed = await pageInOrder(found, byActivity, query);
  return { ...listed, items: await rowsOf(core, listed.items) };
}

/** The page, if an index has all of it: those without operations are in none. */
async function busiestVaults(core: Core, query: PageQuery): Promise<Listed<VaultDoc> | undefined> {
  const vaults = core.storage.collection(vaultsSpec);
  const [all, busy] = [await vaults.count({}), await vaults.count({ index: 'activity' })];
  const { start, ...place } = placeIn(all, query);
  if (start + place.perPage > busy && busy < all) return undefined;
  const keyOf = ({ user_id, vault }: VaultDoc) => [user_id, vault];
  const { items } = await pageOfRange(vaults, { index: 'activity' }, keyOf, { ...query, page: place.page });
  return { ...place, items };
}

/** What is known of a vault of this account; undefined: there is none of that name. */
export async function vaultDetail(core: Core, account: AccountDoc, vault: string): Promise<VaultDetail | undefined> {
  const { user_id, username = '' } = account;
  if (account.erasing_at || vault === '' || vault.includes('\0')) return undefined;
  const doc = await core.storage.collection(vaultsSpec).get([user_id, vault]);
  if (doc === undefined) return undefined;
  const { accountId, scope } = blobOwner(doc);
  const usage = await core.storage.collection(blobUsageSpec).get([accountId, scope]);
  const deviceList = (await devicesOf(core, user_id)).filter(device => device.vault === vault);
  return {
    accountId,
    username,
    vault,
    devices: countsOf(deviceList),
    deviceList,
    operations: doc.operations,
    // Numbers begin with 1 and have no holes.
    highestSequence: doc.operations,
    lastActivity: doc.last_activity,
    blobs: usage?.count ?? 0,
    blobBytes: usage?.bytes ?? 0,
    createdAt: doc.created_at,
  };
}

async function rowsOf(core: Core, docs: readonly VaultDoc[]): Promise<VaultRow[]> {
  const ids = [...new Set(docs.map(({ user_id }) => user_id))];
  const [names, devices] = await Promise.all([
    namesOf(core, ids),
    forEachRow(ids, async id => [id, await devicesOf(core, id)] as const),
  ]);
  const byAccount = new Map(devices);
  return docs.map(({ user_id, vault, operations, last_activity }) => ({
    accountId: user_id,
    username: names.get(user_id) ?? '',
    vault,
    devices: countsOf((byAccount.get(user_id) ?? []).filter(device => device.vault === vault)),
    operations,
    lastActivity: last_activity,
  }));
}

function countsOf(devices: readonly DeviceDoc[]): DeviceCounts {
  const revoked = devices.filter(({ revoked_at }) => revoked_at).length;
  return { active: devices.length - revoked, revoked };
}

/** Newest first, those without operations last; what is equal by account and name, backwards as the index has it. */
function byActivity(a: VaultDoc, b: VaultDoc): number {
  return (
    (b.last_activity?.getTime() ?? 0) - (a.last_activity?.getTime() ?? 0) ||
    compareTexts(b.user_id, a.user_id) ||
    compareTexts(b.vault, a.vault)
  );
}
