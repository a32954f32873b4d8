/** The tokens in links of mails: each for one purpose, for one account and the address it had, and to be used once. */

import { ConflictError, InvalidInputError } from '../../base/errors.ts';
import type { Expect, Write } from '../../storage/port.ts';
import { type AccountDoc, accountsSpec, type MailTokenDoc, mailTokensSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { newSecret, sha256Hex } from '../ids.ts';
import { type EndedCredentials, endingCredentials, passwordChange } from './credentials.ts';

type Purpose = MailTokenDoc['purpose'];

const TOKEN = /^[0-9a-f]{48}$/;
const HOUR_MS = 3_600_000;
/** How long a link works, in milliseconds. */
export const LIFETIME_MS: Readonly<Record<Purpose, number>> = { confirm: 48 * HOUR_MS, reset: HOUR_MS };

/** A new token for the account's e-mail: 48 hours to confirm it, one hour to set another password. */
export async function issueMailToken(core: Core, account: AccountDoc, purpose: Purpose): Promise<string> {
  const token = newSecret(24);
  await core.storage.collection(mailTokensSpec).insert({
    user_id: account.user_id,
    hash: sha256Hex(token),
    purpose,
    email: account.email ?? '',
    expires_at: new Date(core.clock.now() + LIFETIME_MS[purpose]),
  });
  return token;
}

/** The live token, not used up by looking. Throws `InvalidInputError` (code `mail_token_invalid`). */
export async function findMailToken(core: Core, token: string, purpose: Purpose): Promise<MailTokenDoc> {
  if (!TOKEN.test(token)) throw mailTokenInvalid();
  const doc = await core.storage.collection(mailTokensSpec).find('hash', [sha256Hex(token)]);
  if (doc?.purpose !== purpose) throw mailTokenInvalid();
  return doc;
}

/**
 * Uses a token up and confirms the e-mail it was sent to, which may be one that takes the place of another: then it returns the
 * account as it was before. Throws `InvalidInputError` (code `mail_token_invalid`), also when others were faster or the account has
 * another e-mail by now.
 */
export async function useConfirmation(core: Core, doc: MailTokenDoc): Promise<AccountDoc | undefined> {
  const { user_id, email } = doc;
  const account = await core.storage.collection(accountsSpec).get([user_id]);
  if (account?.new_email !== email) {
    await use(core, doc, { unset: ['unconfirmed_at'] }, { email });
    return undefined;
  }
  // Whoever has the address by now keeps it: it is unique.
  await use(core, doc, { set: { email }, unset: ['new_email', 'unconfirmed_at'] }, { new_email: email });
  return account;
}

/**
 * Uses a token up and gives the account another password: that ends its tokens, its sessions, its devices unless the
 * configuration keeps them, and every other reset token. Who has the link has the mailbox, so the e-mail is confirmed by it.
 * `hash` comes from `core.passwords`. Throws `InvalidInputError` as `useConfirmation`.
 */
export async function useReset(core: Core, doc: MailTokenDoc, hash: string): Promise<EndedCredentials> {
  // A link to an address that the account has no more must end nothing.
  const account = await core.storage.collection(accountsSpec).get([doc.user_id]);
  if (account === undefined || account.email !== doc.email || account.erasing_at || account.admin) {
    throw mailTokenInvalid();
  }
  const change = { ...passwordChange(core, hash), unset: ['unconfirmed_at'] as const };
  const ended = await endingCredentials(core, doc.user_id, () => use(core, doc, change, { email: doc.email }), {
    devices: core.settings.resetEndsDevices(),
  });
  const tokens = core.storage.collection(mailTokensSpec);
  // Some hundred at most: they are limited, and live for an hour.
  const { items } = await tokens.scan({ prefix: [doc.user_id], limit: 1000 });
  for (const { user_id, hash: other, purpose } of items) if (purpose === 'reset') await tokens.delete([user_id, other]);
  return ended;
}

/** The token goes first: where a commit may stop half way, it has not been used twice. */
async function use(
  core: Core,
  { user_id, hash, purpose }: MailTokenDoc,
  change: Extract<Write<AccountDoc>, { update: unknown }>['change'],
  expect: Expect<AccountDoc>,
): Promise<void> {
  try {
    await core.storage.commit([
      { in: mailTokensSpec, delete: [user_id, hash], expect: { purpose } },
      { in: accountsSpec, update: [user_id], change, expect: { ...expect, erasing_at: undefined } },
    ]);
  } catch (error) {
    throw error instanceof ConflictError ? mailTokenInvalid() : error;
  }
}

function mailTokenInvalid(): InvalidInputError {
  return new InvalidInputError('this link is not valid any more', { code: 'mail_token_invalid' });
}
