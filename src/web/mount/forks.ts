/** Paths that an API and the pages share: what is sent decides whose a request is. */

import type { Context } from 'koa';
import { NotFoundError } from '../../base/errors.ts';
import { CREDENTIAL_BODY, textReader } from '../../http/body/body.ts';
import { isForm } from '../../http/body/form.ts';
import { prefersHtml } from '../../http/browser/page.ts';
import type { Mount, Route } from '../../http/routing.ts';

/** The route by which a person revokes a device: Verstak's contract has it. */
export const REVOKE_DEVICE = '/api/v1/user/devices/:id/revoke';

interface Fork {
  readonly path: string;
  /** Whether a request is the pages'. */
  readonly isOfPage: (ctx: Context) => Promise<boolean> | boolean;
  /** Whether there is a page where no API claims the path. */
  readonly alone: boolean;
}

// The second reader gets what the first one read.
const read = textReader(CREDENTIAL_BODY.bytes);

const FORKS: readonly Fork[] = [
  // A form is the page's; a body that begins with `{` or is not typed as a form is the API's (contracts, "Paths").
  { path: '/register', isOfPage: async ctx => isForm(ctx) && !/^\s*\{/.test(await read(ctx)), alone: true },
  // Who sends a form and wants a page back is at a browser: what goes wrong is told at the dashboard.
  { path: REVOKE_DEVICE, isOfPage: ctx => isForm(ctx) && prefersHtml(ctx), alone: false },
];

/** The mounts with one route where an API and the pages claim the same `POST`. */
export function forked(mounts: readonly Mount[]): Mount[] {
  return FORKS.reduce<Mount[]>(fork, [...mounts]);
}

function fork(mounts: Mount[], { path, isOfPage, alone }: Fork): Mount[] {
  const claims = mounts.flatMap(({ name, routes }) =>
    routes.filter(route => route.method === 'POST' && route.path === path).map(route => ({ name, route })),
  );
  const page = claims.find(({ name }) => name === 'web')?.route;
  const api = claims.find(({ name }) => name !== 'web')?.route;
  if (page === undefined) return mounts;
  const both: Route = {
    ...(api ?? page),
    async handle(ctx, params) {
      const route = (await isOfPage(ctx)) ? page : api;
      if (route === undefined) throw new NotFoundError('there is nothing at this path');
      await route.handle(ctx, params);
    },
  };
  const kept = api ?? (alone ? page : undefined);
  return mounts.map(({ name, routes }) => ({
    name,
    routes: routes.flatMap(route => (route === kept ? [both] : route === page ? [] : [route])),
  }));
}
