import { takeKeyAway } from '../../../core/admin/devices.ts';
import { devicePages, type OwnedDevice } from '../../../core/devices/list.ts';
import { jsonStream } from '../../../http/json-stream.ts';
import type { Route } from '../../../http/routing.ts';
import type { Verstak } from '../context.ts';
import { adminDeedOf } from '../deeds.ts';
import { presentDevice } from '../devices/devices.ts';
import { adminRoutesOf } from './access.ts';

/** Admins look through the devices of all accounts and take their keys, which are their tokens, away (contract, section 8.2). */
export function adminDeviceRoutes(verstak: Verstak): Route[] {
  const { core } = verstak;
  const { look, change } = adminRoutesOf(verstak);

  return [
    look('/admin/api/devices', async ctx => {
      ctx.type = 'json';
      ctx.body = await jsonStream('[', devicePages(core), page => members(page.map(withUser)), ']');
    }),
    look('/admin/api/keys', async ctx => {
      const keysOf = (page: readonly OwnedDevice[]) => page.filter(({ device }) => !device.revoked_at).map(presentKey);
      ctx.type = 'json';
      ctx.body = await jsonStream('[', devicePages(core), page => members(keysOf(page)), ']');
    }),
    change('DELETE', '/admin/api/keys/:id', async (ctx, admin, { id = '' }) => {
      await takeKeyAway(core, id, adminDeedOf(verstak, ctx, admin));
      ctx.body = { status: 'deleted' };
    }),
  ];
}

function withUser({ device, username }: OwnedDevice) {
  return { ...presentDevice(device), user: username };
}

/** The key itself is stored nowhere; its hint opens nothing. */
function presentKey({ device: { device_id, name, token_hint } }: OwnedDevice) {
  return { id: device_id, name, token_hint };
}

function members(items: readonly object[]): string {
  return items.map(item => JSON.stringify(item)).join(',');
}
