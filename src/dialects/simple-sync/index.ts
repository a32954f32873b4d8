import { createHistory } from '../../core/events/history/history.ts';
import { createAclStore } from '../../core/members/acl/store.ts';
import type { Dialect } from '../dialect.ts';
import { createAccess } from './access.ts';
import { routes } from './router.ts';
import type { SimpleSyncSettings } from './settings.ts';

/** The simple-sync API: one history of events for all members, and rules for what they add (docs/dialects/simple-sync.md). */
export const simpleSync: Dialect<SimpleSyncSettings> = {
  name: 'simple-sync',
  collections: [],
  open(deps) {
    const access = createAccess(deps);
    const acl = createAclStore(deps.core, () => deps.settings().initial_acl);
    const history = createHistory(deps.core);
    return {
      routes: routes(deps, access, acl, history),
      async prepare() {
        await access.prepare();
        await acl.text();
        // Nobody is to see half of what a process that died has left. What fails is tried again with the housekeeping.
        await deps.core.background.run(() => history.finishPushes());
      },
      async tidy() {
        await history.finishPushes();
        await history.settle();
        await history.removeOrphans();
      },
    };
  },
};
