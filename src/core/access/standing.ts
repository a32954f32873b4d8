/** Whether an account stands open to its credentials. */

import { type AccountDoc, accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';

/** The account, unless it is gone or closed: what a credential given out earlier has to look at. */
export async function openAccount(core: Core, accountId: string): Promise<AccountDoc | undefined> {
  const account = await core.storage.collection(accountsSpec).get([accountId]);
  return account && isOpen(account) ? account : undefined;
}

/** Whether any credential opens the account: it is not being erased, not blocked, and its e-mail does not wait for its confirmation. */
export function isOpen({ erasing_at, blocked_at, unconfirmed_at }: AccountDoc): boolean {
  return !erasing_at && !blocked_at && !unconfirmed_at;
}

/**
 * Whether an account still is what a password was verified for: open, and with the same password. To be asked after a credential
 * was stored: whatever ends an account or its password marks it first and removes credentials after, so either that removes
 * this one, or it is seen here.
 */
export async function isUnchanged(core: Core, { user_id, password_version }: AccountDoc): Promise<boolean> {
  const present = await openAccount(core, user_id);
  return present !== undefined && present.password_version === password_version;
}
