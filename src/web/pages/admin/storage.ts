import type { Context } from 'koa';
import type { Session } from '../../../core/access/sessions.ts';
import { listUsage, USAGE_SORTS } from '../../../core/quotas/account-list.ts';
import { statisticsOf } from '../../../core/statistics.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { signedIn } from '../../routes.ts';
import type { Acts, Failed } from './acts.ts';
import { asked } from './asked.ts';

/** How much is stored, by whom, and tidying up. */
export function storagePage(web: Web): { readonly routes: readonly Route[]; readonly acts: Acts } {
  const { core, pages, server } = web;

  async function show(ctx: Context, session: Session, failed?: Failed): Promise<void> {
    const query = asked(ctx);
    const filters = { q: query.text('q'), sort: query.one('sort', USAGE_SORTS) ?? 'bytes' };
    const [statistics, listed] = await Promise.all([
      statisticsOf(core),
      listUsage(core, { ...filters, page: query.page, perPage: query.perPage }),
    ]);
    const data = {
      statistics,
      listed,
      rows: listed.items,
      filters,
      sorts: USAGE_SORTS,
      quota: core.settings.quota(),
      link: query.link(filters),
      failed: failed?.action,
      problem: failed?.problem,
    };
    const title = pages.t(ctx)('nav.storage');
    const status = failed?.problem.status ?? 200;
    pages.show(ctx, { view: 'admin/storage', title, at: '/admin/storage', status, session, data });
  }

  const acts: Acts = {
    cleanup: {
      show,
      async run() {
        await server.cleanUp();
        return '/admin/storage?done=cleaned_up';
      },
    },
  };

  return { routes: [signedIn(web, 'admin').page('/admin/storage', (ctx, session) => show(ctx, session))], acts };
}
