import type { Feeds } from '../../core/changes/feeds.ts';
import type { Route } from '../../http/routing.ts';
import type { DialectDeps } from '../dialect.ts';
import { batchEndpoints } from './batch/endpoints.ts';
import { changeEndpoints } from './changes/endpoints.ts';
import { type Endpoint, routeOf } from './endpoint.ts';
import { limitEndpoints } from './limits.ts';
import { listEndpoints } from './lists/endpoints.ts';
import type { RateLimit } from './rate-limit.ts';
import type { V2Settings } from './settings.ts';
import { tokenEndpoints } from './tokens/endpoints.ts';
import { valueEndpoints } from './values/endpoints.ts';

/** What the routes are made with. */
export interface V2Deps extends DialectDeps<V2Settings> {
  readonly feeds: Feeds;
}

/** The routes of these endpoints. */
export function routes(deps: DialectDeps<V2Settings>, all: readonly Endpoint[], limit: RateLimit): Route[] {
  return all.map(endpoint => routeOf(deps, endpoint, limit));
}

/** All of v2, with what is said of it. */
export function endpoints(deps: V2Deps): Endpoint[] {
  return [
    ...listEndpoints(deps),
    ...batchEndpoints(deps),
    ...limitEndpoints(deps),
    ...valueEndpoints(deps),
    ...tokenEndpoints(deps),
    ...changeEndpoints(deps, deps.feeds),
  ];
}
