/** Requests by API, route pattern, method and status. */

import type { Application } from '../../app.ts';
import type { Observe } from '../../http/edge/edge.ts';
import { BOUNDS, Durations } from './durations.ts';
import type { Family } from './family.ts';

/** All others are one: anybody can make some up. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const OTHER = 'other';

/** What stands for requests that no route took, whatever path they named. */
const NONE = 'none';

/** More than any status. */
const STATUSES = 1000;

/** The requests of a process. */
export interface Requests {
  readonly observe: Observe;
  /** `routes` tells whose routes are whose. */
  families(routes: Application['routes']): Family[];
}

/** None yet. */
export function countRequests(): Requests {
  /** By pattern, then by method and status as one number: this runs with every request. */
  const byRoute = new Map<string | undefined, Map<number, Durations>>();
  return {
    observe(method, route, status, ms) {
      let group = byRoute.get(route);
      if (group === undefined) {
        group = new Map();
        byRoute.set(route, group);
      }
      const place = (METHODS.indexOf(method ?? '') + 1) * STATUSES + status;
      let durations = group.get(place);
      if (durations === undefined) {
        durations = new Durations();
        group.set(place, durations);
      }
      durations.add(ms);
    },
    families(routes) {
      const apis = new Map(routes.map(({ method, path, api }) => [`${method} ${path}`, api]));
      const distributions = [...byRoute].flatMap(([route = NONE, group]) =>
        [...group].map(([place, durations]) => {
          const method = METHODS[Math.floor(place / STATUSES) - 1] ?? OTHER;
          const api = apis.get(`${method === 'HEAD' ? 'GET' : method} ${route}`) ?? NONE;
          return durations.told({ api, route, method, status: place % STATUSES });
        }),
      );
      return [
        {
          name: 'keybin_http_request_duration_seconds',
          help: 'Requests, and how long they took until the answer was handed over.',
          type: 'histogram',
          aggregator: 'sum',
          bounds: BOUNDS,
          distributions,
        },
      ];
    },
  };
}
