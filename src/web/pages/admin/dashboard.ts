import type { Context } from 'koa';
import type { Session } from '../../../core/access/sessions.ts';
import { listAudit } from '../../../core/audit/list.ts';
import { loadMailSettings } from '../../../core/mail/settings.ts';
import { statisticsOf } from '../../../core/statistics.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { signedIn } from '../../routes.ts';

/** More operations than this are worth a word. */
const MANY_OPERATIONS = 100_000;

/** How the server is, at one look. */
export function dashboardRoutes(web: Web): Route[] {
  const { core, pages, server } = web;

  async function show(ctx: Context, session: Session): Promise<void> {
    const [health, statistics, newest, mail] = await Promise.all([
      server.health(),
      statisticsOf(core),
      listAudit(core, { page: 1, perPage: 5 }),
      server.hasMailServer() || loadMailSettings(core).then(stored => Boolean(stored?.host)),
    ]);
    const warnings = [
      ...(health.works ? [] : ['notReady']),
      ...(mail ? [] : ['noMail']),
      ...(statistics.mails_failing > 0 ? ['mailsFail'] : []),
      ...(statistics.operations > MANY_OPERATIONS ? ['manyOperations'] : []),
    ];
    const data = { health, statistics, events: newest.items, warnings };
    pages.show(ctx, { view: 'admin/dashboard', title: pages.t(ctx)('nav.dashboard'), session, data });
  }

  return [signedIn(web, 'admin').page('/admin/dashboard', show)];
}
