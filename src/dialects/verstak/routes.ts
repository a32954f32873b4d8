import type { Context } from 'koa';
import { RateLimitedError } from '../../base/errors.ts';
import type { Method, Params, Route } from '../../http/routing.ts';
import { type Caller, callerOf, noteSeen } from './access.ts';
import type { Verstak } from './context.ts';
import { renamed } from './refusals.ts';

/** Makes the routes of this API: whatever they throw goes out under the codes its clients know. */
export interface Routes {
  route(method: Method, path: string, handle: Route['handle'], allow?: string): Route;
  /** A route for devices: the token is looked at first. */
  device(
    method: Method,
    path: string,
    handle: (ctx: Context, caller: Caller, params: Params) => Promise<void>,
    allow?: string,
  ): Route;
}

/** The makers of routes. */
export function routesOf(verstak: Verstak): Routes {
  const tellLimited = (ctx: Context) =>
    verstak.audit.recordOnce(ctx, 'rate_limit_exceeded', String(ctx.state.route), {
      message: String(ctx.state.route),
    });

  const route: Routes['route'] = (method, path, handle, allow) => ({
    method,
    path,
    ...(allow !== undefined && { allow }),
    async handle(ctx, params) {
      try {
        await handle(ctx, params);
      } catch (error) {
        if (error instanceof RateLimitedError) await tellLimited(ctx);
        throw renamed(error);
      }
    },
  });

  return {
    route,
    device: (method, path, handle, allow) =>
      route(
        method,
        path,
        async (ctx, params) => {
          const caller = await callerOf(verstak, ctx);
          const seen = noteSeen(verstak, caller.device);
          try {
            await handle(ctx, caller, params);
          } finally {
            await seen;
          }
        },
        allow,
      ),
  };
}
