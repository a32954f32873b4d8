import type { Context } from 'koa';
import { resolveSession, type Session } from '../../../core/access/sessions.ts';
import { demandOwnPage } from '../../../http/browser/csrf.ts';
import { demandLogin, type SessionScope, sessionToken } from '../../../http/browser/session.ts';
import type { Params, Route } from '../../../http/routing.ts';
import type { Verstak } from '../context.ts';

/**
 * What a route does for somebody who is signed in. Who is not is sent to log in (302) where a page is preferred, else
 * `UnauthorizedError` is thrown.
 */
export function signedIn(
  { core }: Verstak,
  scope: SessionScope,
  handle: (ctx: Context, session: Session, params: Params) => Promise<void>,
): Route['handle'] {
  return async (ctx, params) => {
    const session = await resolveSession(core, sessionToken(ctx, scope), scope);
    if (session === undefined) return demandLogin(ctx, scope);
    ctx.state.account = session.account.user_id;
    await handle(ctx, session, params);
  };
}

/**
 * Lets a change pass only when a page of ours sent it in this session. `formValue` is the field `csrf_token` of a form;
 * programs send the header. Throws `ForbiddenError` (code `csrf_invalid`), for sessions without a CSRF token always.
 */
export function demandOwn({ origin }: Verstak, ctx: Context, { doc }: Session, formValue?: string): void {
  demandOwnPage(ctx, origin, doc.csrf_hash, formValue);
}
