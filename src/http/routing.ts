import { Router } from '@koa/router';
import type { Context } from 'koa';
import { MethodNotAllowedError, NotFoundError } from '../base/errors.ts';

/** Method of a route; HEAD comes with GET. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Decoded parameters of a path, by their names in the pattern. */
export type Params = Readonly<Record<string, string>>;

/**
 * What a route is to pages of other origins. `open`: it changes nothing and looks at no credential, so anybody's page may ask.
 * `linked`: people come to it by a link from elsewhere, and then it changes nothing. `browser`: a page of the server's, or what
 * such a page sends with its cookies; it has CSRF rules of its own, and CORS is not for it. Otherwise an API.
 */
export type RouteKind = 'open' | 'linked' | 'browser';

/** One route: parse, call, present. */
export interface Route {
  readonly method: Method;
  /** Pattern of @koa/router: `/user/:token/keys`, or `/v2/kv/*key` for whatever follows. The log names it instead of the path. */
  readonly path: string;
  /** What 405 names for this path, where a contract fixes it; otherwise every method that the path takes. */
  readonly allow?: string;
  readonly kind?: RouteKind;
  readonly handle: (ctx: Context, params: Params) => Promise<void>;
}

/** Routes with the name of who claims them, for messages. */
export interface Mount {
  readonly name: string;
  readonly routes: readonly Route[];
}

/** A route with its pattern as @koa/router compiles it. */
interface Compiled {
  readonly route: Route;
  readonly regexp: RegExp;
  readonly names: readonly string[];
}

/**
 * Dispatches to the mounts' routes, past what pages of other origins may not send. Unknown path: `NotFoundError`; known path,
 * other method: `MethodNotAllowedError`. Throws when two mounts claim one method and path.
 *
 * Patterns are the router's, the search is not: it tries every pattern and builds a chain for each request, which costs more
 * than reading a value. Here a request meets only patterns with its first segment and number of segments.
 */
export function dispatch(mounts: readonly Mount[], gate?: CrossOrigin): (ctx: Context) => Promise<void> | void {
  refuseCollisions(mounts);
  const candidatesFor = compile(mounts.flatMap(mount => mount.routes));
  return ctx => {
    const path = pathOf(ctx.req.url ?? '');
    const candidates = candidatesFor(path);
    const method = ctx.req.method === 'HEAD' ? 'GET' : ctx.req.method;
    for (const { route, regexp, names } of candidates) {
      if (route.method !== method) continue;
      const match = regexp.exec(path);
      if (match === null) continue;
      ctx.state.route = route.path;
      gate?.admit(ctx, route);
      return route.handle(ctx, paramsOf(names, match));
    }
    const routes = candidates.filter(({ regexp }) => regexp.test(path)).map(({ route }) => route);
    if (gate?.answerPreflight(ctx, routes)) return;
    throw unmatched(routes);
  };
}

/** Gives the routes that a path may be of: first those with as many segments, then those that take any number. */
function compile(routes: readonly Route[]): (path: string) => readonly Compiled[] {
  const fixed = new Map<string, Compiled[]>();
  const open = new Map<string, Compiled[]>();
  for (const route of routes) {
    const router = new Router({ sensitive: true, strict: true });
    // Nothing may be what follows, too: the route refuses it once it knows who asks.
    router.register(route.path.replace(/\*(\w+)$/, '{*$1}'), [route.method], () => {});
    const [shapes, shape] = route.path.includes('*') ? [open, beginningOf(route.path)] : [fixed, shapeOf(route.path)];
    for (const { regexp, paramNames } of router.stack) {
      const names = paramNames.map(({ name }) => name);
      shapes.set(shape, [...(shapes.get(shape) ?? []), { route, regexp, names }]);
    }
  }
  const beginnings = [...open];
  return path => {
    const found = fixed.get(shapeOf(path)) ?? [];
    for (const [beginning, more] of beginnings) if (path.startsWith(beginning)) return [...found, ...more];
    return found;
  };
}

/** A target without its query. */
function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** First segment and number of slashes: `/user 4`. */
function shapeOf(path: string): string {
  const end = path.indexOf('/', 1);
  if (end < 0) return path;
  let slashes = 1;
  for (let at = end; at >= 0; at = path.indexOf('/', at + 1)) slashes++;
  return `${path.slice(0, end)} ${slashes}`;
}

/** First segment of a path that goes on: `/v2/`. */
function beginningOf(path: string): string {
  return path.slice(0, path.indexOf('/', 1) + 1);
}

function paramsOf(names: readonly string[], match: RegExpExecArray): Params {
  const params: Record<string, string> = {};
  for (const [i, name] of names.entries()) params[name] = decoded(match[i + 1] ?? '');
  return params;
}

/** Percent-decoded; as it is when that is not possible, for the route to refuse. */
function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function unmatched(routes: readonly Route[]): Error {
  if (routes.length === 0) return new NotFoundError('there is nothing at this path');
  const fixed = routes.find(({ allow }) => allow !== undefined)?.allow;
  return new MethodNotAllowedError(fixed ?? methodsOf(routes));
}

/** What the `Allow` of these routes says. */
export function methodsOf(routes: readonly Route[]): string {
  const methods = new Set<string>(routes.map(({ method }) => method));
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort().join(', ');
}

function refuseCollisions(mounts: readonly Mount[]): void {
  const claimed = new Map<string, string>();
  for (const { name, routes } of mounts) {
    for (const { method, path } of routes) {
      const claim = `${method} ${path.replace(/([:*])\w+/g, '$1')}`;
      const other = claimed.get(claim);
      if (other !== undefined) throw new Error(`${other} and ${name} both claim ${method} ${path}`);
      claimed.set(claim, name);
    }
  }
}

/** What pages of other origins may do, and what browsers are told about it. */
export interface CrossOrigin {
  /**
   * To be called before a route does anything. Throws `ForbiddenError` (code `foreign_origin`) for what a page of another
   * origin sent, unless the route does not mind or CORS lets that origin in; then the answer may be read there.
   */
  admit(ctx: Context, route: Route): void;
  /**
   * To be called where no route takes the method; `routes` are those of the path. Answers the question of a browser whether a
   * page may send something, and tells whether this was one.
   */
  answerPreflight(ctx: Context, routes: readonly Route[]): boolean;
}
