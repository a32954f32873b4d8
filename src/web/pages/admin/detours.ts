/** Addresses of admins' pages that lack something: people type them, and are led on. */

import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import { openPage } from '../../routes.ts';

/** Pages of one thing, without the slash at their end, and the lists of such things. */
const LISTS = [
  ['/admin/user', '/admin/users'],
  ['/admin/device', '/admin/devices'],
  ['/admin/vault', '/admin/vaults'],
] as const;

/** What leads from such an address to the page that was meant: the thing, or the list where none is named. */
export function detourRoutes(): Route[] {
  return [
    ...['/admin', '/admin/'].map(path => openPage(path, ctx => redirect(ctx, '/admin/dashboard'))),
    ...LISTS.map(([one, list]) =>
      openPage(one, ctx => redirect(ctx, ctx.querystring ? `${one}/?${ctx.querystring}` : list)),
    ),
  ];
}
