import type { Dialect } from '../dialect.ts';
import { operations } from './operations.ts';
import { routes } from './router.ts';

/** The Keybin API: accounts, expiring tokens per client, key/value pairs (docs/dialects/keybin.md). */
export const keybin: Dialect<unknown> = {
  name: 'keybin',
  collections: [],
  open: deps => ({ routes: routes(deps), operations }),
};
