import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import { ForbiddenError } from '../../base/errors.ts';
import { readCookie } from './cookies.ts';

const TOKEN = /^[0-9a-f]{64}$/;

/**
 * Lets a change by somebody who is signed in pass only when a page of ours sent it: the cookie `csrf_token` has to come again
 * as the header `X-CSRF-Token` or as `formValue`, the field of a form, and be the one of the session, of which `expectedHash`
 * is the SHA-256 in hex. Throws `ForbiddenError` (code `csrf_invalid`).
 */
export function demandCsrf(ctx: Context, expectedHash: string, formValue?: string): void {
  const cookie = readCookie(ctx, 'csrf_token') ?? '';
  const sent = ctx.get('X-CSRF-Token') || formValue || '';
  if (cookie === '' || !equal(cookie, sent) || !equal(sha256(cookie), expectedHash)) throw refusal();
}

/**
 * The same for who is not signed in: `formValue`, the field `locale_csrf` of a form, has to equal the cookie
 * `verstak_locale_csrf`. Throws `ForbiddenError` (code `csrf_invalid`).
 */
export function demandFormCsrf(ctx: Context, formValue: string | undefined): void {
  const cookie = readCookie(ctx, 'verstak_locale_csrf') ?? '';
  if (!TOKEN.test(cookie) || !equal(cookie, formValue ?? '')) throw refusal();
}

function refusal(): ForbiddenError {
  return new ForbiddenError('the form is out of date; load the page again', { code: 'csrf_invalid' });
}

/** Compares hashes, which takes the same time wherever the texts differ and however long they are. */
function equal(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
