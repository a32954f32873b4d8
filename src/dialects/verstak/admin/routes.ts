import type { Route } from '../../../http/routing.ts';
import type { Verstak } from '../context.ts';
import { adminRoutesOf } from './access.ts';
import { adminDeviceRoutes } from './devices.ts';
import { adminMailRoutes } from './mail.ts';
import { adminSessionRoutes } from './session.ts';
import { statisticsOf } from './statistics.ts';
import { adminUserRoutes } from './users.ts';

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
