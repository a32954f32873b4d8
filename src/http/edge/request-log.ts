import type { Context } from 'koa';
import type { Log } from '../../base/log.ts';

/**
 * Writes one line: method, route pattern (never the path: tokens stand in it), status, milliseconds until the response was
 * handed over, request id, account, the client's address if it is wanted, and what went wrong. A route that is asked all the
 * time sets `ctx.state.routine`: its successes are of level debug.
 */
export function logRequest(
  log: Log,
  ctx: Context,
  { duration, address }: { duration: number; address: string | undefined },
): void {
  const { req, res, state } = ctx;
  const fields: Record<string, unknown> = {
    method: req.method,
    route: state.route,
    status: res.statusCode,
    ms: Math.round(duration * 1000) / 1000,
    id: state.id,
  };
  if (address !== undefined) fields.client = address;
  if (state.account !== undefined) fields.account = state.account;
  if (state.code !== undefined) fields.code = state.code;
  if (state.cause !== undefined) fields.err = state.cause;
  if (res.statusCode === 500 && state.cause !== undefined) log.error(fields, 'request');
  else if (res.statusCode >= 500 && res.statusCode !== 507 && state.code !== 'server_busy') log.warn(fields, 'request');
  else if (state.routine && res.statusCode === 200) log.debug(fields, 'request');
  else log.info(fields, 'request');
}
