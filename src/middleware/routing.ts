import { Router, type RouterContext } from '@koa/router';
import type { Context, Middleware } from 'koa';
import { MethodNotAllowedError, NotFoundError } from '../errors.ts';

/** Method of a route; HEAD comes with GET. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One route: parse, call, present. */
export interface Route {
  readonly method: Method;
  /** Pattern of @koa/router: `/user/:token/keys`. The log names it instead of the path. */
  readonly path: string;
  readonly handle: (ctx: Context, params: Readonly<Record<string, string>>) => Promise<void>;
}

/** Routes with the name of who claims them, for messages. */
export interface Mount {
  readonly name: string;
  readonly routes: readonly Route[];
}

/**
 * Dispatches to the mounts' routes: one router per first path segment, so that a request is matched against the few routes
 * it may mean. Unknown path: `NotFoundError`; known path, other method: `MethodNotAllowedError`. Throws when two mounts claim
 * one method and path.
 */
export function dispatch(mounts: readonly Mount[]): Middleware {
  refuseCollisions(mounts);
  const routers = new Map<string, Router>();
  for (const route of mounts.flatMap(mount => mount.routes)) {
    const segment = firstSegment(route.path);
    const router = routers.get(segment) ?? new Router({ sensitive: true, strict: true });
    routers.set(segment, router);
    router.register(route.path, route.method === 'GET' ? ['GET', 'HEAD'] : [route.method], (ctx: RouterContext) => {
      ctx.state.route = route.path;
      return route.handle(ctx as unknown as Context, ctx.params);
    });
  }
  const middlewares = new Map(
    [...routers].map(([segment, router]) => [segment, router.routes() as unknown as Middleware]),
  );
  return ctx => {
    const segment = firstSegment(ctx.path);
    const router = routers.get(segment);
    return middlewares.get(segment)?.(ctx, async () => unmatched(ctx, router)) ?? unmatched(ctx, router);
  };
}

function firstSegment(path: string): string {
  const end = path.indexOf('/', 1);
  return end < 0 ? path : path.slice(0, end);
}

function unmatched(ctx: Context, router: Router | undefined): never {
  const layers = router?.match(ctx.path, ctx.method).path ?? [];
  const methods = [...new Set(layers.flatMap(layer => layer.methods))];
  if (methods.length === 0) throw new NotFoundError('there is nothing at this path');
  throw new MethodNotAllowedError(methods.sort().join(', '));
}

function refuseCollisions(mounts: readonly Mount[]): void {
  const claimed = new Map<string, string>();
  for (const { name, routes } of mounts) {
    for (const { method, path } of routes) {
      const claim = `${method} ${path.replace(/:\w+/g, ':')}`;
      const other = claimed.get(claim);
      if (other !== undefined) throw new Error(`${other} and ${name} both claim ${method} ${path}`);
      claimed.set(claim, name);
    }
  }
}
