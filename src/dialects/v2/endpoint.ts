/** What a route of v2 is made of: who may call it is checked here and nowhere else, and the document of the API is made of the same. */

import type { Context } from 'koa';
import type { z } from 'zod';
import { UnauthorizedError } from '../../base/errors.ts';
import { isV2Key } from '../../base/names.ts';
import { callerOfToken, type TokenCaller } from '../../core/access/callers.ts';
import { scopeInsufficient } from '../../core/access/scopes.ts';
import { bearerToken } from '../../http/bearer.ts';
import { exposeMeta } from '../../http/browser/cross-origin.ts';
import type { Method, Params, Route } from '../../http/routing.ts';
import type { DialectDeps } from '../dialect.ts';
import { refuseIdempotency } from './idempotency.ts';
import { isBasic, type PasswordCaller, passwordCaller } from './password.ts';
import type { RateLimit } from './rate-limit.ts';

const INVALID = 'Bearer error="invalid_token"';

/** The right that a route asks for before it does anything. A key is checked by `demandRead` and `demandWrite`, once it is known. */
export type Right = 'read' | 'write' | 'tokens' | 'none';

/** What is said of an answer in the document of the API. */
export interface Described {
  readonly description: string;
  /** Of a JSON body. */
  readonly schema?: z.ZodType;
  /** Types of a body that is not JSON. */
  readonly types?: readonly string[];
}

/** A route, and what is said of it. Where a password opens it too, who calls may have no token. */
export type Endpoint = DescribedRoute &
  (
    | { readonly takesPassword?: false; readonly handle: Handle<TokenCaller> }
    | { readonly takesPassword: true; readonly handle: Handle<TokenCaller | PasswordCaller> }
  );

type Handle<C> = (ctx: Context, caller: C, params: Params) => Promise<void>;

interface DescribedRoute {
  readonly method: Method;
  /** As @koa/router has it: `/v2/kv/*key`. */
  readonly path: string;
  readonly right: Right;
  /** A sentence. */
  readonly summary: string;
  /** The query, by which it is checked; nothing else may stand there. */
  readonly query?: z.ZodObject;
  /** The JSON body, by which it is checked. */
  readonly body?: z.ZodType;
  /** The body is bytes of any type. */
  readonly takesBytes?: boolean;
  /** Takes an `Idempotency-Key`. */
  readonly idempotent?: boolean;
  /** Takes `If-Match` and `If-None-Match`. */
  readonly conditional?: boolean;
  readonly answers: Readonly<Record<number, Described>>;
}

/** The route of an endpoint. Requests count from the moment at which it is known whose they are. */
export function routeOf(deps: Deps, endpoint: Endpoint, limit: RateLimit): Route {
  return {
    method: endpoint.method,
    path: endpoint.path,
    handle: async (ctx, params) => {
      if (endpoint.takesPassword) {
        const caller = await (isBasic(ctx) ? passwordOf : callerOf)(deps, ctx);
        enter(ctx, caller, endpoint, limit);
        await endpoint.handle(ctx, caller, params);
        return;
      }
      const caller = await callerOf(deps, ctx);
      enter(ctx, caller, endpoint, limit);
      await endpoint.handle(ctx, caller, params);
      exposeMeta(ctx);
    },
  };
}

/** What is checked before anything is done. */
function enter(ctx: Context, caller: TokenCaller | PasswordCaller, endpoint: Endpoint, limit: RateLimit): void {
  ctx.state.account = caller.accountId;
  limit.take(ctx, caller.accountId);
  demandRight(caller, endpoint.right);
  const { method, idempotent = false, takesPassword = false } = endpoint;
  if (takesPassword || (!idempotent && method !== 'GET' && method !== 'DELETE')) refuseIdempotency(ctx);
}

type Deps = Pick<DialectDeps<unknown>, 'core' | 'callerOf'>;

function passwordOf(deps: Deps, ctx: Context): Promise<PasswordCaller> {
  return refusing(ctx, () => passwordCaller(deps, ctx));
}

async function callerOf({ core }: Deps, ctx: Context): Promise<TokenCaller> {
  const secret = bearerToken(ctx);
  if (secret !== undefined) return refusing(ctx, () => callerOfToken(core, secret));
  if (ctx.req.headers.authorization !== undefined) ctx.set('WWW-Authenticate', INVALID);
  throw new UnauthorizedError('a token is needed: Authorization: Bearer <token>');
}

/** What it gives; where it is refused the answer says so in `WWW-Authenticate`. */
async function refusing<T>(ctx: Context, find: () => Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof UnauthorizedError) ctx.set('WWW-Authenticate', INVALID);
    throw error;
  }
}

function demandRight({ scopes }: TokenCaller | PasswordCaller, right: Right): void {
  if (right === 'read' && scopes.readable.length === 0) throw scopeInsufficient('kv:r');
  if (right === 'write' && scopes.writable.length === 0) throw scopeInsufficient('kv:w');
  if (right === 'tokens' && !scopes.mayManageTokens) throw scopeInsufficient('tokens');
}

/** Throws `ForbiddenError` (code `scope_insufficient`) unless the caller may read the key. */
export function demandRead({ scopes }: TokenCaller, key: string): void {
  if (!scopes.mayRead(key)) throw scopeInsufficient(scopeOf('kv:r', key));
}

/** Throws `ForbiddenError` (code `scope_insufficient`) unless the caller may write the key. */
export function demandWrite({ scopes }: TokenCaller, key: string): void {
  if (!scopes.mayWrite(key)) throw scopeInsufficient(scopeOf('kv:w', key));
}

/** The scope that opens the key. What is no key, which is found out only after this, is not repeated. */
function scopeOf(right: 'kv:r' | 'kv:w', key: string): string {
  return isV2Key(key) ? `${right}:${key}` : right;
}
