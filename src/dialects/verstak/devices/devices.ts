/** Devices: pairing, and how they are shown. */

import { ConflictError, StorageUnavailableError } from '../../../base/errors.ts';
import { loginRefused } from '../../../core/access/sign-in.ts';
import { isUnchanged } from '../../../core/access/standing.ts';
import { type AccountDoc, accountsSpec } from '../../../core/collections.ts';
import type { Core } from '../../../core/context.ts';
import { type DeviceDoc, devicesSpec } from '../../../core/devices/devices.ts';
import { newSecret, sha256Hex } from '../../../core/ids.ts';
import { vaultsSpec } from '../../../core/vaults/vaults.ts';
import type { Write } from '../../../storage/port.ts';
import { timeOf } from '../times.ts';

/** How often a vault is looked for that others make and end meanwhile. */
const RACES = 5;

/** What a device says of itself. */
export interface NewDevice {
  /** Checked; empty: the account's own default vault. */
  readonly vault: string;
  readonly name: string;
  readonly clientVersion: string;
  readonly address: string;
}

/** A device that was paired, and the token it gets; the storage keeps only its hash. */
export interface PairedDevice {
  readonly device: DeviceDoc;
  readonly token: string;
}

/** Vaults that clients cannot name. */
export const RESERVED = 'legacy:';

/**
 * Pairs a new device with a vault, which comes into being with its first one. `account` comes from `authenticate`. Throws
 * `UnauthorizedError` when the account was ended, blocked or given another password meanwhile.
 */
export async function pairDevice(core: Core, account: AccountDoc, given: NewDevice): Promise<PairedDevice> {
  const { user_id } = account;
  const token = newSecret(32);
  const now = new Date(core.clock.now());
  const device: DeviceDoc = {
    user_id,
    device_id: `dev_${newSecret(12)}`,
    hash: sha256Hex(token),
    token_hint: `${token.slice(0, 8)}…${token.slice(-4)}`,
    vault: given.vault || `${RESERVED}${user_id}`,
    name: given.name,
    client_version: given.clientVersion,
    address: given.address,
    created_at: now,
    last_seen: now,
  };
  await store(core, device);
  if (!(await isUnchanged(core, account))) {
    await core.storage.collection(devicesSpec).delete([user_id, device.device_id]);
    throw loginRefused();
  }
  core.tallies.issued.device++;
  return { device, token };
}

async function store(core: Core, device: DeviceDoc): Promise<void> {
  const { user_id, vault, created_at } = device;
  for (let race = 0; race < RACES; race++) {
    const known = await core.storage.collection(vaultsSpec).get([user_id, vault]);
    const writes: Write[] = [
      { in: accountsSpec, update: [user_id], change: { set: { last_seen: created_at } } },
      { in: devicesSpec, insert: device },
    ];
    if (!known) writes.push({ in: vaultsSpec, insert: { user_id, vault, created_at, operations: 0 } });
    try {
      return await core.storage.commit(writes);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      if (error.at === 0) throw loginRefused();
      // Without transactions the device may be there by now.
      await core.storage.collection(devicesSpec).delete([user_id, device.device_id]);
    }
  }
  throw new StorageUnavailableError('others keep changing this vault');
}

/** A device as lists show it, to its owner and to admins. */
export function presentDevice({ device_id, name, client_version, last_seen, revoked_at, created_at }: DeviceDoc) {
  return {
    id: device_id,
    name,
    client_version,
    last_seen: timeOf(last_seen),
    revoked_at: timeOf(revoked_at),
    created_at: timeOf(created_at),
  };
}
