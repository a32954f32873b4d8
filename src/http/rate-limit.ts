import type { Context } from 'koa';

/** How far somebody may go in a while, and how much of it is left. Window and reset are in whole seconds. */
export interface RateLeft {
  readonly quota: number;
  readonly window: number;
  readonly remaining: number;
  /** Until all of it is there again. */
  readonly reset: number;
}

/**
 * Says in `RateLimit-Policy` and `RateLimit` how far a request may go (draft-ietf-httpapi-ratelimit-headers; v2.md, section 6). `policy` names
 * the limit: others that were told of before stay, and the same one is told anew.
 */
export function tellRate(ctx: Context, policy: string, { quota, window, remaining, reset }: RateLeft): void {
  put(ctx, 'RateLimit-Policy', policy, `q=${quota};w=${window}`);
  put(ctx, 'RateLimit', policy, `r=${Math.max(0, remaining)};t=${Math.max(0, reset)}`);
}

/** Sets one item of a list. */
function put(ctx: Context, header: string, name: string, parameters: string): void {
  const items = String(ctx.response.get(header) || '').split(', ');
  const others = items.filter(item => item !== '' && !item.startsWith(`"${name}";`));
  ctx.set(header, [...others, `"${name}";${parameters}`].join(', '));
}
