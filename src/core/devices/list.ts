/** Devices as people look through them: their own, or as an admin those of all. */

import { filterInSlices } from '../../base/slices.ts';
import { allAccounts, erasingAccounts, namesOf } from '../account-names.ts';
import type { Core } from '../context.ts';
import { compareTexts, contains, filterOf, type Listed, type PageQuery, pageInOrder, pageOfRange } from '../listing.ts';
import { pagesOf } from '../pages.ts';
import { wholeOf } from '../unchanged.ts';
import { type DeviceDoc, devicesOf, devicesSpec } from './devices.ts';

/** Devices read at once. */
const PAGE = 500;

/** A device as it is filtered and sorted. */
type Found = Readonly<DeviceDoc>;

/** What a list may be sorted by. */
const SORTS = {
  created: (a: Found, b: Found) => a.created_at.getTime() - b.created_at.getTime(),
  name: (a: Found, b: Found) => compareTexts(a.name, b.name),
  last_seen: (a: Found, b: Found) => a.last_seen.getTime() - b.last_seen.getTime(),
};

/** What a list may be sorted by. */
export type DeviceSort = keyof typeof SORTS;

/** The fields a list may be sorted by. */
export const DEVICE_SORTS = Object.keys(SORTS) as readonly DeviceSort[];

/** Whether a device still may do anything. */
export type DeviceStatus = 'active' | 'revoked';

/** Which devices are asked for. Filters are part of what they look into, in any letter case; empty or absent: all. */
export interface DeviceQuery extends PageQuery {
  /** In the name or id of the device, the name of its account, or its vault. */
  readonly q?: string;
  readonly user?: string;
  readonly vault?: string;
  readonly version?: string;
  readonly status?: DeviceStatus | undefined;
  readonly sort: DeviceSort;
  readonly descending: boolean;
}

/** A device and the name of its account. */
export interface OwnedDevice {
  readonly device: DeviceDoc;
  readonly username: string;
}

/**
 * A page of all devices, but those of accounts that are being erased. Looks at them all, unless the newest ones are asked for
 * without a filter.
 */
export async function listDevices(core: Core, query: DeviceQuery): Promise<Listed<OwnedDevice>> {
  const [q, user, vault, version] = [query.q, query.user, query.vault, query.version].map(filterOf);
  const erasing = await erasingAccounts(core);
  const devices = core.storage.collection(devicesSpec);
  const all = !(q || user || vault || version || query.status);
  if (all && erasing.size === 0 && query.sort === 'created' && query.descending) {
    const keyOf = ({ user_id, device_id }: DeviceDoc) => [user_id, device_id];
    const { more: _, ...newest } = await pageOfRange(devices, { index: 'newest' }, keyOf, query);
    return { ...newest, items: await withNames(core, newest.items) };
  }
  const accounts = q || user ? await allAccounts(core) : undefined;
  const found = await filterInSlices(await wholeOf(devices), device => {
    const name = accounts?.get(device.user_id)?.username;
    return (
      !erasing.has(device.user_id) &&
      (query.status === undefined || query.status === statusOf(device)) &&
      contains(user ?? '', name) &&
      contains(vault ?? '', device.vault) &&
      contains(version ?? '', device.client_version) &&
      contains(q ?? '', device.name, device.device_id, name, device.vault)
    );
  });
  const direction = query.descending ? -1 : 1;
  const compare = SORTS[query.sort];
  const listed = await pageInOrder(found, (a, b) => direction * (compare(a, b) || byKey(a, b)), query);
  const shown = await devices.getMany(listed.items.map(({ user_id, device_id }) => [user_id, device_id]));
  const items = shown.filter(device => device !== undefined);
  return { ...listed, items: await withNames(core, items) };
}

/** The devices of an account, newest first, revoked ones included; `q` as in a `DeviceQuery`, over name, vault and version. */
export async function listOwnDevices(core: Core, accountId: string, q = ''): Promise<DeviceDoc[]> {
  const filter = filterOf(q);
  const devices = await devicesOf(core, accountId);
  return devices.filter(({ name, vault, client_version }) => contains(filter, name, vault, client_version));
}

/** Every device, newest first, but those of accounts that are being erased. */
export async function* devicePages(core: Core): AsyncGenerator<OwnedDevice[]> {
  const devices = core.storage.collection(devicesSpec);
  const erasing = await erasingAccounts(core);
  const scan = { index: 'newest', order: 'desc', limit: PAGE } as const;
  for await (const page of pagesOf(after => devices.scan({ ...scan, ...after }))) {
    yield withNames(
      core,
      page.filter(({ user_id }) => !erasing.has(user_id)),
    );
  }
}

/** Whether a device still may do anything. */
export function statusOf({ revoked_at }: DeviceDoc): DeviceStatus {
  return revoked_at ? 'revoked' : 'active';
}

async function withNames(core: Core, devices: readonly DeviceDoc[]): Promise<OwnedDevice[]> {
  const names = await namesOf(
    core,
    devices.map(({ user_id }) => user_id),
  );
  return devices.map(device => ({ device, username: names.get(device.user_id) ?? '' }));
}

function byKey(a: Found, b: Found): number {
  return compareTexts(a.user_id, b.user_id) || compareTexts(a.device_id, b.device_id);
}
