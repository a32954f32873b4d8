import type { Route } from '../../middleware/routing.ts';
import { adminRoutesOf } from './admin-access.ts';
import { adminDeviceRoutes } from './admin-devices.ts';
import { adminMailRoutes } from './admin-mail.ts';
import { adminSessionRoutes } from './admin-session.ts';
import { adminUserRoutes } from './admin-users.ts';
import type { Verstak } from './context.ts';
import { statisticsOf } from './statistics.ts';

/** What admins do without pages (contract, section 8). */
export function adminRoutes(verstak: Verstak): Route[] {
  const { look } = adminRoutesOf(verstak);
  return [
    ...adminSessionRoutes(verstak),
    look('/admin/api/stats', async ctx => {
      ctx.body = await statisticsOf(verstak.core);
    }),
    ...adminUserRoutes(verstak),
    ...adminDeviceRoutes(verstak),
    ...adminMailRoutes(verstak),
  ];
}
