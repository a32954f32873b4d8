import { type Statistics, statisticsOf } from '../../../core/statistics.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { signedIn } from '../../routes.ts';

/** What helps to find out why something does not work: for the admin, and to be passed on without secrets or paths. */
export function diagnosticsRoutes(web: Web): Route[] {
  const { core, pages, server } = web;
  const { page } = signedIn(web, 'admin');

  async function report() {
    const [{ works, fields }, statistics] = await Promise.all([server.health(), statisticsOf(core)]);
    const { settings } = core;
    return {
      health: { status: works ? 'ok' : 'degraded', ...fields },
      stats: present(statistics),
      limits: server.limits(),
      web: {
        server_name: settings.serverName(),
        public_url: settings.publicUrl(),
        language: settings.language(),
        registration_open: settings.registrationOpen(),
        trusted_proxies: settings.trustedProxies(),
      },
    };
  }

  return [
    page('/admin/diagnostics', async (ctx, session) => {
      const found = await report();
      const data = {
        report: found,
        text: JSON.stringify(found, undefined, 2),
        engine: core.storage.description,
        bytes: found.stats.database_bytes,
        configuration: server.configuration(),
      };
      pages.show(ctx, { view: 'admin/diagnostics', title: pages.t(ctx)('nav.diagnostics'), session, data });
    }),
    page('/admin/diagnostics.json', async ctx => {
      ctx.set('Cache-Control', 'no-store');
      ctx.set('Content-Disposition', 'attachment; filename="diagnostics.json"');
      ctx.body = await report();
    }),
  ];
}

/** Moments in whole seconds; why a mail failed may name a path. */
function present({
  last_sync_activity,
  last_mail_error_at,
  last_cleanup_at,
  last_mail_error: _,
  ...numbers
}: Statistics) {
  return {
    ...numbers,
    last_sync_activity: secondOf(last_sync_activity),
    last_mail_error_at: secondOf(last_mail_error_at),
    last_cleanup_at: secondOf(last_cleanup_at),
  };
}

function secondOf(moment: Date | undefined): string {
  return moment === undefined ? '' : `${moment.toISOString().slice(0, 19)}Z`;
}
