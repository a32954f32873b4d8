import type { Context } from 'koa';
import { newSecret } from '../../core/ids.ts';
import { readCookie, setCookie } from '../../http/browser/cookies.ts';
import type { Verstak } from './context.ts';

const COOKIE = 'verstak_locale_csrf';
const DAY = 86_400;

/**
 * The value of the hidden field `locale_csrf` in a form for somebody who is not signed in: that of the cookie, so that pages
 * opened before stay good. Sets the cookie, for a day; `demandFormCsrf` compares the two.
 */
export function formCsrf({ origin }: Verstak, ctx: Context): string {
  const sent = readCookie(ctx, COOKIE) ?? '';
  const token = /^[0-9a-f]{64}$/.test(sent) ? sent : newSecret(32);
  const secure = origin.isSecure(ctx);
  setCookie(ctx, COOKIE, token, { path: '/', httpOnly: true, sameSite: 'Strict', maxAge: DAY, secure });
  return token;
}
