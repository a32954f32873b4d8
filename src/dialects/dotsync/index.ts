import type { Dialect } from '../dialect.ts';
import { routes } from './router.ts';

/** The dotsync API: configuration files kept equal on several machines (docs/dialects/dotsync.md). */
export const dotsync: Dialect<unknown> = {
  name: 'dotsync',
  collections: [],
  open: deps => ({ routes: routes(deps) }),
};
