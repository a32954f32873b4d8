/** Devices of accounts: they have tokens that live until they are revoked. What they may do is their API's. */

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
