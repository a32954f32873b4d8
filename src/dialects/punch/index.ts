import type { Dialect } from '../dialect.ts';
import type { PunchSettings } from './keyring.ts';
import { openPunch } from './router.ts';

/** The API of the Punch time tracker: machines exchange punches by the time of their last edit (docs/dialects/punch.md). */
export const punch: Dialect<PunchSettings> = { name: 'punch', collections: [], open: openPunch };
