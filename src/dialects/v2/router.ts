import type { Route } from '../../http/routing.ts';
import type { DialectDeps } from '../dialect.ts';
import { type Endpoint, routeOf } from './endpoint.ts';
import type { V2Settings } from './settings.ts';
import { tokenEndpoints } from './tokens/endpoints.ts';
import { valueEndpoints } from './values/endpoints.ts';

/** The routes of docs/dialects/v2.md. */
export function routes(deps: DialectDeps<V2Settings>): Route[] {
  return endpoints(deps).map(endpoint => routeOf(deps, endpoint));
}

/** All of v2, with what is said of it. */
export function endpoints(deps: DialectDeps<V2Settings>): Endpoint[] {
  return [...valueEndpoints(deps), ...tokenEndpoints(deps)];
}
