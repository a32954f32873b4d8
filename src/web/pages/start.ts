import { NotFoundError } from '../../base/errors.ts';
import { prefersHtml } from '../../http/browser/page.ts';
import type { Route } from '../../http/routing.ts';
import type { Web } from '../context.ts';
import type { Api } from '../deps.ts';
import { openPage, sessionOf } from '../routes.ts';

const APIS: readonly Api[] = ['keybin', 'v2', 'punch', 'dotsync', 'simple-sync', 'verstak'];

/** `/`: what this is, how it is, and the first steps. Programs find nothing here. */
export function startRoutes(web: Web): Route[] {
  const { core, origin, pages, settings } = web;
  return [
    openPage('/', async ctx => {
      if (!prefersHtml(ctx)) throw new NotFoundError('there is nothing at this path');
      const session = await sessionOf(web, ctx, 'user');
      const data = {
        address: origin.shown(ctx),
        apis: APIS.filter(api => settings.speaks(api)),
        keybin: settings.speaks('keybin'),
        registration: core.settings.registrationOpen(),
      };
      pages.show(ctx, { view: 'start', title: core.settings.serverName(), session, data });
    }),
  ];
}
