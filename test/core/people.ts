/** Accounts, devices and vaults as they may be, for the tests of lists. */

import { createAccount, type NewAccount } from '../../src/core/accounts/accounts.ts';
import type { AccountDoc } from '../../src/core/collections.ts';
import type { Core } from '../../src/core/context.ts';
import { type DeviceDoc, devicesSpec } from '../../src/core/devices/devices.ts';
import { newSecret } from '../../src/core/ids.ts';
import { type VaultDoc, vaultsSpec } from '../../src/core/vaults/vaults.ts';

/** An account. */
export function person(core: Core, username: string, given: Partial<NewAccount> = {}): Promise<AccountDoc> {
  return createAccount(core, { username, ...given });
}

/** A device of an account. */
export async function device(core: Core, { user_id }: AccountDoc, given: Partial<DeviceDoc> = {}): Promise<DeviceDoc> {
  const now = new Date(core.clock.now());
  const doc: DeviceDoc = {
    user_id,
    device_id: `dev_${newSecret(12)}`,
    hash: newSecret(32),
    token_hint: '12345678…1234',
    vault: 'main',
    name: 'laptop',
    client_version: '1.0',
    address: '192.0.2.1',
    created_at: now,
    last_seen: now,
    ...given,
  };
  await core.storage.collection(devicesSpec).insert(doc);
  return doc;
}

/** A vault of an account. */
export async function vault(
  core: Core,
  { user_id }: AccountDoc,
  name: string,
  given: Partial<VaultDoc> = {},
): Promise<void> {
  const created_at = new Date(core.clock.now());
  await core.storage.collection(vaultsSpec).insert({ user_id, vault: name, created_at, operations: 0, ...given });
}
