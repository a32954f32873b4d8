import { type Statistics, statisticsOf } from '../../../core/statistics.ts';
import type { Route } from '../../../http/routing.ts';
import type { Verstak } from '../context.ts';
import { timeOf } from '../times.ts';
import { adminRoutesOf } from './access.ts';
import { adminDeviceRoutes } from './devices.ts';
import { adminMailRoutes } from './mail.ts';
import { adminUserRoutes } from './users.ts';

/** What admins do without pages (contract, section 8). */
export function adminRoutes(verstak: Verstak): Route[] {
  const { look } = adminRoutesOf(verstak);
  return [
    look('/admin/api/stats', async ctx => {
      ctx.body = present(await statisticsOf(verstak.core));
    }),
    ...adminUserRoutes(verstak),
    ...adminDeviceRoutes(verstak),
    ...adminMailRoutes(verstak),
  ];
}

/** Numbers as they are, moments as texts (contract, section 8.2). */
function present({ last_sync_activity, last_mail_error_at, last_cleanup_at, ...numbers }: Statistics) {
  return {
    ...numbers,
    ops: numbers.operations,
    last_sync_activity: timeOf(last_sync_activity),
    last_mail_error_at: timeOf(last_mail_error_at),
    last_cleanup_at: timeOf(last_cleanup_at),
  };
}
