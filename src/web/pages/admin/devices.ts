import type { Context } from 'koa';
import type { Session } from '../../../core/access/sessions.ts';
import { namesOf } from '../../../core/account-names.ts';
import { deleteAnyDevice, revokeAnyDevice } from '../../../core/admin/devices.ts';
import { type DeviceDoc, deviceById, deviceNotFound } from '../../../core/devices/devices.ts';
import { DEVICE_SORTS, type DeviceStatus, listDevices, statusOf } from '../../../core/devices/list.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { adminDeed } from '../../deeds.ts';
import { signedIn } from '../../routes.ts';
import type { Acts, Failed } from './acts.ts';
import { asked } from './asked.ts';

const STATUSES: readonly DeviceStatus[] = ['active', 'revoked'];

/** The devices of all accounts; one of them, to revoke or delete it. */
export function devicePages(web: Web): { readonly routes: readonly Route[]; readonly acts: Acts } {
  const { core, origin, pages } = web;
  const { page } = signedIn(web, 'admin');

  async function list(ctx: Context, session: Session): Promise<void> {
    const query = asked(ctx);
    const filters = {
      q: query.text('q'),
      user: query.text('user'),
      vault: query.text('vault'),
      version: query.text('version'),
      status: query.one('status', STATUSES),
      sort: query.one('sort', DEVICE_SORTS) ?? 'created',
    };
    const { page, perPage } = query;
    const listed = await listDevices(core, { ...filters, descending: filters.sort !== 'name', page, perPage });
    const rows = listed.items.map(({ device, username }) => ({ device, username, status: statusOf(device) }));
    const filtered = Boolean(filters.q || filters.user || filters.vault || filters.version || filters.status);
    const data = { listed, rows, filters, filtered, address: origin.shown(ctx), link: query.link(filters) };
    pages.show(ctx, { view: 'admin/devices', title: pages.t(ctx)('nav.devices'), session, data });
  }

  async function show(ctx: Context, session: Session, id: string, failed?: Failed): Promise<void> {
    const device = await deviceById(core, id);
    if (device === undefined) throw deviceNotFound();
    const data = {
      device,
      username: await nameOf(device),
      status: statusOf(device),
      failed: failed?.action,
      problem: failed?.problem,
    };
    const title = device.name;
    pages.show(ctx, {
      view: 'admin/device',
      title,
      at: '/admin/device/',
      status: failed?.problem.status ?? 200,
      session,
      data,
    });
  }

  async function nameOf({ user_id }: DeviceDoc): Promise<string> {
    return (await namesOf(core, [user_id])).get(user_id) ?? '';
  }

  const again = (ctx: Context, session: Session, failed: Failed) => show(ctx, session, failed.fields.id, failed);

  const acts: Acts = {
    'revoke-device': {
      show: again,
      async run(ctx, session, { id }) {
        await revokeAnyDevice(core, id, adminDeed(web, ctx, session));
        return '/admin/devices?done=any_device_revoked';
      },
    },
    'delete-device': {
      show: again,
      conflict: 'adminDevices.deleteLater',
      async run(ctx, session, { id }) {
        await deleteAnyDevice(core, id, adminDeed(web, ctx, session));
        return '/admin/devices?done=any_device_deleted';
      },
    },
  };

  const routes = [
    page('/admin/devices', list),
    page('/admin/device/', async (ctx, session) => {
      const id = asked(ctx).text('id');
      if (id === '') return redirect(ctx, '/admin/devices');
      await show(ctx, session, id);
    }),
  ];
  return { routes, acts };
}
