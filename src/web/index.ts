import type { Context } from 'koa';
import { RateLimitedError } from '../base/errors.ts';
import { createAudit } from '../core/audit/record.ts';
import { setBrowserHeaders } from '../http/browser/page.ts';
import type { Params, Route } from '../http/routing.ts';
import type { Web } from './context.ts';
import type { WebDeps } from './deps.ts';
import { showError } from './errors.ts';
import { accountRoutes } from './pages/account/account.ts';
import { adminRoutes } from './pages/admin/index.ts';
import { confirmRoutes } from './pages/confirm.ts';
import { dashboardRoutes } from './pages/dashboard.ts';
import { docsRoutes } from './pages/docs.ts';
import { dotfileRoutes } from './pages/dotfiles/index.ts';
import { dataRoutes } from './pages/entries/index.ts';
import { eventRoutes } from './pages/events.ts';
import { localeRoutes } from './pages/locale.ts';
import { loginRoutes } from './pages/login.ts';
import { memberRoutes } from './pages/members/members.ts';
import { ruleRoutes } from './pages/members/rules.ts';
import { passwordRoutes } from './pages/password.ts';
import { punchRoutes } from './pages/punches/index.ts';
import { registerRoutes } from './pages/register.ts';
import { resultRoutes } from './pages/results.ts';
import { startRoutes } from './pages/start.ts';
import { tokenRoutes } from './pages/tokens/list.ts';
import { revokeRoutes } from './pages/tokens/revoke.ts';
import { loadAssets } from './static.ts';
import { openPages } from './view.ts';

/** What is behind the paths of the pages. */
export interface LoadedWeb {
  /** The routes by `METHOD /path`. */
  readonly routes: ReadonlyMap<string, Route>;
  handle(name: string, ctx: Context, params: Params): Promise<void>;
  sendAsset(ctx: Context, name: string): void;
  showError(ctx: Context, error: unknown): Promise<void>;
}

/** Everything of the pages, views and static files included. */
export function loadWeb(deps: WebDeps): LoadedWeb {
  const assets = loadAssets();
  const pages = openPages(deps, assets);
  const web: Web = { ...deps, pages, audit: createAudit(deps.core, deps.clientAddress) };
  const routes = [
    ...startRoutes(web),
    ...docsRoutes(web),
    ...localeRoutes(web),
    ...registerRoutes(web),
    ...loginRoutes(web, 'user'),
    ...loginRoutes(web, 'admin'),
    ...passwordRoutes(web),
    ...confirmRoutes(web),
    ...resultRoutes(web),
    ...dashboardRoutes(web),
    ...punchRoutes(web),
    ...dotfileRoutes(web),
    ...eventRoutes(web),
    ...dataRoutes(web),
    ...tokenRoutes(web),
    ...revokeRoutes(web),
    ...accountRoutes(web),
    ...adminRoutes(web),
    ...memberRoutes(web),
    ...ruleRoutes(web),
  ];
  const named = new Map(routes.map(route => [`${route.method} ${route.path}`, watched(web, route)]));
  return {
    routes: named,
    async handle(name, ctx, params) {
      const route = named.get(name);
      if (route === undefined) throw new TypeError(`there is no page at ${name}`);
      await route.handle(ctx, params);
    },
    sendAsset: assets.send,
    showError: (ctx, error) => showError(web, ctx, error),
  };
}

/** The route, whatever it answers with the headers of pages; that somebody was refused for too many attempts is in the audit log. */
function watched({ audit }: Web, route: Route): Route {
  const refused = (ctx: Context) => audit.recordOnce(ctx, 'rate_limit_exceeded', route.path, { message: route.path });
  return {
    ...route,
    async handle(ctx, params) {
      if (route.kind === 'browser') setBrowserHeaders(ctx);
      try {
        await route.handle(ctx, params);
      } catch (error) {
        if (error instanceof RateLimitedError) await refused(ctx);
        throw error;
      }
      if (ctx.status === 429) await refused(ctx);
    },
  };
}
