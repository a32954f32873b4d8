import type { Context } from 'koa';
import type { Session } from '../../../core/access/sessions.ts';
import { liftLockout } from '../../../core/admin/lockouts.ts';
import { listAudit } from '../../../core/audit/list.ts';
import { lockoutsOf } from '../../../core/throttle/lockouts.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { adminDeed } from '../../deeds.ts';
import { signedIn } from '../../routes.ts';
import type { Acts, Failed } from './acts.ts';
import { asked } from './asked.ts';

/** Who is refused for guessing, as far as can be told, and letting somebody in again. */
export function lockoutPage(web: Web): { readonly routes: readonly Route[]; readonly acts: Acts } {
  const { core, pages } = web;

  async function show(ctx: Context, session: Session, failed?: Failed): Promise<void> {
    const query = asked(ctx);
    const [lockouts, refused] = await Promise.all([
      lockoutsOf(core),
      listAudit(core, { event: 'rate_limit_exceeded', page: 1, perPage: 10 }),
    ]);
    const data = {
      throttle: core.settings.throttle(),
      lockouts,
      refused: refused.items,
      values: failed?.fields ?? { who: query.text('who'), address: query.text('address') },
      failed: failed?.action,
      problem: failed?.problem,
    };
    const title = pages.t(ctx)('nav.lockouts');
    const status = failed?.problem.status ?? 200;
    pages.show(ctx, { view: 'admin/lockouts', title, at: '/admin/lockouts', status, session, data });
  }

  const acts: Acts = {
    unlock: {
      show,
      async run(ctx, session, { who, address }) {
        const given = { who: who.trim(), address: address.trim() };
        const cleared = await liftLockout(core, given, adminDeed(web, ctx, session));
        return `/admin/lockouts?done=${cleared > 0 ? 'unlocked' : 'not_locked'}`;
      },
    },
  };

  return { routes: [signedIn(web, 'admin').page('/admin/lockouts', (ctx, session) => show(ctx, session))], acts };
}
