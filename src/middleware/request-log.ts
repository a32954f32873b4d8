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
    const { req, res, state } = ctx;
    state.id = randomUUID();
    res.setHeader('X-Request-Id', state.id);
    await next();
    const ms = Math.round((performance.now() - started) * 1000) / 1000;
    const fields: Record<string, unknown> = {
      method: req.method,
      route: state.route,
      status: res.statusCode,
      ms,
      id: state.id,
    };
    if (state.account !== undefined) fields.account = state.account;
    if (state.code !== undefined) fields.code = state.code;
    if (state.cause !== undefined) fields.err = state.cause;
    if (res.statusCode >= 500) log.warn(fields, 'request');
    else log.info(fields, 'request');
  };
}
