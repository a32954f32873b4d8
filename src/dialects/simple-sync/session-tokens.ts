/** Session tokens: JSON web tokens that live for a week and are not stored. */

import type { KeyObject } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { accountByUuid, isOpen, openAccount, publicId } from '../../core/accounts.ts';
import type { AccountDoc } from '../../core/collections.ts';
import type { Core } from '../../core/context.ts';
import { InvalidInputError } from '../../errors.ts';
import { sessionTokenInvalid } from './refusals.ts';

const LIFETIME = 604_800;
const ALGORITHM = 'HS256';

/** A token for the account, signed with the key. */
export function issueSessionToken(core: Core, key: KeyObject, account: AccountDoc): Promise<string> {
  const uuid = publicId(account) ?? '';
  const iat = Math.floor(core.clock.now() / 1000);
  const claims = {
    user_uuid: uuid,
    username: account.username,
    is_admin: account.admin === true,
    // A uuid may be given to one account after another; this is never.
    account: account.user_id,
  };
  return new SignJWT({ ...claims, sub: uuid, iat, exp: iat + LIFETIME })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
    .sign(key);
}

/** The account that the token opens. Throws `UnauthorizedError` (code `session_token_invalid`). */
export async function accountOfSessionToken(core: Core, key: KeyObject, token: string): Promise<AccountDoc> {
  const claims = await verify(core, key, token);
  const account = await accountOf(core, claims).catch(error => {
    // An id that no account can have.
    throw error instanceof InvalidInputError ? sessionTokenInvalid() : error;
  });
  if (account === undefined || publicId(account) !== claims.user_uuid) throw sessionTokenInvalid();
  return account;
}

async function verify(core: Core, key: KeyObject, token: string): Promise<JWTPayload & { iat: number }> {
  if (!isCanonical(token.slice(token.lastIndexOf('.') + 1))) throw sessionTokenInvalid();
  const options = { algorithms: [ALGORITHM], currentDate: new Date(core.clock.now()), requiredClaims: ['iat', 'exp'] };
  const { payload } = await jwtVerify(token, key, options).catch(error => {
    throw error instanceof errors.JOSEError ? sessionTokenInvalid() : error;
  });
  const { iat, exp } = payload;
  if (iat === undefined || !Number.isSafeInteger(iat) || !Number.isSafeInteger(exp)) throw sessionTokenInvalid();
  return { ...payload, iat };
}

/** Decoding passes over padding, and over bits at the end: a signature that was changed there would still fit. */
function isCanonical(base64url: string): boolean {
  return Buffer.from(base64url, 'base64url').toString('base64url') === base64url;
}

/** Others may sign with the same secret: their tokens do not know our ids of accounts. */
async function accountOf(core: Core, { account, user_uuid, iat }: JWTPayload & { iat: number }) {
  if (typeof account === 'string') return openAccount(core, account);
  if (account !== undefined || typeof user_uuid !== 'string') return undefined;
  const named = await accountByUuid(core, user_uuid);
  if (named === undefined || !isOpen(named)) return undefined;
  const created = Math.floor((named.created_at?.getTime() ?? 0) / 1000);
  return iat >= created ? named : undefined;
}
