import type { Context } from 'koa';
import { ForbiddenError, UnauthorizedError } from '../../../base/errors.ts';
import { resolveSession, type Session } from '../../../core/access/sessions.ts';
import { bearerToken } from '../../../http/bearer.ts';
import { redirect } from '../../../http/browser/below.ts';
import { readCookie } from '../../../http/browser/cookies.ts';
import { demandCsrf } from '../../../http/browser/csrf.ts';
import { prefersHtml } from '../../../http/browser/page.ts';
import type { Params, Route } from '../../../http/routing.ts';
import type { Verstak } from '../context.ts';

/** Whose pages: people's own, or those of admins. Neither kind of session opens the other's. */
export type SessionScope = Session['doc']['scope'];

/** The cookie that holds a session's token. */
export const SESSION_COOKIES: Readonly<Record<SessionScope, string>> = {
  user: 'user_session',
  admin: 'admin_session',
};

const LOGIN_PAGES: Readonly<Record<SessionScope, string>> = { user: '/login', admin: '/admin/login' };

/**
 * The session of a request, if it has one that is alive and whose account may use it: by its cookie, and for people also as
 * `Authorization: Bearer <token>`, which then counts alone.
 */
export async function sessionOf({ core }: Verstak, ctx: Context, scope: SessionScope): Promise<Session | undefined> {
  const bearer = scope === 'user' ? bearerToken(ctx) : undefined;
  const session = await resolveSession(core, bearer ?? readCookie(ctx, SESSION_COOKIES[scope]), scope);
  if (session) ctx.state.account = session.account.user_id;
  return session;
}

/**
 * What a route does for somebody who is signed in. Who is not is sent to log in (302) where a page is preferred, else
 * `UnauthorizedError` is thrown.
 */
export function signedIn(
  verstak: Verstak,
  scope: SessionScope,
  handle: (ctx: Context, session: Session, params: Params) => Promise<void>,
): Route['handle'] {
  return async (ctx, params) => {
    const session = await sessionOf(verstak, ctx, scope);
    if (session) return handle(ctx, session, params);
    if (!prefersHtml(ctx)) throw new UnauthorizedError('a session is needed: log in first');
    redirect(ctx, LOGIN_PAGES[scope]);
  };
}

/**
 * Lets a change pass only when a page of ours sent it in this session. `formValue` is the field `csrf_token` of a form;
 * programs send the header. Throws `ForbiddenError` (code `csrf_invalid`), for sessions without a CSRF token always.
 */
export function demandOwnPage({ origin }: Verstak, ctx: Context, { doc }: Session, formValue?: string): void {
  origin.demandSameOrigin(ctx);
  if (doc.csrf_hash === undefined) {
    throw new ForbiddenError('this session can change nothing: log in with a browser', { code: 'csrf_invalid' });
  }
  demandCsrf(ctx, doc.csrf_hash, formValue);
}
