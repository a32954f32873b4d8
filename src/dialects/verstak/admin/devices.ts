import { accountsSpec } from '../../../core/collections.ts';
import type { Core } from '../../../core/context.ts';
import { type DeviceDoc, devicesSpec } from '../../../core/devices/devices.ts';
import { pagesOf } from '../../../core/pages.ts';
import { jsonStream } from '../../../http/json-stream.ts';
import type { Route } from '../../../http/routing.ts';
import type { Verstak } from '../context.ts';
import { presentDevice } from '../devices/devices.ts';
import { adminRoutesOf } from './access.ts';

/** Devices read at once. */
const PAGE = 500;

/** A device and the name of its account. */
interface Owned {
  readonly device: DeviceDoc;
  readonly username: string;
}

/** Admins look through the devices of all accounts and take their keys, which are their tokens, away (contract, section 8.2). */
export function adminDeviceRoutes(verstak: Verstak): Route[] {
  const { core, audit } = verstak;
  const { look, change } = adminRoutesOf(verstak);
  const devices = core.storage.collection(devicesSpec);

  return [
    look('/admin/api/devices', async ctx => {
      ctx.type = 'json';
      ctx.body = await jsonStream('[', devicePages(core), page => members(page.map(withUser)), ']');
    }),
    look('/admin/api/keys', async ctx => {
      const keysOf = (page: readonly Owned[]) => page.filter(({ device }) => !device.revoked_at).map(presentKey);
      ctx.type = 'json';
      ctx.body = await jsonStream('[', devicePages(core), page => members(keysOf(page)), ']');
    }),
    change('DELETE', '/admin/api/keys/:id', async (ctx, admin, { id = '' }) => {
      const device = /^[\w-]{1,64}$/.test(id) ? await devices.find('device', [id]) : undefined;
      if (device && (await devices.delete([device.user_id, device.device_id]))) {
        const message = `by ${admin.account.user_id}`;
        await audit.record(ctx, 'device_deleted', { accountId: device.user_id, deviceId: device.device_id, message });
      }
      ctx.body = { status: 'deleted' };
    }),
  ];
}

/** Every device, newest first. Those of accounts that are being erased are gone in a moment and left out. */
async function* devicePages(core: Core): AsyncGenerator<Owned[]> {
  const devices = core.storage.collection(devicesSpec);
  const accounts = core.storage.collection(accountsSpec);
  const scan = { index: 'newest', order: 'desc', limit: PAGE } as const;
  for await (const page of pagesOf(after => devices.scan({ ...scan, ...after }))) {
    const owners = await accounts.getMany(page.map(({ user_id }) => [user_id]));
    yield page.flatMap((device, i) => {
      const owner = owners[i];
      return owner === undefined || owner.erasing_at ? [] : [{ device, username: owner.username ?? '' }];
    });
  }
}

function withUser({ device, username }: Owned) {
  return { ...presentDevice(device), user: username };
}

/** The key itself is stored nowhere; its hint opens nothing. */
function presentKey({ device: { device_id, name, token_hint } }: Owned) {
  return { id: device_id, name, token_hint };
}

function members(items: readonly object[]): string {
  return items.map(item => JSON.stringify(item)).join(',');
}
