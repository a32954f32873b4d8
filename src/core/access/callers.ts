/** Who calls with a token of any kind, and what the token may do. */

import { UnauthorizedError } from '../../base/errors.ts';
import { type TokenDoc, tokensSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { hashOfSecret } from '../ids.ts';
import { noteClient } from '../plugins/tell.ts';
import { EVERYTHING, Scopes } from './scopes.ts';
import { clientIdOf } from './tokens.ts';

/** A token of v2, and one of the original API. */
const SECRET = /^(?:kb_[A-Za-z0-9_-]{43}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** Who calls. */
export interface TokenCaller {
  readonly accountId: string;
  readonly token: TokenDoc;
  readonly scopes: Scopes;
}

const FULL = new Scopes(EVERYTHING);

/** The caller with a token. Throws `UnauthorizedError`, one and the same whatever is wrong with it. */
export async function callerOfToken(core: Core, secret: string): Promise<TokenCaller> {
  if (!SECRET.test(secret)) throw tokenUnknown();
  const token = await core.storage.collection(tokensSpec).find('hash', [hashOfSecret(secret)]);
  if (!token) throw tokenUnknown();
  noteClient(core, () => clientIdOf(token));
  return { accountId: token.user_id, token, scopes: token.scopes === undefined ? FULL : new Scopes(token.scopes) };
}

function tokenUnknown(): UnauthorizedError {
  return new UnauthorizedError('the token is unknown, expired or revoked');
}
