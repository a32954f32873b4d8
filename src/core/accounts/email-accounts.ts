/** Accounts that register with an e-mail: a link confirms it, another one sets a new password. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from '../../base/caller.ts';
import { emailOf } from '../../base/email.ts';
import { InvalidInputError } from '../../base/errors.ts';
import type { Language } from '../../base/language.ts';
import { checkPassword, checkUsername } from '../../base/names.ts';
import type { EndedCredentials } from '../access/credentials.ts';
import { findMailToken, useConfirmation, useReset } from '../access/mail-tokens.ts';
import { type AccountDoc, accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { queueMail, sendQueued } from '../mail/queue.ts';
import { rationed } from '../throttle/throttle.ts';
import { createAccount, demandRegistrationOpen } from './accounts.ts';

const PASSWORD_BYTES = { min: 8, max: 256 };

/** How long a registration waits for its mail, in milliseconds; a slow mail server goes on after the answer. */
const PATIENCE_MS = 3_000;

/** Where links in a mail lead, and the language it is written in. */
export interface MailContext {
  /** `https://keybin.example.org`, without a slash at its end. */
  readonly base: string;
  readonly language: Language;
}

/** What a person registers with. */
export interface Registration {
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

/**
 * What a registration becomes in the storage. Throws `InvalidInputError` (codes `username_invalid`, `email_invalid`,
 * `password_length_invalid`).
 */
export function checkRegistration({ username, email, password }: Registration): Registration {
  checkPersonName(username);
  const address = checkEmail(email);
  checkNewPassword(password);
  return { username, email: address, password };
}

/** The rule for names, and none that looks like an e-mail: a login takes both. Throws `InvalidInputError`. */
export function checkPersonName(username: string): void {
  checkUsername(username);
  if (emailOf(username) !== undefined) {
    throw new InvalidInputError('username: an e-mail cannot be a name', { code: 'username_invalid' });
  }
}

/** The address as it is stored. Throws `InvalidInputError` (code `email_invalid`). */
export function checkEmail(text: string): string {
  const address = emailOf(text);
  if (address === undefined) {
    throw new InvalidInputError('email: expected one bare address of at most 254 bytes', { code: 'email_invalid' });
  }
  return address;
}

/** 8 to 256 bytes; the message is exactly what clients of Verstak know. Throws `InvalidInputError`. */
export function checkNewPassword(password: string): void {
  const bytes = Buffer.byteLength(password);
  const wrong =
    bytes < PASSWORD_BYTES.min ? 'PASSWORD_TOO_SHORT' : bytes > PASSWORD_BYTES.max ? 'PASSWORD_TOO_LONG' : '';
  if (wrong !== '') throw new InvalidInputError(wrong, { code: 'password_length_invalid' });
  checkPassword(password);
}

/**
 * Makes an account that waits for the confirmation of its e-mail, and sends the link: a slow mail server goes on with it after
 * this has resolved, and a mail that cannot be sent is tried again. Throws as `checkRegistration`, `ForbiddenError` (code `registration_closed`), `RateLimitedError`, `ConflictError` (codes `user_exists`,
 * `email_taken`).
 */
export async function registerWithEmail(
  core: Core,
  given: Registration,
  context: MailContext,
  caller: Caller,
): Promise<AccountDoc> {
  demandRegistrationOpen(core);
  const wanted = { ...checkRegistration(given), unconfirmed: true } as const;
  const account = await rationed(core, caller.address, () => createAccount(core, wanted, caller, 'registrations'));
  const mail = await queueMail(core, account, { purpose: 'confirm', ...context });
  const sent = core.background.run(() => sendQueued(core, mail));
  await Promise.race([sent, pause(PATIENCE_MS, undefined, { ref: false })]);
  return account;
}

/** Confirms an e-mail; the address whose place it takes is told. Throws `InvalidInputError` (code `mail_token_invalid`). */
export async function confirmEmail(core: Core, token: string, language: Language): Promise<string> {
  const doc = await findMailToken(core, token, 'confirm');
  const before = await useConfirmation(core, doc);
  if (before) await tellFormerEmail(core, before, language);
  return doc.user_id;
}

/**
 * Has the e-mail that an account had until now told that it has another one. `before` is the account as it was; an address that
 * nobody ever confirmed is told nothing.
 */
export async function tellFormerEmail(core: Core, before: AccountDoc, language: Language): Promise<void> {
  if (before.email === undefined || before.unconfirmed_at) return;
  const mail = await queueMail(core, before, { purpose: 'email_changed', base: '', language });
  void core.background.run(() => sendQueued(core, mail));
}

/**
 * Sends a link to set another password, if an account has this e-mail, and one to confirm it, if it still waits for that: the
 * first one may have got lost. Nothing to admins: their passwords stand in the configuration, and a mailbox must not be enough to
 * become one. It is done later, so that nobody can tell by the time it takes whether there is an account.
 */
export function forgotPassword(core: Core, email: string, context: MailContext): void {
  const address = emailOf(email);
  if (address === undefined) return;
  void core.background.run(async () => {
    const account = await core.storage.collection(accountsSpec).find('email', [address]);
    if (account === undefined || account.erasing_at || account.blocked_at || account.admin) return;
    const purposes = account.unconfirmed_at ? (['confirm', 'reset'] as const) : (['reset'] as const);
    // Both are safe before either is tried.
    const mails = [];
    for (const purpose of purposes) mails.push(await queueMail(core, account, { purpose, ...context }));
    for (const mail of mails) await sendQueued(core, mail);
  });
}

/**
 * Sets another password, confirms the e-mail, and has a mail say what that signed out. Throws `InvalidInputError` (codes
 * `mail_token_invalid`; `password_length_invalid`, which leaves the token as it is).
 */
export async function resetPassword(
  core: Core,
  { token, password }: { token: string; password: string },
  context: MailContext,
  caller: Caller,
): Promise<{ accountId: string; ended: EndedCredentials }> {
  const doc = await findMailToken(core, token, 'reset');
  checkNewPassword(password);
  const ended = await useReset(core, doc, await core.passwords.hash(password, caller));
  const devices = core.settings.resetEndsDevices() ? { devices: ended.devices } : {};
  const mail = await queueMail(core, doc, { purpose: 'reset_done', ...context, ...devices });
  void core.background.run(() => sendQueued(core, mail));
  return { accountId: doc.user_id, ended };
}
