/**
 * Mails that have to go out lie in the storage until they were taken: what cannot be sent is tried again, by whichever process,
 * until its link would be of no use. Who tries a mail claims it first, so that several processes send it once.
 */

import { setImmediate as breathe } from 'node:timers/promises';
import { AppError } from '../../base/errors.ts';
import type { Mail } from '../../base/mail.ts';
import { issueMailToken, LIFETIME_MS } from '../access/mail-tokens.ts';
import { recordOwn } from '../audit/record.ts';
import { type AccountDoc, accountsSpec, type MailDoc, mailsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { newId } from '../ids.ts';
import { pagesOf } from '../pages.ts';
import { sendMail } from './mail.ts';
import { emailChangedText, mailText, resetDoneText } from './texts.ts';

/** Milliseconds after which a process that claimed a mail is taken for dead: more than any attempt takes. */
const CLAIM_MS = 180_000;
/** Milliseconds until the first attempt after one that failed; each time twice as many. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 86_400_000;
/** How long it is worth telling that a password was reset, or an e-mail changed, in milliseconds. */
const NOTICE_MS = 604_800_000;
/** Mails tried side by side. */
const PORTION = 5;

/** What a mail is about. `devices` as in `MailDoc`. */
export type MailOrder = Pick<MailDoc, 'purpose' | 'base' | 'language' | 'devices'>;

/**
 * Stores a mail to the account's e-mail in place of an earlier one of that purpose, claimed for `sendQueued`. Once it has
 * resolved, the mail goes out even if this process dies.
 */
export async function queueMail(
  core: Core,
  { user_id, email = '' }: Pick<AccountDoc, 'user_id' | 'email'>,
  order: MailOrder,
): Promise<MailDoc> {
  const now = core.clock.now();
  const { purpose } = order;
  const doc: MailDoc = {
    user_id,
    ...order,
    mail_id: newId(),
    email,
    attempts: 0,
    due_at: new Date(now + CLAIM_MS),
    claimed_at: new Date(now),
    expires_at: new Date(now + (isNotice(purpose) ? NOTICE_MS : LIFETIME_MS[tokenFor(purpose)])),
  };
  await core.storage.collection(mailsSpec).put(doc);
  return doc;
}

/** Tries a claimed mail. What goes wrong is logged, and shown to admins until it is tried again with success or given up. */
export async function sendQueued(core: Core, doc: MailDoc): Promise<void> {
  const { user_id, purpose, mail_id } = doc;
  const account = await core.storage.collection(accountsSpec).get([user_id]);
  try {
    if (account && isWanted(account, doc)) await sendMail(core, await compose(core, account, doc));
    await core.storage.collection(mailsSpec).delete([user_id, purpose], { mail_id });
  } catch (error) {
    // Where the storage is away the claim runs out by itself.
    if (error instanceof AppError) throw error;
    await putOff(core, doc, error);
  }
}

/** Tries every mail that is due, until `stopping`. Throws `StorageUnavailableError`. */
export async function sendDueMails(core: Core, stopping?: AbortSignal): Promise<void> {
  const mails = core.storage.collection(mailsSpec);
  const below = new Date(core.clock.now());
  for await (const page of pagesOf(after => mails.scan({ index: 'due', below, limit: PORTION, ...after }))) {
    if (stopping?.aborted) return;
    const claimed = await Promise.all(page.map(doc => claim(core, doc)));
    await Promise.all(claimed.map(doc => doc && sendQueued(core, doc)));
    await breathe();
  }
}

/** Has the mails that failed tried again soon: something about mail was changed. */
export async function hastenMails(core: Core): Promise<void> {
  const mails = core.storage.collection(mailsSpec);
  const change = { set: { due_at: new Date(core.clock.now() - 1) } };
  for await (const page of pagesOf(after => mails.scan({ index: 'failed', limit: 100, ...after }))) {
    for (const { user_id, purpose, mail_id, due_at } of page) {
      await mails.update([user_id, purpose], change, { mail_id, due_at, claimed_at: undefined });
    }
  }
}

/** How many mails wait, how many of them failed before, and what went wrong last. */
export async function mailTrouble(
  core: Core,
): Promise<{ waiting: number; failing: number; last: Pick<MailDoc, 'failed_at' | 'error'> | undefined }> {
  const mails = core.storage.collection(mailsSpec);
  const failed = { index: 'failed', order: 'desc', limit: 1 } as const;
  const [waiting, failing, { items }] = await Promise.all([
    mails.count({}),
    mails.count({ index: 'failed' }),
    mails.scan(failed),
  ]);
  return { waiting, failing, last: items[0] };
}

/** The mail, unless another process was faster. */
function claim(core: Core, { user_id, purpose, mail_id, due_at }: MailDoc): Promise<MailDoc | undefined> {
  const now = core.clock.now();
  const set = { due_at: new Date(now + CLAIM_MS), claimed_at: new Date(now) };
  return core.storage.collection(mailsSpec).update([user_id, purpose], { set }, { mail_id, due_at });
}

/** Whether the mail would still do what it was meant for. */
function isWanted(account: AccountDoc, { purpose, email }: MailDoc): boolean {
  if (account.erasing_at) return false;
  if (purpose === 'email_changed') return account.email !== email;
  if ((purpose === 'change' ? account.new_email : account.email) !== email) return false;
  if (purpose === 'reset_done') return true;
  return !account.blocked_at && (purpose !== 'confirm' || account.unconfirmed_at !== undefined);
}

/** A link works from the moment it is sent, for as long as the text of the mail says. */
async function compose(core: Core, account: AccountDoc, doc: MailDoc): Promise<Mail> {
  const { purpose, email: to, base, language, devices } = doc;
  if (purpose === 'reset_done') return { to, ...resetDoneText(language, devices) };
  if (purpose === 'email_changed') return { to, ...emailChangedText(language) };
  const token = await issueMailToken(core, { ...account, email: to }, tokenFor(purpose));
  const link = `${base}${purpose === 'reset' ? '/reset' : '/api/v1/auth/confirm'}?token=${token}`;
  return { to, ...mailText(language, purpose, link) };
}

/** Mails that only tell what happened. */
type Notice = 'reset_done' | 'email_changed';

function isNotice(purpose: MailDoc['purpose']): purpose is Notice {
  return purpose === 'reset_done' || purpose === 'email_changed';
}

/** What the token in a mail is for. */
function tokenFor(purpose: Exclude<MailDoc['purpose'], Notice>): 'confirm' | 'reset' {
  return purpose === 'reset' ? 'reset' : 'confirm';
}

async function putOff(core: Core, doc: MailDoc, err: unknown): Promise<void> {
  const { user_id, purpose, mail_id, attempts, expires_at } = doc;
  const mails = core.storage.collection(mailsSpec);
  const now = core.clock.now();
  const due_at = new Date(now + Math.min(FIRST_PAUSE_MS * 2 ** attempts, LONGEST_PAUSE_MS));
  const error = err instanceof Error ? err.message : String(err);
  const last = due_at >= expires_at;
  if (last) await mails.delete([user_id, purpose], { mail_id });
  else {
    const set = { attempts: attempts + 1, due_at, failed_at: new Date(now), error };
    await mails.update([user_id, purpose], { set, unset: ['claimed_at'] }, { mail_id });
  }
  core.log.error(
    { err },
    last ? 'a mail could not be sent and is given up' : 'a mail could not be sent; it is tried again',
  );
  if (last || attempts === 0)
    await recordOwn(core, 'mail_failed', { accountId: user_id, message: `${purpose}: ${error}` });
}
