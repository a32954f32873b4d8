import type { Context } from 'koa';
import { NotFoundError } from '../../../base/errors.ts';
import { isUsername } from '../../../base/names.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { publicId } from '../../../core/accounts/accounts.ts';
import { userById } from '../../../core/admin/users.ts';
import { type AccountDoc, accountsSpec } from '../../../core/collections.ts';
import { deviceById } from '../../../core/devices/devices.ts';
import { statusOf } from '../../../core/devices/list.ts';
import { listVaults, vaultDetail } from '../../../core/vaults/list.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { signedIn } from '../../routes.ts';
import { asked } from './asked.ts';

/** Vaults of all accounts, and one of them: how much they hold, never what. */
export function vaultRoutes(web: Web): Route[] {
  const { core, origin, pages } = web;
  const { page } = signedIn(web, 'admin');

  async function list(ctx: Context, session: Session): Promise<void> {
    const query = asked(ctx);
    const filters = { q: query.text('q') };
    const listed = await listVaults(core, { ...filters, page: query.page, perPage: query.perPage });
    const data = { listed, rows: listed.items, filters, address: origin.shown(ctx), link: query.link(filters) };
    pages.show(ctx, { view: 'admin/vaults', title: pages.t(ctx)('nav.vaults'), session, data });
  }

  async function detail(ctx: Context, session: Session): Promise<void> {
    const given = (name: string) => [ctx.query[name]].flat()[0] ?? '';
    if (['user', 'vault', 'device'].every(name => given(name) === '')) return redirect(ctx, '/admin/vaults');
    // A link of a long list is shorter by the device.
    const device = given('device') === '' ? undefined : await deviceById(core, given('device'));
    const account = await ownerOf(device?.user_id ?? given('user'));
    const vault = await vaultDetail(core, account, device?.vault ?? given('vault'));
    if (vault === undefined) throw new NotFoundError('there is no such vault');
    const devices = vault.deviceList.map(device => ({ device, status: statusOf(device) }));
    const data = { vault, devices, owner: publicId(account) };
    pages.show(ctx, { view: 'admin/vault', title: vault.vault, session, data });
  }

  /** By the id, or by the name. */
  async function ownerOf(user: string): Promise<AccountDoc> {
    const accounts = core.storage.collection(accountsSpec);
    const byId = user.includes('\0') ? undefined : await accounts.get([user]).catch(() => undefined);
    if (byId !== undefined && !byId.erasing_at) return byId;
    const named = isUsername(user) ? await accounts.find('username', [user]) : undefined;
    return named !== undefined && !named.erasing_at ? named : userById(core, user);
  }

  return [page('/admin/vaults', list), page('/admin/vault/', detail)];
}
