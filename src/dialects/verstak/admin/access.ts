import type { Context } from 'koa';
import type { Session } from '../../../core/access/sessions.ts';
import type { Method, Params, Route } from '../../../http/routing.ts';
import { demandOwn, signedIn } from '../accounts/session-access.ts';
import type { Verstak } from '../context.ts';
import { routesOf } from '../routes.ts';

/** What a route does for an admin who is signed in. */
type Handle = (ctx: Context, admin: Session, params: Params) => Promise<void>;

/** Makes the routes of admins: the session is looked at first, and no answer may be kept by whoever passes it on. */
export interface AdminRoutes {
  /** Changes nothing. */
  look(path: string, handle: Handle): Route;
  /** Only for requests that a page of ours sent. */
  change(method: Method, path: string, handle: Handle): Route;
  /** As `change`, but `handle` has to call `demandOwn` by itself, since what it demands stands in the body. */
  form(path: string, handle: Handle): Route;
}

/** The makers of admins' routes. */
export function adminRoutesOf(verstak: Verstak): AdminRoutes {
  const { route } = routesOf(verstak);
  const admins = (method: Method, path: string, handle: Handle) => {
    const forAdmins = signedIn(verstak, 'admin', handle);
    const made = route(method, path, async (ctx, params) => {
      ctx.set('Cache-Control', 'no-store');
      await forAdmins(ctx, params);
    });
    return { ...made, kind: 'browser' as const };
  };
  return {
    look: (path, handle) => admins('GET', path, handle),
    form: (path, handle) => admins('POST', path, handle),
    change: (method, path, handle) =>
      admins(method, path, async (ctx, admin, params) => {
        demandOwn(verstak, ctx, admin);
        await handle(ctx, admin, params);
      }),
  };
}
