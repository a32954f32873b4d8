import type { Context } from 'koa';
import type { Log } from '../core/log.ts';

/**
 * Writes one line: method, route pattern (never the path: tokens stand in it), status, milliseconds until the response was
 * handed over, request id, account, and what went wrong.
 */
export function logRequest(log: Log, ctx: Context, duration: number): void {
  const { req, res, state } = ctx;
  const fields: Record<string, unknown> = {
    method: req.method,
    route: state.route,
    status: res.statusCode,
    ms: Math.round(duration * 1000) / 1000,
    id: state.id,
  };
  if (state.account !== undefined) fields.account = state.account;
  if (state.code !== undefined) fields.code = state.code;
  if (state.cause !== undefined) fields.err = state.cause;
  if (res.statusCode === 500 && state.cause !== undefined) log.error(fields, 'request');
  else if (res.statusCode >= 500) log.warn(fields, 'request');
  else log.info(fields, 'request');
}
