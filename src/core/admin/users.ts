/** What admins do with accounts. Each deed is told to the audit log. */

import { ConflictError, InvalidInputError } from '../../base/errors.ts';
import { accountByUuid, accountNotFound, changeAccount, createAccount, setBlocked } from '../accounts/accounts.ts';
import {
  checkEmail,
  checkPersonName,
  checkRegistration,
  type Registration,
  tellFormerEmail,
} from '../accounts/email-accounts.ts';
import { eraseAccount, markForErasing } from '../accounts/erase.ts';
import { type AccountDoc, accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { newSecret } from '../ids.ts';
import type { AttemptRules } from '../throttle/throttle.ts';
import { countAttempt } from '../throttle/throttle.ts';
import { type AdminDeed, by } from './deed.ts';

/** The account of an id as `publicId` gives it. Throws `NotFoundError` (code `account_not_found`). */
export async function userById(core: Core, id: string): Promise<AccountDoc> {
  const account = await accountByUuid(core, id);
  if (account === undefined) throw accountNotFound();
  return account;
}

/** Makes an account that is confirmed at once. Throws as `checkRegistration` and `createAccount`. */
export async function createUser(core: Core, given: Registration, deed: AdminDeed): Promise<AccountDoc> {
  const account = await createAccount(core, checkRegistration(given), deed.caller);
  await deed.record('user_created', { accountId: account.user_id, ...by(deed) });
  return account;
}

/**
 * Changes name and e-mail; what is empty stays as it is. The former e-mail is told that there is another one. Throws `NotFoundError`, `InvalidInputError` (also when both are empty),
 * `ConflictError` (codes `user_exists`, `email_taken`).
 */
export async function editUser(
  core: Core,
  id: string,
  { username, email }: { username: string; email: string },
  deed: AdminDeed,
): Promise<void> {
  const account = await userById(core, id);
  if (username === '' && email === '') throw new InvalidInputError('username or email is needed');
  if (username !== '') checkPersonName(username);
  const change = { ...(username !== '' && { username }), ...(email !== '' && { email: checkEmail(email) }) };
  await changeAccount(core, account, change);
  if (change.email !== undefined && change.email !== account.email) {
    await tellFormerEmail(core, account, core.settings.language());
  }
  await deed.record('user_updated', { accountId: account.user_id, ...by(deed) });
}

/** Confirms the e-mail of an account in its owner's place; nothing happens where it is confirmed. Throws `NotFoundError`. */
export async function confirmUser(core: Core, id: string, deed: AdminDeed): Promise<void> {
  const { user_id, unconfirmed_at } = await userById(core, id);
  if (unconfirmed_at === undefined) return;
  const expect = { unconfirmed_at, erasing_at: undefined };
  const accounts = core.storage.collection(accountsSpec);
  if (!(await accounts.update([user_id], { unset: ['unconfirmed_at'] }, expect))) return;
  await deed.record('user_confirmed', { accountId: user_id, ...by(deed) });
}

/** Blocks an account, or lets a blocked one in again; returns which. Throws `NotFoundError`, `ConflictError` (his own). */
export async function toggleUser(core: Core, id: string, deed: AdminDeed): Promise<{ blocked: boolean }> {
  let account = await userById(core, id);
  demandAnother(account, deed, 'block');
  // Others may do the same at this moment: each changes it once.
  while (!(await setBlocked(core, account, !account.blocked_at))) account = await userById(core, id);
  await deed.record('user_block_changed', { accountId: account.user_id, ...by(deed) });
  return { blocked: !account.blocked_at };
}

/** Gives an account a generated password, which ends its sessions; returns it. Throws `NotFoundError`, `RateLimitedError`. */
export async function resetUserPassword(core: Core, id: string, rules: AttemptRules, deed: AdminDeed): Promise<string> {
  await countAttempt(core, { subjects: [], address: deed.caller.address, rules });
  const account = await userById(core, id);
  const password = newSecret(12);
  await changeAccount(core, account, { password }, deed.caller);
  await deed.record('user_password_reset', { accountId: account.user_id, ...by(deed) });
  return password;
}

/** Deletes an account and all it has. Throws `NotFoundError`, `ConflictError` (his own). */
export async function deleteUser(core: Core, id: string, deed: AdminDeed): Promise<void> {
  const account = await userById(core, id);
  demandAnother(account, deed, 'delete');
  const marked = await markForErasing(core, account.user_id, { erasing_at: undefined });
  if (!marked) throw accountNotFound();
  // From here on it is deleted, even if the rest of the work is done later.
  await deed.record('user_deleted', { accountId: account.user_id, ...by(deed) });
  await eraseAccount(core, marked);
}

/** An admin who shuts himself out may leave nobody to let him in again. Throws `ConflictError`. */
function demandAnother(account: AccountDoc, { admin }: AdminDeed, verb: string): void {
  if (account.user_id === admin.user_id) throw new ConflictError(`you cannot ${verb} your own account`);
}
