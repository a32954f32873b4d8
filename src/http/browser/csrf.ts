import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import { ForbiddenError } from '../../base/errors.ts';
import { readCookie, setCookie } from './cookies.ts';
import type { Origin } from './origin.ts';

const TOKEN = /^[0-9a-f]{64}$/;
const FORM_COOKIE = 'verstak_locale_csrf';
const DAY = 86_400;

/**
 * Lets a change by somebody who is signed in pass only when a page of ours sent it: the cookie `csrf_token` has to come again
 * as the header `X-CSRF-Token` or as `formValue`, the field of a form, and be the one of the session, of which `expectedHash`
 * is the SHA-256 in hex; a session without one changes nothing. Throws `ForbiddenError` (code `csrf_invalid`).
 */
export function demandOwnPage(
  ctx: Context,
  origin: Pick<Origin, 'demandSameOrigin'>,
  expectedHash: string | undefined,
  formValue?: string,
): void {
  origin.demandSameOrigin(ctx);
  if (expectedHash === undefined) {
    throw new ForbiddenError('this session can change nothing: log in with a browser', { code: 'csrf_invalid' });
  }
  const cookie = readCookie(ctx, 'csrf_token') ?? '';
  const sent = ctx.get('X-CSRF-Token') || formValue || '';
  if (cookie === '' || !equal(cookie, sent) || !equal(sha256(cookie), expectedHash)) throw refusal();
}

/**
 * The same for who is not signed in: `formValue`, the field `locale_csrf` of a form, has to equal the cookie
 * `verstak_locale_csrf`. Throws `ForbiddenError` (code `csrf_invalid`).
 */
export function demandFormCsrf(ctx: Context, formValue: string | undefined): void {
  const cookie = readCookie(ctx, FORM_COOKIE) ?? '';
  if (!TOKEN.test(cookie) || !equal(cookie, formValue ?? '')) throw refusal();
}

/**
 * The value of the hidden field `locale_csrf` in a form for somebody who is not signed in: that of the cookie, so that pages
 * opened before stay good. Sets the cookie, for a day; `demandFormCsrf` compares the two.
 */
export function formCsrf(ctx: Context, origin: Pick<Origin, 'isSecure'>): string {
  const sent = readCookie(ctx, FORM_COOKIE) ?? '';
  const token = TOKEN.test(sent) ? sent : randomBytes(32).toString('hex');
  const secure = origin.isSecure(ctx);
  setCookie(ctx, FORM_COOKIE, token, { path: '/', httpOnly: true, sameSite: 'Strict', maxAge: DAY, secure });
  return token;
}

function refusal(): ForbiddenError {
  return new ForbiddenError('the form is out of date: load the page again; programs send JSON', {
    code: 'csrf_invalid',
  });
}

/** Compares hashes, which takes the same time wherever the texts differ and however long they are. */
function equal(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
