import type { Context } from 'koa';
import { below } from './below.ts';

/** What a browser is told about a cookie. `path` is one of the server's; `maxAge` is in seconds, 0 deletes the cookie of that name and path. */
export interface CookieOptions {
  readonly path: string;
  /** Scripts cannot read it. */
  readonly httpOnly: boolean;
  readonly sameSite: 'Lax' | 'Strict';
  readonly maxAge: number;
  /** It goes over HTTPS only. */
  readonly secure: boolean;
}

const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
const PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/;

/**
 * The value of a cookie as it was sent, or undefined. Of several with one name the first counts: that is the one with the
 * longest path, so a cookie of `/admin` wins over one of `/`.
 */
export function readCookie(ctx: Context, name: string): string | undefined {
  for (const pair of ctx.get('Cookie').split(';')) {
    const at = pair.indexOf('=');
    if (at >= 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/**
 * Adds a cookie to the answer (RFC 6265bis), beside those that are there. Koa's own `cookies.set` refuses `secure` where the
 * TLS ends at a proxy. Throws `TypeError` for what a cookie cannot hold: that is a bug.
 */
export function setCookie(ctx: Context, name: string, value: string, options: CookieOptions): void {
  const { httpOnly, sameSite, maxAge, secure } = options;
  const path = below(ctx, options.path);
  if (!NAME.test(name) || !VALUE.test(value)) throw new TypeError(`no cookie can be made of this: ${name}`);
  if (!PATH.test(path) || !Number.isSafeInteger(maxAge) || maxAge < 0) {
    throw new TypeError(`the cookie ${name} has a wrong path or age`);
  }
  const flags = `${httpOnly ? '; HttpOnly' : ''}${secure ? '; Secure' : ''}`;
  ctx.append('Set-Cookie', `${name}=${value}; Path=${path}; Max-Age=${maxAge}${flags}; SameSite=${sameSite}`);
}
