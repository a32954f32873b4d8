/** What opens an account beside its password, and how that ends with the password. */

import type { Change } from '../../storage/port.ts';
import { type AccountDoc, sessionsSpec, tokensSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { revokeDevices } from '../devices/devices.ts';

/** How many of each were ended. */
export interface EndedCredentials {
  readonly tokens: number;
  readonly sessions: number;
  readonly devices: number;
}

/** Ends an account's tokens and sessions, and where that is asked for its devices. */
export async function endCredentials(
  core: Core,
  accountId: string,
  { devices = false }: { devices?: boolean } = {},
): Promise<EndedCredentials> {
  const range = { prefix: [accountId] };
  return {
    tokens: await core.storage.collection(tokensSpec).deleteMany(range),
    sessions: await core.storage.collection(sessionsSpec).deleteMany(range),
    devices: devices ? await revokeDevices(core, accountId) : 0,
  };
}

/**
 * Changes an account so that what was given out for it opens it no more, and ends them as `endCredentials`: before, so that a
 * process that dies in between leaves none behind, and after, for those given out meanwhile. Throws what `change` throws.
 */
export async function endingCredentials(
  core: Core,
  accountId: string,
  change: () => Promise<void>,
  which: { devices?: boolean } = {},
): Promise<EndedCredentials> {
  const before = await endCredentials(core, accountId, which);
  await change();
  const after = await endCredentials(core, accountId, which);
  return {
    tokens: before.tokens + after.tokens,
    sessions: before.sessions + after.sessions,
    devices: before.devices + after.devices,
  };
}

/**
 * What a new password changes of an account; `hash` comes from `core.passwords`. The version tells for which password a signed
 * token was given, whatever the clocks say: a change and a login fit into one second.
 */
export function passwordChange(core: Core, hash: string): Pick<Change<AccountDoc>, 'set' | 'add'> {
  return {
    set: { password: hash, password_changed_at: new Date(core.clock.now()) },
    add: { password_version: 1 },
  };
}
