/** Who calls with a name and a password (RFC 7617): for the routes of tokens alone. */

import { isUtf8 } from 'node:buffer';
import type { Context } from 'koa';
import { ForbiddenError, InvalidInputError, UnauthorizedError } from '../../base/errors.ts';
import { FULL } from '../../core/access/callers.ts';
import { authenticate } from '../../core/access/login.ts';
import type { Scopes } from '../../core/access/scopes.ts';
import type { AccountDoc } from '../../core/collections.ts';
import type { DialectDeps } from '../dialect.ts';

/** An account whose password was given. It may do everything. */
export interface PasswordCaller {
  readonly accountId: string;
  readonly account: AccountDoc;
  readonly scopes: Scopes;
  readonly token?: undefined;
}

/** Characters of what may be sent: a name of 128 and a password of 1,024 bytes have room. */
const LONGEST = 4096;

/** Whether the request has a name and a password in its `Authorization`. */
export function isBasic(ctx: Context): boolean {
  return /^basic /i.test(ctx.get('Authorization'));
}

/**
 * The caller with a password. Throws `UnauthorizedError` (code `login_refused`, whatever of it is wrong), `ForbiddenError` (codes
 * `account_blocked`, `email_unconfirmed`), `RateLimitedError`, `ServerBusyError`.
 */
export async function passwordCaller(
  { core, callerOf }: Pick<DialectDeps<unknown>, 'core' | 'callerOf'>,
  ctx: Context,
): Promise<PasswordCaller> {
  const credentials = credentialsOf(ctx);
  if (credentials === undefined) throw refused();
  const account = await authenticate(core, { ...credentials, ...callerOf(ctx) }).catch(error => {
    // No account has such a name, or such a password.
    const isWrong = error instanceof InvalidInputError || (error instanceof ForbiddenError && error.code === WRONG);
    throw isWrong ? refused() : error;
  });
  return { accountId: account.user_id, account, scopes: FULL };
}

const WRONG = 'credentials_invalid';

function credentialsOf(ctx: Context): { username: string; password: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2})$/i.exec(ctx.get('Authorization'))?.[1];
  if (encoded === undefined || encoded.length > LONGEST) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const colon = bytes.indexOf(':');
  if (colon < 0 || !isUtf8(bytes)) return undefined;
  return { username: bytes.toString('utf8', 0, colon), password: bytes.toString('utf8', colon + 1) };
}

function refused(): UnauthorizedError {
  return new UnauthorizedError('wrong username or password', { code: 'login_refused' });
}
