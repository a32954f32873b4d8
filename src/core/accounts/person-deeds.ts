/** What people do with their own accounts, at pages or through an API: counted, and told to the audit log. */

import type { Caller } from '../../base/caller.ts';
import { emailOf } from '../../base/email.ts';
import type { EndedCredentials } from '../access/credentials.ts';
import { demandPassword } from '../access/sign-in.ts';
import type { Recorder } from '../audit/record.ts';
import type { AccountDoc } from '../collections.ts';
import type { Core } from '../context.ts';
import { deviceNotFound, revokeDevice } from '../devices/devices.ts';
import { loadMailSettings } from '../mail/settings.ts';
import { type AttemptSettings, attemptRules, revocationRules } from '../throttle/attempts.ts';
import { countAttempt } from '../throttle/throttle.ts';
import { demandRegistrationOpen } from './accounts.ts';
import {
  confirmEmail,
  forgotPassword,
  type MailContext,
  type Registration,
  registerWithEmail,
  resetPassword,
} from './email-accounts.ts';

/** Who does something, and what is to be known of that. */
export interface PersonDeed {
  readonly caller: Caller;
  readonly attempts: AttemptSettings;
  readonly record: Recorder;
}

/** A deed that a mail follows; `base` is where links lead unless an admin set that. */
export interface MailedDeed extends PersonDeed {
  readonly mail: { readonly base: () => string; readonly language: MailContext['language'] };
}

/**
 * Registers an account that waits for the confirmation of its e-mail. Throws as `registerWithEmail`, and `RateLimitedError`.
 */
export async function registerPerson(core: Core, given: Registration, deed: MailedDeed): Promise<AccountDoc> {
  demandRegistrationOpen(core);
  const { caller, attempts } = deed;
  const subjects = [`name ${given.username.toLowerCase()}`];
  await countAttempt(core, { subjects, address: caller.address, rules: attemptRules(attempts, 'register') });
  const account = await registerWithEmail(core, given, await mailContext(core, deed), caller);
  await deed.record('user_created', { accountId: account.user_id });
  return account;
}

/** Confirms an e-mail; returns the account's id. Throws `InvalidInputError` (code `mail_token_invalid`). */
export async function confirmPerson(
  core: Core,
  token: string,
  { record, mail }: Pick<MailedDeed, 'record' | 'mail'>,
): Promise<string> {
  const accountId = await confirmEmail(core, token, mail.language);
  await record('user_confirmed', { accountId });
  return accountId;
}

/** Has a mail sent to whoever has this e-mail, if anybody has; nobody can tell. Throws `RateLimitedError`. */
export async function askForReset(core: Core, email: string, deed: MailedDeed): Promise<void> {
  const { caller, attempts } = deed;
  const subjects = [`email ${emailOf(email) ?? email.toLowerCase()}`];
  await countAttempt(core, { subjects, address: caller.address, rules: attemptRules(attempts, 'forgot') });
  forgotPassword(core, email, await mailContext(core, deed));
}

/** Sets another password by the token of a mail. Throws as `resetPassword`, and `RateLimitedError`. */
export async function resetByMail(
  core: Core,
  given: { token: string; password: string },
  deed: MailedDeed,
): Promise<{ accountId: string; ended: EndedCredentials }> {
  const { caller, attempts } = deed;
  await countAttempt(core, { subjects: [], address: caller.address, rules: attemptRules(attempts, 'reset') });
  const { accountId, ended } = await resetPassword(core, given, await mailContext(core, deed), caller);
  const message = `by mail; signed out: ${ended.sessions} sessions, ${ended.tokens} tokens, ${ended.devices} devices`;
  await deed.record('user_password_reset', { accountId, message });
  return { accountId, ended };
}

/**
 * Revokes a device of the account for somebody who gives the account's password once more. Throws `InvalidInputError` (no
 * password), `ForbiddenError` (another one), `NotFoundError` (the account has no such device), `RateLimitedError`.
 */
export async function revokeByPassword(
  core: Core,
  account: AccountDoc,
  { deviceId, password }: { deviceId: string; password: string },
  { caller, attempts, record }: PersonDeed,
): Promise<void> {
  await demandPassword(core, account, password, caller, revocationRules(attempts));
  if (!(await revokeDevice(core, account.user_id, deviceId))) throw deviceNotFound();
  await record('device_revoked', { accountId: account.user_id, deviceId });
}

/** Where the links of mails lead, and their language. */
export async function mailContext(core: Core, { mail: { base, language } }: MailedDeed): Promise<MailContext> {
  const stored = await loadMailSettings(core);
  return { base: stored?.server_url || base(), language };
}
