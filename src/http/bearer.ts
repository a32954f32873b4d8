import type { Context } from 'koa';

/**
 * The token of `Authorization: Bearer <token>` (RFC 6750; the scheme in any letter case), or undefined. Beyond ASCII each
 * byte is one character.
 */
export function bearerToken(ctx: Context): string | undefined {
  return /^bearer +([^ \t]+)$/i.exec(ctx.get('Authorization'))?.[1];
}
