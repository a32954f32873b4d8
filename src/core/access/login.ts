/** Who somebody is, by a name or e-mail and a password. */

import type { Caller } from '../../base/caller.ts';
import { emailOf } from '../../base/email.ts';
import { AppError, ForbiddenError, RateLimitedError, ServerBusyError } from '../../base/errors.ts';
import { checkPassword, checkUsername, isUsername } from '../../base/names.ts';
import { type AccountDoc, accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { type AttemptRules, throttled } from '../throttle/throttle.ts';

/** What somebody claims, and from where. */
export interface Credentials extends Caller {
  readonly username: string;
  readonly password: string;
}

/** Who tries a password, and under which limits if they are not those of the configuration's `[SECURITY]`. */
interface Attempt extends Caller {
  readonly throttle?: AttemptRules | undefined;
}

/** What an API lets count as a login. */
export interface LoginRules {
  /** The name may also be the account's e-mail, in any letter case. */
  readonly byEmail?: boolean;
  /** Other limits to guessing than those of the configuration's `[SECURITY]`. */
  readonly throttle?: AttemptRules;
}

/**
 * The account of a username and password. Throws `ForbiddenError` (code `credentials_invalid`, for an unknown name as for a
 * wrong password; codes `account_blocked`, `email_unconfirmed`), `RateLimitedError`, `ServerBusyError`, `InvalidInputError`.
 */
export async function authenticate(
  core: Core,
  { username, password, ...caller }: Credentials,
  { byEmail = false, throttle }: LoginRules = {},
): Promise<AccountDoc> {
  if (!byEmail) checkUsername(username);
  checkPassword(password);
  const account = await verified(core, await candidatesFor(core, username, byEmail), password, { ...caller, throttle });
  if (account === undefined) throw credentialsInvalid();
  demandUsable(account);
  await renewHash(core, account, password, caller);
  return account;
}

/**
 * Has an account whose hash has another cost than that of the configuration get one that has it. It stays the same password: what
 * was given out for it goes on. Where it cannot be done now, the next login tries again.
 */
async function renewHash(core: Core, account: AccountDoc, password: string, caller: Caller): Promise<void> {
  const { user_id, password: old } = account;
  if (old === undefined) return;
  try {
    const renewed = await core.passwords.renew(password, old, caller);
    if (renewed === undefined) return;
    await core.storage.collection(accountsSpec).update([user_id], { set: { password: renewed } }, { password: old });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

/** Throws `ForbiddenError` (codes `account_blocked`, `email_unconfirmed`) when the account may be given no credential. */
function demandUsable(account: AccountDoc): void {
  if (account.blocked_at) throw new ForbiddenError('this account is blocked', { code: 'account_blocked' });
  if (account.unconfirmed_at) {
    throw new ForbiddenError('the e-mail of this account is not confirmed yet', { code: 'email_unconfirmed' });
  }
}

/** Whether it is the account's password. Throws `RateLimitedError`, `ServerBusyError`. */
export async function hasPassword(
  core: Core,
  account: AccountDoc,
  password: string,
  attempt: Attempt,
): Promise<boolean> {
  return (await verified(core, [candidate(account, '')], password, attempt)) !== undefined;
}

/** Whom a login may mean: an account, or nobody, where that has to look the same. */
interface Candidate {
  /** What failures count on. */
  readonly subject: string;
  readonly account: AccountDoc | undefined;
}

/** The account whose password it is. Takes as long for a candidate without one. */
async function verified(
  core: Core,
  candidates: readonly Candidate[],
  password: string,
  { throttle, ...caller }: Attempt,
): Promise<AccountDoc | undefined> {
  const subjects = candidates.map(({ subject }) => subject);
  const { address, hear } = caller;
  const tried = throttled(core, { subjects, address, rules: throttle, hear }, async () => {
    for (const { subject, account } of candidates) {
      if ((await core.passwords.verify(password, account?.password, caller)) && account) return subject;
    }
    return undefined;
  });
  const { logins } = core.tallies;
  const right = await tried.catch(error => {
    if (error instanceof RateLimitedError) logins.throttled++;
    else if (error instanceof ServerBusyError) logins.busy++;
    throw error;
  });
  logins[right === undefined ? 'wrong' : 'right']++;
  return right === undefined ? undefined : candidates.find(({ subject }) => subject === right)?.account;
}

/**
 * Whom a name may mean, at most two: who has it as e-mail, and who is called so. Anybody can be called as a stranger's e-mail
 * is: neither time nor throttle must tell him whether that has an account, so the e-mail is a candidate in any case.
 */
async function candidatesFor(core: Core, name: string, byEmail: boolean): Promise<Candidate[]> {
  const accounts = core.storage.collection(accountsSpec);
  const email = byEmail ? emailOf(name) : undefined;
  const [named, addressed] = await Promise.all([
    isUsername(name) ? accounts.find('username', [name]) : undefined,
    // One address is one, however it is written.
    email === undefined ? undefined : accounts.find('email', [email]),
  ]);
  const byName = candidate(named, `name ${name}`);
  if (email === undefined) return [byName];
  const byAddress = candidate(addressed, `email ${email}`);
  if (byName.account === undefined) return [byAddress];
  return byName.subject === byAddress.subject
    ? [byAddress, candidate(undefined, `email ${email}`)]
    : [byAddress, byName];
}

function candidate(account: AccountDoc | undefined, otherwise: string): Candidate {
  if (account === undefined || account.erasing_at) return { subject: otherwise, account: undefined };
  return { subject: `account ${account.user_id}`, account };
}

/** One error for an unknown name, a wrong password and an account that changed meanwhile. */
export function credentialsInvalid(): ForbiddenError {
  return new ForbiddenError('wrong username or password', { code: 'credentials_invalid' });
}
