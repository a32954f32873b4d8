/** Who somebody is, by a name or e-mail and a password. */

import { ForbiddenError } from '../errors.ts';
import { type AccountDoc, accountsSpec } from './collections.ts';
import type { Core } from './context.ts';
import { emailOf } from './email.ts';
import { checkPassword, checkUsername, isUsername } from './rules.ts';
import { type AttemptRules, throttled } from './throttle.ts';

/** What somebody claims, and from which address. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly address: string;
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
 * wrong password; codes `account_blocked`, `email_unconfirmed`), `RateLimitedError`, `InvalidInputError`.
 */
export async function authenticate(
  core: Core,
  { username, password, address }: Credentials,
  { byEmail = false, throttle }: LoginRules = {},
): Promise<AccountDoc> {
  if (!byEmail) checkUsername(username);
  checkPassword(password);
  const account = await verified(core, await accountsNamed(core, username, byEmail), password, {
    // One address is one name, however it is written: who guesses must not see by it whether an account has it.
    name: (byEmail ? emailOf(username) : undefined) ?? username,
    address,
    throttle,
  });
  if (account === undefined) throw credentialsInvalid();
  demandUsable(account);
  return account;
}

/** Throws `ForbiddenError` (codes `account_blocked`, `email_unconfirmed`) when the account may be given no credential. */
function demandUsable(account: AccountDoc): void {
  if (account.blocked_at) throw new ForbiddenError('this account is blocked', { code: 'account_blocked' });
  if (account.unconfirmed_at) {
    throw new ForbiddenError('the e-mail of this account is not confirmed yet', { code: 'email_unconfirmed' });
  }
}

/** Whether it is the account's password. Throws `RateLimitedError`. */
export async function hasPassword(
  core: Core,
  account: AccountDoc,
  password: string,
  attempt: { address: string; throttle?: AttemptRules },
): Promise<boolean> {
  return (await verified(core, [account], password, { name: '', ...attempt })) !== undefined;
}

/** The one of the accounts whose password it is. Takes as long when there is none. */
async function verified(
  core: Core,
  accounts: readonly AccountDoc[],
  password: string,
  { name, address, throttle }: { name: string; address: string; throttle?: AttemptRules | undefined },
): Promise<AccountDoc | undefined> {
  const bySubject = new Map(accounts.map(account => [`account ${account.user_id}`, account]));
  const subjects = bySubject.size > 0 ? [...bySubject.keys()] : [`name ${name}`];
  const right = await throttled(core, { subjects, address, rules: throttle }, async () => {
    for (const subject of subjects) {
      const account = bySubject.get(subject);
      if ((await core.passwords.verify(password, account?.password)) && account) return subject;
    }
    return undefined;
  });
  return right === undefined ? undefined : bySubject.get(right);
}

/** Whom a name may mean. */
async function accountsNamed(core: Core, name: string, byEmail: boolean): Promise<AccountDoc[]> {
  const accounts = core.storage.collection(accountsSpec);
  const email = byEmail ? emailOf(name) : undefined;
  const [named, addressed] = await Promise.all([
    isUsername(name) ? accounts.find('username', [name]) : undefined,
    email === undefined ? undefined : accounts.find('email', [email]),
  ]);
  const found = named?.user_id === addressed?.user_id ? [named] : [named, addressed];
  return found.filter(account => account !== undefined && !account.erasing_at) as AccountDoc[];
}

/** One error for an unknown name, a wrong password and an account that changed meanwhile. */
export function credentialsInvalid(): ForbiddenError {
  return new ForbiddenError('wrong username or password', { code: 'credentials_invalid' });
}
