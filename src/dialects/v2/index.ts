import { Feeds } from '../../core/changes/feeds.ts';
import type { Dialect } from '../dialect.ts';
import { operationOf } from './operations.ts';
import { createRateLimit } from './rate-limit.ts';
import { endpoints, routes } from './router.ts';
import type { V2Settings } from './settings.ts';

/** v2: the entries of the Keybin API for programs that want more than strings (docs/dialects/v2.md). */
export const v2: Dialect<V2Settings> = {
  name: 'v2',
  collections: [],
  open: deps => {
    const limit = createRateLimit(deps.core, deps.settings);
    const feeds = new Feeds(deps.core, deps.settings);
    const all = endpoints({ ...deps, feeds });
    return {
      routes: routes(deps, all, limit),
      operations: all.map(operationOf),
      announce: limit.announce,
      stop: () => feeds.stop(),
    };
  },
};
