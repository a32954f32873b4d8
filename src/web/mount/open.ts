import type { Context } from 'koa';
import type { Method, Route, RouteKind } from '../../http/routing.ts';
import type { WebDeps } from '../deps.ts';
import type { LoadedWeb } from '../index.ts';
import { LINKED, OPEN, PAGES } from './table.ts';

/** The pages for people. */
export interface OpenWeb {
  readonly routes: readonly Route[];
  /** Style sheet, script and pictures: they need no storage. */
  readonly assets: readonly Route[];
  /** Answers with the page of an error, for browsers. */
  showError(ctx: Context, error: unknown): Promise<void>;
}

/**
 * The pages for people. Their paths are known at once; what is behind them is loaded by the first who opens one: a server that only
 * programs use need not hold it.
 */
export function openWeb(deps: WebDeps): OpenWeb {
  let loading: Promise<LoadedWeb> | undefined;
  function load(): Promise<LoadedWeb> {
    loading ??= import('../index.ts')
      .then(({ loadWeb }) => loadWeb(deps))
      .catch(error => {
        loading = undefined; // the next one who opens a page tries again
        throw error;
      });
    return loading;
  }

  const routeOf = (name: string, kind?: RouteKind): Route => {
    const [method = '', path = ''] = name.split(' ');
    return {
      method: method as Method,
      path,
      ...(kind && { kind }),
      handle: async (ctx, params) => (await load()).handle(name, ctx, params),
    };
  };
  return {
    routes: [
      ...PAGES.map(name => routeOf(name, 'browser')),
      ...LINKED.map(name => routeOf(name, 'linked')),
      ...OPEN.map(name => routeOf(name)),
    ],
    assets: [
      {
        method: 'GET',
        path: '/static/:name',
        kind: 'open',
        handle: async (ctx, { name = '' }) => (await load()).sendAsset(ctx, name),
      },
    ],
    showError: async (ctx, error) => (await load()).showError(ctx, error),
  };
}
