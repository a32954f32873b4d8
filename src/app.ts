import Koa from 'koa';
import type { Config } from './config/options.ts';
import { coreCollections } from './core/collections.ts';
import type { Core } from './core/context.ts';
import type { Log } from './core/log.ts';
import { dialects } from './dialects/index.ts';
import { healthRoutes } from './health.ts';
import { clientAddress } from './middleware/client-address.ts';
import { edge } from './middleware/edge.ts';
import { dispatch, type Mount } from './middleware/routing.ts';

/** What the application is made of; everything is open already. */
export interface AppDeps {
  readonly config: Config;
  readonly core: Core;
  readonly log: Log;
  readonly version: string;
  readonly buildCommit: string;
}

/** Every collection the server may use, of switched-off APIs too: what the storage opens and erasing sweeps. */
export const collections = [...coreCollections, ...dialects.flatMap(({ dialect }) => dialect.collections)];

/** The Koa application: what surrounds every request, then the routes of every enabled API. Opens nothing. Throws when two collide. */
export function createApp({ config, core, log, version, buildCommit }: AppDeps): Koa {
  const deps = { core, clientAddress: clientAddress(config.APP.trusted_proxies) };
  const mounts: Mount[] = [
    { name: 'server', routes: healthRoutes({ storage: core.storage, clock: core.clock, version, buildCommit }) },
    ...dialects
      .filter(({ enabled }) => enabled(config))
      .map(({ dialect }) => ({ name: dialect.name, routes: dialect.routes(deps) })),
  ];
  const app = new Koa();
  app.silent = true; // errors are the error handler's; what is left are clients that went away
  app.use(edge(log));
  app.use(dispatch(mounts));
  app.on('error', (error, ctx) => {
    if (!ctx?.headerSent) return;
    ctx.res.destroy(); // a stream that broke off must not look complete
    log.warn({ err: error, id: ctx.state.id, route: ctx.state.route }, 'answer broken off');
  });
  return app;
}
