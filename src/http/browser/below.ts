/** Everything that leads to the server stays below its public URL: that may end in a path. */

import type { Context } from 'koa';

/** A path of the server as clients know it: `/login`, or `/keybin/login` below `https://example.org/keybin`. */
export function below(ctx: Context, path: string): string {
  return `${ctx.state.prefix ?? ''}${path}`;
}

/** Sends the client to a path of the server; 303 makes a GET of a form that was sent. */
export function redirect(ctx: Context, path: string, status: 302 | 303 = 302): void {
  ctx.status = status;
  ctx.redirect(below(ctx, path));
}
