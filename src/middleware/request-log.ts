import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import type { Log } from '../core/log.ts';

/**
 * Gives every request an id (`X-Request-Id`) and, when its response has been handed over, writes one line: method, route
 * pattern (never the path: tokens stand in it), status, milliseconds, id, account.
 */
export function requestLog(log: Log): Middleware {
  return async (ctx, next) => {
    const started = performance.now();
    ctx.state.id = randomUUID();
    ctx.res.setHeader('X-Request-Id', ctx.state.id);
    await next();
    const { id, route, account, code, cause } = ctx.state;
    const ms = Math.round((performance.now() - started) * 1000) / 1000;
    const fields = { method: ctx.method, route, status: ctx.status, ms, id, account, code, err: cause };
    if (ctx.status >= 500) log.warn(fields, 'request');
    else log.info(fields, 'request');
  };
}
