import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Context } from 'koa';
import { ForbiddenError, InvalidInputError } from '../../base/errors.ts';
import { authenticate } from '../../core/access/login.ts';
import { isUnchanged } from '../../core/access/standing.ts';
import type { AccountDoc } from '../../core/collections.ts';
import { isMember } from '../../core/members/membership.ts';
import type { DialectDeps } from '../dialect.ts';
import { adminRequired, authorizationRequired, loginRefused, sessionTokenInvalid } from './refusals.ts';
import { accountOfSessionToken, issueSessionToken } from './session-tokens.ts';
import type { SimpleSyncSettings } from './settings.ts';

/** Who may come in. */
export interface Access {
  /** A session token for a member's name and password. Throws `UnauthorizedError` (code `login_refused`), `RateLimitedError`. */
  login(ctx: Context, credentials: { username: string; password: string }): Promise<string>;
  /**
   * The member whose token the request has. Throws `UnauthorizedError` (codes `authorization_required`,
   * `session_token_invalid`).
   */
  member(ctx: Context): Promise<AccountDoc>;
  /** As `member`, and it has to be an admin. Throws also `UnauthorizedError` (code `admin_required`). */
  admin(ctx: Context): Promise<AccountDoc>;
  /** Reads or makes what the tokens are signed with. */
  prepare(): Promise<void>;
}

/** Access by session tokens. */
export function createAccess({ core, callerOf, settings }: DialectDeps<SimpleSyncSettings>): Access {
  let key: Promise<KeyObject> | undefined;

  /** Asked for once; after a failure again. */
  function signingKey(): Promise<KeyObject> {
    key ??= makeKey().catch(error => {
      key = undefined;
      throw error;
    });
    return key;
  }

  async function makeKey(): Promise<KeyObject> {
    const given = settings().jwt_secret;
    if (given !== '') return createSecretKey(Buffer.from(given));
    const { value, inDatabase } = await core.storage.secret('jwt');
    if (inDatabase) {
      core.log.warn(
        {},
        'the secret that signs session tokens is in the database, and who can read that can sign: set [SIMPLE_SYNC] jwt_secret',
      );
    }
    return createSecretKey(Buffer.from(value));
  }

  async function member(ctx: Context): Promise<AccountDoc> {
    const token = /^bearer ([^ ]+)$/i.exec(ctx.get('Authorization'))?.[1];
    if (token === undefined) throw authorizationRequired();
    const account = await accountOfSessionToken(core, await signingKey(), token);
    if (!isMember(core, account)) throw sessionTokenInvalid();
    ctx.state.account = account.user_id;
    return account;
  }

  return {
    member,
    async admin(ctx) {
      const account = await member(ctx);
      if (!account.admin) throw adminRequired();
      return account;
    },
    async login(ctx, credentials) {
      const account = await authenticate(core, { ...credentials, ...callerOf(ctx) }).catch(refuse);
      ctx.state.account = account.user_id;
      if (!isMember(core, account)) throw loginRefused();
      const token = await issueSessionToken(core, await signingKey(), account);
      if (!(await isUnchanged(core, account))) throw loginRefused();
      core.tallies.issued.jwt++;
      return token;
    },
    async prepare() {
      await signingKey();
    },
  };
}

/** Which of a name or a password is wrong, and whether an account is blocked, is nobody's business. */
function refuse(error: unknown): never {
  throw error instanceof ForbiddenError || error instanceof InvalidInputError ? loginRefused() : error;
}
