/** Session tokens: JSON web tokens that live for a week and are not stored. */

import type { KeyObject } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { InvalidInputError } from '../../base/errors.ts';
import { isOpen, openAccount } from '../../core/access/standing.ts';
import { accountByUuid, publicId } from '../../core/accounts/accounts.ts';
import type { AccountDoc } from '../../core/collections.ts';
import type { Core } from '../../core/context.ts';
import { sessionTokenInvalid } from './refusals.ts';

const LIFETIME = 604_800;
const ALGORITHM = 'HS256';

/** A token for the account, signed with the key. */
export async function issueSessionToken(core: Core, key: KeyObject, account: AccountDoc): Promise<string> {
  const uuid = publicId(account) ?? '';
  const iat = Math.floor(core.clock.now() / 1000);
  const claims = {
    user_uuid: uuid,
    username: account.username,
    is_admin: account.admin === true,
    // A uuid may be given to one account after another; this is never.
    account: account.user_id,
    password_version: account.password_version ?? 0,
  };
  const { SignJWT } = await import('jose');
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
  const { errors, jwtVerify } = await import('jose');
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

/** Others may sign with the same secret: their tokens know neither our ids of accounts nor the versions of passwords. */
async function accountOf(core: Core, claims: JWTPayload & { iat: number }): Promise<AccountDoc | undefined> {
  const { account: id, user_uuid, iat } = claims;
  const account = typeof id === 'string' ? await openAccount(core, id) : await namedAccount(core, id, user_uuid, iat);
  return account && isOfPresentPassword(account, claims) ? account : undefined;
}

async function namedAccount(core: Core, id: unknown, uuid: unknown, iat: number): Promise<AccountDoc | undefined> {
  if (id !== undefined || typeof uuid !== 'string') return undefined;
  const named = await accountByUuid(core, uuid);
  if (named === undefined || !isOpen(named)) return undefined;
  const created = Math.floor((named.created_at?.getTime() ?? 0) / 1000);
  return iat >= created ? named : undefined;
}

/** `iat` has whole seconds only: of a token without a version that is of the second of the change nobody knows. */
function isOfPresentPassword(account: AccountDoc, { password_version, iat }: JWTPayload & { iat: number }): boolean {
  if (password_version !== undefined) return password_version === (account.password_version ?? 0);
  return iat * 1000 >= (account.password_changed_at?.getTime() ?? 0);
}
