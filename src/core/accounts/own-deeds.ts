/** What people do with their accounts when they are signed in, and give the password once more. */

import { ConflictError, InvalidInputError } from '../../base/errors.ts';
import type { EndedCredentials } from '../access/credentials.ts';
import { revokeAllCredentials } from '../access/live.ts';
import { demandPassword } from '../access/sign-in.ts';
import { type AccountDoc, accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { queueMail, sendQueued } from '../mail/queue.ts';
import { attemptRules, ownPasswordRules, revocationRules } from '../throttle/attempts.ts';
import { countAttempt } from '../throttle/throttle.ts';
import { changeOwnPassword, emailTaken, unregister } from './accounts.ts';
import { checkEmail, checkNewPassword } from './email-accounts.ts';
import { type MailedDeed, mailContext, type PersonDeed } from './person-deeds.ts';

/**
 * Has a link sent to another e-mail of the account, which takes the place of the present one once the link was opened: until then
 * nothing changes. Throws `InvalidInputError` (codes `email_invalid`, `password_invalid`), `ForbiddenError` (another password),
 * `ConflictError` (codes `email_taken`, `email_same`), `RateLimitedError`.
 */
export async function askForNewEmail(
  core: Core,
  account: AccountDoc,
  { email, password }: { email: string; password: string },
  deed: MailedDeed,
): Promise<void> {
  const { caller, attempts } = deed;
  const { user_id } = account;
  const address = checkEmail(email);
  await demandPassword(core, account, password, caller, ownPasswordRules(attempts));
  const subjects = [`account ${user_id}`];
  await countAttempt(core, { subjects, address: caller.address, rules: attemptRules(attempts, 'forgot') });
  if (address === account.email) throw new ConflictError('it is that e-mail already', { code: 'email_same' });
  const accounts = core.storage.collection(accountsSpec);
  if (await accounts.find('email', [address])) throw emailTaken();
  await accounts.update([user_id], { set: { new_email: address } }, { erasing_at: undefined });
  const order = { purpose: 'change', ...(await mailContext(core, deed)) } as const;
  const mail = await queueMail(core, { user_id, email: address }, order);
  void core.background.run(() => sendQueued(core, mail));
}

/** The e-mail that waits for its confirmation is not to take the place of the present one. */
export async function forgetNewEmail(core: Core, { user_id }: AccountDoc): Promise<void> {
  await core.storage.collection(accountsSpec).update([user_id], { unset: ['new_email'] }, {});
}

/**
 * Sets another password for who gives the present one: that ends tokens and sessions. Throws `InvalidInputError` (codes
 * `password_length_invalid`, `password_invalid`), `ForbiddenError` (another password; codes `admin_password_fixed`,
 * `credentials_invalid`), `RateLimitedError`.
 */
export async function changePasswordByPassword(
  core: Core,
  account: AccountDoc,
  { password, next }: { password: string; next: string },
  { caller, attempts, record }: PersonDeed,
): Promise<void> {
  checkNewPassword(next);
  await demandPassword(core, account, password, caller, ownPasswordRules(attempts));
  await changeOwnPassword(core, account, next, caller);
  await record('user_updated', { accountId: account.user_id, message: 'password changed by its owner' });
}

/**
 * Ends all that opens the account but the session with the hash `except`. Throws `InvalidInputError` (no password),
 * `ForbiddenError` (another one), `RateLimitedError`.
 */
export async function revokeOthersByPassword(
  core: Core,
  account: AccountDoc,
  { password, except }: { password: string; except: string },
  { caller, attempts, record }: PersonDeed,
): Promise<EndedCredentials> {
  await demandPassword(core, account, password, caller, revocationRules(attempts));
  const ended = await revokeAllCredentials(core, account.user_id, { except });
  const message = `all at once: ${ended.devices} devices`;
  if (ended.devices > 0) await record('device_revoked', { accountId: account.user_id, message });
  return ended;
}

/**
 * Ends the account and all its data, for who gives its name and password. Throws `InvalidInputError` (code `name_differs`; no
 * password), `ForbiddenError` (another one, or it changed meanwhile), `RateLimitedError`.
 */
export async function unregisterByPassword(
  core: Core,
  account: AccountDoc,
  { name, password }: { name: string; password: string },
  { caller, attempts, record }: PersonDeed,
): Promise<void> {
  if (name !== account.username) throw new InvalidInputError('this is not its name', { code: 'name_differs' });
  await demandPassword(core, account, password, caller, ownPasswordRules(attempts));
  await unregister(core, account);
  await record('user_deleted', { accountId: account.user_id, message: 'by its owner' });
}
