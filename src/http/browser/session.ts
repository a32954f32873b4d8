/** Sessions as browsers carry them: which cookies, and where one is got. */

import type { Context } from 'koa';
import { UnauthorizedError } from '../../base/errors.ts';
import { bearerToken } from '../bearer.ts';
import { redirect } from './below.ts';
import { readCookie, setCookie } from './cookies.ts';
import type { Origin } from './origin.ts';
import { prefersHtml } from './page.ts';

/** Whose pages: people's own, or those of admins. Neither kind of session opens the other's. */
export type SessionScope = 'user' | 'admin';

const COOKIES: Readonly<Record<SessionScope, string>> = { user: 'user_session', admin: 'admin_session' };
const PATHS: Readonly<Record<SessionScope, string>> = { user: '/', admin: '/admin' };
const LOGIN_PAGES: Readonly<Record<SessionScope, string>> = { user: '/login', admin: '/admin/login' };

/** The token of the session: the cookie's, and for people also `Authorization: Bearer <token>`, which then counts alone. */
export function sessionToken(ctx: Context, scope: SessionScope): string | undefined {
  return (scope === 'user' ? bearerToken(ctx) : undefined) ?? readCookie(ctx, COOKIES[scope]);
}

/** Sends who is not signed in to log in (302) where a page is preferred; else throws `UnauthorizedError`. */
export function demandLogin(ctx: Context, scope: SessionScope): void {
  if (!prefersHtml(ctx)) throw new UnauthorizedError('a session is needed: log in first');
  sendToLogin(ctx, scope);
}

/** Sends who is not signed in to log in (302), whatever is preferred: for pages alone. */
export function sendToLogin(ctx: Context, scope: SessionScope): void {
  redirect(ctx, LOGIN_PAGES[scope]);
}

/** Gives a browser the session's two cookies, for `maxAge` seconds. The CSRF token can be read by scripts of ours. */
export function setSessionCookies(
  ctx: Context,
  origin: Pick<Origin, 'isSecure'>,
  scope: SessionScope,
  { token, csrf = '', maxAge }: { token: string; csrf?: string | undefined; maxAge: number },
): void {
  const common = { path: PATHS[scope], maxAge, secure: origin.isSecure(ctx) };
  setCookie(ctx, COOKIES[scope], token, { ...common, httpOnly: true, sameSite: 'Lax' });
  setCookie(ctx, 'csrf_token', csrf, { ...common, httpOnly: false, sameSite: 'Strict' });
}

/** Takes both cookies away. */
export function clearSessionCookies(ctx: Context, origin: Pick<Origin, 'isSecure'>, scope: SessionScope): void {
  setSessionCookies(ctx, origin, scope, { token: '', maxAge: 0 });
}
