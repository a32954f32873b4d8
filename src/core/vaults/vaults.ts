/** Vaults of accounts, as Verstak has them. Their operations are that API's own. */

import type { CollectionSpec } from '../../storage/port.ts';
import type { DeviceDoc } from '../devices/devices.ts';

/** A vault: one log of operations and one set of blobs. It comes into being with its first device. */
export interface VaultDoc {
  user_id: string;
  vault: string;
  created_at: Date;
  /** How many there are in its log. */
  operations: number;
  /** Bytes of their texts. */
  bytes?: number;
  /** When operations came last. */
  last_activity?: Date;
  /** The device that stored the last ones, and the number from which on it has stored all; absent when that is not known. */
  writer?: string;
  writer_from?: number;
  /** How many came lately: JSON list of `[moment, count]`, a moment for each ten minutes (Unix seconds of their begin). */
  recent?: string;
}

/** Names a vault: accounts do not share them. */
export type VaultKey = Pick<DeviceDoc, 'user_id' | 'vault'>;

export const vaultsSpec: CollectionSpec<VaultDoc> = {
  name: 'verstak_vaults',
  key: ['user_id', 'vault'],
  whole: ['operations', 'last_activity', 'recent'],
  indexes: [{ name: 'activity', fields: ['last_activity'], include: ['operations'] }],
  owner: 'user_id',
  // In the place of the operations: to count millions of them would take long.
  charge: { bytes: 'bytes', keys: 'operations' },
};

/** Whose the blobs of a vault are: vaults are kept apart, and from the contents of other APIs. */
export function blobOwner({ user_id, vault }: VaultKey): { accountId: string; scope: string } {
  return { accountId: user_id, scope: `verstak/${vault}` };
}
