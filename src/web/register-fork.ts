import { NotFoundError } from '../base/errors.ts';
import { CREDENTIAL_BODY, textReader } from '../http/body/body.ts';
import { isForm } from '../http/body/form.ts';
import type { Mount, Route } from '../http/routing.ts';

const isRegister = ({ method, path }: Route) => method === 'POST' && path === '/register';

/**
 * The mounts with one `POST /register`, where the API and the pages both claim it (contracts, "Paths"): a form is the page's, and
 * a body that begins with `{` or is not typed as a form is the API's.
 */
export function forkRegister(mounts: readonly Mount[]): Mount[] {
  const claims = mounts.flatMap(({ name, routes }) => routes.filter(isRegister).map(route => ({ name, route })));
  const page = claims.find(({ name }) => name === 'web')?.route;
  const api = claims.find(({ name }) => name !== 'web')?.route;
  if (page === undefined) return [...mounts];
  const read = textReader(CREDENTIAL_BODY.bytes);
  const fork: Route = {
    ...(api ?? page),
    async handle(ctx, params) {
      // The second reader gets what the first one read.
      const form = isForm(ctx) && !/^\s*\{/.test(await read(ctx));
      const route = form ? page : api;
      if (route === undefined) throw new NotFoundError('there is nothing at this path');
      await route.handle(ctx, params);
    },
  };
  const [replaced, removed] = [api ?? page, api && page];
  return mounts.map(({ name, routes }) => ({
    name,
    routes: routes.flatMap(route => (route === removed ? [] : route === replaced ? [fork] : [route])),
  }));
}
