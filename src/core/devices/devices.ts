/** Devices of accounts: they have tokens that live until they are revoked. What they may do is their API's. */

import { ConflictError, NotFoundError } from '../../base/errors.ts';
import { sortInSlices } from '../../base/slices.ts';
import type { CollectionSpec } from '../../storage/port.ts';
import type { Core } from '../context.ts';
import { pagesOf } from '../pages.ts';

/** A device of an account, paired with one vault of Verstak; `hash` is the SHA-256 of its token. */
export interface DeviceDoc {
  user_id: string;
  /** `dev_` and 24 hex digits. */
  device_id: string;
  hash: string;
  /** The first 8 and the last 4 characters of the token, for people to tell it by. */
  token_hint: string;
  vault: string;
  name: string;
  client_version: string;
  /** Where it was paired from. */
  address: string;
  created_at: Date;
  last_seen: Date;
  revoked_at?: Date;
}

export const devicesSpec: CollectionSpec<DeviceDoc> = {
  name: 'verstak_devices',
  key: ['user_id', 'device_id'],
  whole: ['name', 'vault', 'client_version', 'created_at', 'last_seen', 'revoked_at'],
  indexes: [
    { name: 'token', fields: ['hash'], unique: true },
    { name: 'device', fields: ['device_id'], unique: true },
    { name: 'newest', fields: ['created_at'] },
    { name: 'revoked', fields: ['revoked_at'] },
  ],
  owner: 'user_id',
};

/** Devices read, and revoked side by side, at once. */
const PAGE = 100;

const DEVICE_ID = /^dev_[0-9a-f]{24}$/;

/** Revokes all devices of an account; returns how many. Those that were revoked before stay as they were. */
export async function revokeDevices(core: Core, accountId: string): Promise<number> {
  const devices = core.storage.collection(devicesSpec);
  const change = { set: { revoked_at: new Date(core.clock.now()) } };
  let revoked = 0;
  for await (const page of pagesOf(after => devices.scan({ prefix: [accountId], limit: PAGE, ...after }))) {
    const present = page.filter(({ revoked_at }) => revoked_at === undefined);
    const changed = await Promise.all(
      present.map(({ device_id }) => devices.update([accountId, device_id], change, { revoked_at: undefined })),
    );
    revoked += changed.filter(Boolean).length;
  }
  return revoked;
}

/** The account's devices, newest first, revoked ones included. */
export async function devicesOf(core: Core, accountId: string): Promise<DeviceDoc[]> {
  const devices = core.storage.collection(devicesSpec);
  const found: DeviceDoc[] = [];
  for await (const page of pagesOf(after => devices.scan({ prefix: [accountId], limit: 1000, ...after }))) {
    found.push(...page);
  }
  return sortInSlices(found, (a, b) => b.created_at.getTime() - a.created_at.getTime());
}

/** Revokes a device of the account; returns whether there is one. A device that was revoked stays as it was. */
export async function revokeDevice(core: Core, accountId: string, deviceId: string): Promise<boolean> {
  if (!DEVICE_ID.test(deviceId)) return false;
  const devices = core.storage.collection(devicesSpec);
  const change = { set: { revoked_at: new Date(core.clock.now()) } };
  const revoked = await devices.update([accountId, deviceId], change, { revoked_at: undefined });
  return revoked !== undefined || (await devices.get([accountId, deviceId])) !== undefined;
}

/** The device of this id, whosever it is. */
export async function deviceById(core: Core, deviceId: string): Promise<DeviceDoc | undefined> {
  return DEVICE_ID.test(deviceId) ? core.storage.collection(devicesSpec).find('device', [deviceId]) : undefined;
}

/** Removes a device, and with it whatever its token opens; returns whether it was there. */
export function removeDevice(core: Core, { user_id, device_id }: DeviceDoc): Promise<boolean> {
  return core.storage.collection(devicesSpec).delete([user_id, device_id]);
}

/** As `removeDevice`, for what was revoked before. Throws `ConflictError` when it was not. */
export function removeRevokedDevice(core: Core, device: DeviceDoc): Promise<boolean> {
  if (device.revoked_at === undefined) throw new ConflictError('a device is revoked before it is deleted');
  return removeDevice(core, device);
}

/** One error for a device that is not there and one of somebody else. */
export function deviceNotFound(): NotFoundError {
  return new NotFoundError('there is no such device');
}
