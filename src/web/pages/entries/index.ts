import { NotFoundError } from '../../../base/errors.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { entryRoutes } from './entry.ts';
import { listRoutes } from './list.ts';
import { uploadRoutes } from './upload.ts';
import { writeRoutes } from './write.ts';

/** People look at their values and change them: what the Keybin API has, where the server speaks it. */
export function dataRoutes(web: Web): Route[] {
  const routes = [...listRoutes(web), ...entryRoutes(web), ...writeRoutes(web), ...uploadRoutes(web)];
  return routes.map(route => ({
    ...route,
    handle: async (ctx, params) => {
      if (!web.settings.speaks('keybin')) throw new NotFoundError('there is nothing at this path');
      await route.handle(ctx, params);
    },
  }));
}
