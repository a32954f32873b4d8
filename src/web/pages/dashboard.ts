import type { Context } from 'koa';
import type { Session } from '../../core/access/sessions.ts';
import { revokeByPassword } from '../../core/accounts/person-deeds.ts';
import { listOwnDevices, statusOf } from '../../core/devices/list.ts';
import { pageOf } from '../../core/listing.ts';
import { type Overview, overviewOf } from '../../core/overview.ts';
import { usageOf } from '../../core/quotas/meters.ts';
import { redirect } from '../../http/browser/below.ts';
import type { Route } from '../../http/routing.ts';
import type { Web } from '../context.ts';
import { personDeed } from '../deeds.ts';
import { showError } from '../errors.ts';
import { REVOKE_DEVICE } from '../mount/forks.ts';
import { told } from '../problems.ts';
import { signedIn } from '../routes.ts';

/** Devices on a page: each has a form. */
const PER_PAGE = 25;

/** What went wrong with the form of a device. */
interface Failed {
  readonly device: string;
  readonly error: unknown;
}

/** What somebody has here: devices (contracts: verstak, section 7), and how much of everything else. */
export function dashboardRoutes(web: Web): Route[] {
  const { core, pages, origin, settings } = web;
  const { page, form } = signedIn(web, 'user');

  async function show(ctx: Context, session: Session, failed?: Failed): Promise<void> {
    const { account } = session;
    const t = pages.t(ctx);
    const q = typeof ctx.query.q === 'string' ? ctx.query.q : '';
    const problem = failed && told(ctx, failed.error, t);
    const [devices, overview, usage] = await Promise.all([
      settings.speaks('verstak') ? listOwnDevices(core, account.user_id, q) : [],
      overviewOf(core, account.user_id),
      usageOf(core, account.user_id),
    ]);
    const number = Number(ctx.query.page);
    const listed = pageOf(devices, { page: Number.isSafeInteger(number) ? number : 1, perPage: PER_PAGE });
    const data = {
      q,
      problem,
      failed: failed?.device,
      listed,
      devices: listed.items.map(device => ({ ...device, active: statusOf(device) === 'active' })),
      overview,
      usage,
      room: core.settings.quota().bytes,
      empty: isEmpty(overview) && q === '',
      address: origin.shown(ctx),
      speaks: settings.speaks,
      now: core.clock.now(),
    };
    pages.show(ctx, { view: 'dashboard', title: t('dashboard.title'), status: problem?.status ?? 200, session, data });
  }

  const revoke = form(REVOKE_DEVICE, ['password'], async (ctx, session, { password }, { id = '' }) => {
    try {
      await revokeByPassword(core, session.account, { deviceId: id, password }, personDeed(web, ctx));
      redirect(ctx, '/dashboard', 303);
    } catch (error) {
      await show(ctx, session, { device: id, error });
    }
  });

  return [
    page('/dashboard', (ctx, session) => show(ctx, session)),
    {
      ...revoke,
      // Below the paths of APIs errors are JSON, but who is here looks at a page.
      handle: (ctx, params) => revoke.handle(ctx, params).catch(error => showError(web, ctx, error)),
    },
  ];
}

function isEmpty({ entries, devices, punches, dotfiles }: Overview): boolean {
  return entries.count + devices.count + punches.count + dotfiles.sets === 0;
}
