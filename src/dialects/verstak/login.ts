import type { Context } from 'koa';
import { ForbiddenError, InvalidInputError } from '../../base/errors.ts';
import { authenticate } from '../../core/access/login.ts';
import type { AccountDoc } from '../../core/collections.ts';
import { rulesFor, type Verstak } from './context.ts';
import { invalidRequest, loginRefused } from './refusals.ts';
import type { AttemptKind } from './settings.ts';

/** Longest login, in bytes: a name or an e-mail. */
const LOGIN_BYTES = 320;

/**
 * The account of a name or e-mail and a password. Throws `InvalidInputError` (something is missing or too long),
 * `UnauthorizedError` (unknown, or another password), `ForbiddenError` (blocked, or its e-mail is not confirmed),
 * `RateLimitedError`, `ServerBusyError`.
 */
export async function logIn(
  verstak: Verstak,
  ctx: Context,
  { login, password }: { login: string; password: string },
  kind: AttemptKind,
): Promise<AccountDoc> {
  if (login === '' || password === '') throw invalidRequest('a login and a password are needed');
  if (Buffer.byteLength(login) > LOGIN_BYTES) throw invalidRequest(`login: expected at most ${LOGIN_BYTES} bytes`);
  const credentials = { username: login, password, ...verstak.callerOf(ctx) };
  const rules = { byEmail: true, throttle: rulesFor(verstak, kind) };
  const account = await authenticate(verstak.core, credentials, rules).catch(error => {
    // No account has such a password.
    if (error instanceof InvalidInputError) throw loginRefused();
    throw error instanceof ForbiddenError && error.code === 'credentials_invalid' ? loginRefused() : error;
  });
  ctx.state.account = account.user_id;
  return account;
}
