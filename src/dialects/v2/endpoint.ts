/** What a route of v2 is made of: who may call it is checked here and nowhere else, and the document of the API is made of the same. */

import type { Context } from 'koa';
import type { z } from 'zod';
import { ForbiddenError, UnauthorizedError } from '../../base/errors.ts';
import { callerOfToken, type TokenCaller } from '../../core/access/callers.ts';
import type { Core } from '../../core/context.ts';
import { bearerToken } from '../../http/bearer.ts';
import type { Method, Params, Route } from '../../http/routing.ts';
import { refuseIdempotency } from './idempotency.ts';

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

/** A route, and what is said of it. */
export interface Endpoint {
  readonly method: Method;
  /** As @koa/router has it: `/v2/kv/*key`. */
  readonly path: string;
  readonly right: Right;
  /** A sentence. */
  readonly summary: string;
  /** Also opened by a name and a password (`Authorization: Basic`). */
  readonly takesPassword?: boolean;
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
  readonly handle: (ctx: Context, caller: TokenCaller, params: Params) => Promise<void>;
}

/** The route of an endpoint. */
export function routeOf(core: Core, endpoint: Endpoint): Route {
  return {
    method: endpoint.method,
    path: endpoint.path,
    handle: async (ctx, params) => {
      const caller = await callerOf(core, ctx);
      ctx.state.account = caller.accountId;
      demandRight(caller, endpoint.right);
      if (endpoint.idempotent !== true && endpoint.method !== 'GET' && endpoint.method !== 'DELETE')
        refuseIdempotency(ctx);
      await endpoint.handle(ctx, caller, params);
    },
  };
}

async function callerOf(core: Core, ctx: Context): Promise<TokenCaller> {
  const secret = bearerToken(ctx);
  if (secret === undefined) throw new UnauthorizedError('a token is needed: Authorization: Bearer <token>');
  ctx.set('WWW-Authenticate', 'Bearer error="invalid_token"'); // for the case that it is refused
  const caller = await callerOfToken(core, secret);
  ctx.remove('WWW-Authenticate');
  return caller;
}

function demandRight({ scopes }: TokenCaller, right: Right): void {
  if (right === 'read' && scopes.readable.length === 0) throw scopeInsufficient('kv:r');
  if (right === 'write' && scopes.writable.length === 0) throw scopeInsufficient('kv:w');
  if (right === 'tokens' && !scopes.mayManageTokens) throw scopeInsufficient('tokens');
}

/** Throws `ForbiddenError` (code `scope_insufficient`) unless the caller may read the key. */
export function demandRead({ scopes }: TokenCaller, key: string): void {
  if (!scopes.mayRead(key)) throw scopeInsufficient(`kv:r:${key}`);
}

/** Throws `ForbiddenError` (code `scope_insufficient`) unless the caller may write the key. */
export function demandWrite({ scopes }: TokenCaller, key: string): void {
  if (!scopes.mayWrite(key)) throw scopeInsufficient(`kv:w:${key}`);
}

/** The error for a token that may do less than is needed. */
export function scopeInsufficient(scope: string): ForbiddenError {
  return new ForbiddenError(`the token may not do this: it needs the scope ${scope}`, {
    code: 'scope_insufficient',
    details: { scope },
  });
}
