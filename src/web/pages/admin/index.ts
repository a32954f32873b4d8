/** The pages of admins. */

import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { actRoute } from './acts.ts';
import { auditRoutes } from './audit.ts';
import { dashboardRoutes } from './dashboard.ts';
import { detourRoutes } from './detours.ts';
import { devicePages } from './devices.ts';
import { diagnosticsRoutes } from './diagnostics.ts';
import { lockoutPage } from './lockouts.ts';
import { passwordResultRoutes } from './password-result.ts';
import { settingsPage } from './settings.ts';
import { storagePage } from './storage.ts';
import { userPage } from './user.ts';
import { userRoutes } from './users.ts';
import { vaultRoutes } from './vaults.ts';

/** Their routes. */
export function adminRoutes(web: Web): Route[] {
  const withActs = [userPage(web), devicePages(web), storagePage(web), lockoutPage(web), settingsPage(web)];
  return [
    ...detourRoutes(),
    ...dashboardRoutes(web),
    ...userRoutes(web),
    ...withActs.flatMap(({ routes }) => routes),
    ...vaultRoutes(web),
    ...auditRoutes(web),
    ...diagnosticsRoutes(web),
    ...passwordResultRoutes(web),
    actRoute(web, Object.assign({}, ...withActs.map(({ acts }) => acts))),
  ];
}
