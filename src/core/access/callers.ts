/** Who calls with a token of any kind, and what the token may do. */

import { ForbiddenError, UnauthorizedError } from '../../base/errors.ts';
import { type TokenDoc, tokensSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { hashOfSecret } from '../ids.ts';
import { noteClient } from '../plugins/tell.ts';
import { tokenUnknown } from './scoped/refusal.ts';
import { useToken } from './scoped/use.ts';
import { EVERYTHING, Scopes, scopeInsufficient } from './scopes.ts';
import { clientIdOf, resolveToken } from './tokens.ts';

/** A token of v2, and one of the original API. */
const SCOPED = /^kb_[A-Za-z0-9_-]{43}$/;
const PLAIN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Who calls. */
export interface TokenCaller {
  readonly accountId: string;
  readonly token: TokenDoc;
  readonly scopes: Scopes;
}

/** What a password may do, and a token of the original API. */
export const FULL = new Scopes(EVERYTHING);

/**
 * The caller with a token; that counts as a use of it. Throws `UnauthorizedError`, one and the same whatever is wrong with it.
 */
export async function callerOfToken(core: Core, secret: string): Promise<TokenCaller> {
  if (!SCOPED.test(secret) && !PLAIN.test(secret)) throw tokenUnknown();
  const found = await core.storage.collection(tokensSpec).find('hash', [hashOfSecret(secret)]);
  const token = found && (await useToken(core, found));
  if (!token) throw tokenUnknown();
  noteClient(core, () => clientIdOf(token));
  return { accountId: token.user_id, token, scopes: token.scopes === undefined ? FULL : new Scopes(token.scopes) };
}

/**
 * The token of an `Authorization` header, for routes that a token of v2 opens only when it may do everything. Throws
 * `ForbiddenError` (codes `token_invalid`, `scope_insufficient`).
 */
export async function resolveFullToken(core: Core, secret: string): Promise<TokenDoc> {
  if (!SCOPED.test(secret)) return resolveToken(core, secret);
  const { token, scopes } = await callerOfToken(core, secret).catch(error => {
    throw error instanceof UnauthorizedError
      ? new ForbiddenError('the token is not valid', { code: 'token_invalid' })
      : error;
  });
  const missing = EVERYTHING.find(scope => !scopes.covers(new Scopes([scope])));
  if (missing !== undefined) throw scopeInsufficient(missing);
  return token;
}

/**
 * The account id that a bearer token opens to what is kept equal between machines. Throws `UnauthorizedError`, one and the same
 * whatever is wrong with it, and `ForbiddenError` (code `scope_insufficient`).
 */
export async function accountIdOf(core: Core, token: string | undefined): Promise<string> {
  try {
    const { accountId, scopes } = await callerOfToken(core, token ?? '');
    if (!scopes.maySync) throw scopeInsufficient('sync');
    return accountId;
  } catch (error) {
    throw error instanceof UnauthorizedError ? new UnauthorizedError('a valid token is needed') : error;
  }
}
