import type { Context } from 'koa';
import { UnauthorizedError } from '../../base/errors.ts';
import { accountIdOf } from '../../core/access/callers.ts';
import { openAccount } from '../../core/access/standing.ts';
import type { Core } from '../../core/context.ts';
import { bearerToken } from '../../http/bearer.ts';
import type { Keyring } from './keyring.ts';

/**
 * The account of a request: by a key or a token in `Authorization`, or, where that header is missing, by a key in
 * `X-API-Key`. Throws `UnauthorizedError`, one and the same whatever is wrong.
 */
export async function accountOfRequest(core: Core, keyring: Keyring, ctx: Context): Promise<string> {
  const accountId = await claimed(core, keyring, ctx);
  // A token ends with its account, a key does not; and an account may be blocked at any moment.
  const account = accountId === undefined ? undefined : await openAccount(core, accountId);
  if (account === undefined) throw new UnauthorizedError('a valid key or token is needed');
  ctx.state.account = account.user_id;
  return account.user_id;
}

async function claimed(core: Core, keyring: Keyring, ctx: Context): Promise<string | undefined> {
  if (ctx.req.headers.authorization === undefined) return keyring.accountIdOf(ctx.get('X-API-Key'));
  const secret = bearerToken(ctx);
  if (secret === undefined) return undefined;
  return (await keyring.accountIdOf(secret)) ?? (await ofToken(core, secret));
}

async function ofToken(core: Core, token: string): Promise<string | undefined> {
  try {
    return await accountIdOf(core, token);
  } catch (error) {
    if (error instanceof UnauthorizedError) return undefined;
    throw error;
  }
}
