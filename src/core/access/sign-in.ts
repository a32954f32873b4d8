/** People log in by their name or e-mail. */

import type { Caller } from '../../base/caller.ts';
import { ForbiddenError, InvalidInputError, UnauthorizedError } from '../../base/errors.ts';
import type { AccountDoc, SessionDoc } from '../collections.ts';
import type { Core } from '../context.ts';
import type { AttemptRules } from '../throttle/throttle.ts';
import { authenticate, hasPassword } from './login.ts';
import { type OpenedSession, openSession } from './sessions.ts';

/** Longest login, in bytes: a name or an e-mail. */
const LOGIN_BYTES = 320;

/** What somebody logs in with. */
export interface Login {
  /** A name or an e-mail. */
  readonly login: string;
  readonly password: string;
}

/**
 * The account of a name or e-mail and a password. Throws `InvalidInputError` (something is missing or too long),
 * `UnauthorizedError` (unknown, or another password), `ForbiddenError` (blocked, or its e-mail is not confirmed),
 * `RateLimitedError`, `ServerBusyError`.
 */
export async function logInPerson(
  core: Core,
  { login, password }: Login,
  caller: Caller,
  rules: AttemptRules,
): Promise<AccountDoc> {
  if (login === '' || password === '') throw new InvalidInputError('a login and a password are needed');
  if (Buffer.byteLength(login) > LOGIN_BYTES) {
    throw new InvalidInputError(`login: expected at most ${LOGIN_BYTES} bytes`);
  }
  const credentials = { username: login, password, ...caller };
  return authenticate(core, credentials, { byEmail: true, throttle: rules }).catch(error => {
    // No account has such a password.
    if (error instanceof InvalidInputError) throw loginRefused();
    throw error instanceof ForbiddenError && error.code === 'credentials_invalid' ? loginRefused() : error;
  });
}

/**
 * Logs somebody in at a browser, for the pages of people or those of admins. One error for whatever is wrong: neither who is an
 * admin shows, nor who is blocked. Throws `UnauthorizedError`, `RateLimitedError`, `ServerBusyError`.
 */
export async function signIn(
  core: Core,
  given: Login,
  scope: SessionDoc['scope'],
  caller: Caller,
  rules: AttemptRules,
): Promise<OpenedSession & { readonly account: AccountDoc }> {
  try {
    const account = await logInPerson(core, given, caller, rules);
    if (scope === 'admin' && !account.admin) throw loginRefused();
    return { ...(await openSession(core, account, scope, { withCsrf: true })), account };
  } catch (error) {
    const refused = [InvalidInputError, UnauthorizedError, ForbiddenError].some(kind => error instanceof kind);
    throw refused ? loginRefused() : error;
  }
}

/**
 * Demands the account's password once more, before something that a session alone must not do. Throws `InvalidInputError` (none was
 * given), `ForbiddenError` (another one), `RateLimitedError`, `ServerBusyError`.
 */
export async function demandPassword(
  core: Core,
  account: AccountDoc,
  password: string,
  caller: Caller,
  rules: AttemptRules,
): Promise<void> {
  if (password === '') throw new InvalidInputError('password is needed', { code: 'password_invalid' });
  if (await hasPassword(core, account, password, { ...caller, throttle: rules })) return;
  throw new ForbiddenError('wrong password');
}

/** One error for an unknown name and a wrong password. */
export function loginRefused(): UnauthorizedError {
  return new UnauthorizedError('wrong login or password');
}
