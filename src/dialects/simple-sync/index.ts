import type { Dialect } from '../dialect.ts';
import { createAccess } from './access.ts';
import { createAclStore } from './acl/store.ts';
import { aclSpec, bodiesSpec, eventsSpec, pushesSpec } from './collections.ts';
import { routes } from './router.ts';
import type { SimpleSyncSettings } from './settings.ts';
import { finishPushes } from './store-events.ts';

/** The simple-sync API: one history of events for all members, and rules for what they add (docs/dialects/simple-sync.md). */
export const simpleSync: Dialect<SimpleSyncSettings> = {
  name: 'simple-sync',
  collections: [eventsSpec, bodiesSpec, pushesSpec, aclSpec],
  open(deps) {
    const access = createAccess(deps);
    const acl = createAclStore(deps.core, () => deps.settings().initial_acl);
    return {
      routes: routes(deps, access, acl),
      async prepare() {
        await access.prepare();
        await acl.text();
        // Nobody is to see half of what a process that died has left. What fails is tried again with the housekeeping.
        await deps.core.background.run(() => finishPushes(deps.core));
      },
      tidy: () => finishPushes(deps.core),
    };
  },
};
