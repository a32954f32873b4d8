import type { Dialect } from '../dialect.ts';
import { createAccess } from './access.ts';
import { loadRules } from './acl-store.ts';
import { aclSpec, bodiesSpec, eventsSpec } from './collections.ts';
import { routes } from './router.ts';
import type { SimpleSyncSettings } from './settings.ts';

/** The simple-sync API: one history of events for all members, and rules for what they add (docs/dialects/simple-sync.md). */
export const simpleSync: Dialect<SimpleSyncSettings> = {
  name: 'simple-sync',
  collections: [eventsSpec, bodiesSpec, aclSpec],
  open(deps) {
    const access = createAccess(deps);
    return {
      routes: routes(deps, access),
      async prepare() {
        await access.prepare();
        await loadRules(deps.core, deps.settings().initial_acl);
      },
    };
  },
};
