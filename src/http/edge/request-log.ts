import type { Context } from 'koa';
import type { Level, Log, RequestLine } from '../../base/log.ts';
import { parseTraceparent } from './traceparent.ts';

/**
 * Writes one line: method, route pattern, status, milliseconds, request id, account, the client's address if it is wanted, the
 * trace if the request names one, and what went wrong. A route that is asked all the time sets `ctx.state.routine`: its successes are of level debug.
 */
export function logRequest(
  log: Log,
  { req, res, state }: Context,
  { duration, address }: { duration: number; address: string | undefined },
): void {
  const status = res.statusCode;
  const { traceparent } = req.headers;
  const trace = typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined;
  const line: RequestLine = {
    method: req.method,
    route: state.route,
    status,
    ms: Math.round(duration * 1000) / 1000,
    id: state.id,
    client: address,
    account: state.account,
    trace_id: trace?.trace_id,
    span_id: trace?.span_id,
    code: state.code,
    plugins: state.plugins,
    err: state.cause,
  };
  const level = levelOf(line, state.routine);
  if (log.request) log.request(level, line);
  else log[level](Object.fromEntries(Object.entries(line).filter(([, value]) => value !== undefined)), 'request');
}

function levelOf({ status, code, err }: RequestLine, routine: boolean | undefined): Level {
  if (status === 500 && err !== undefined) return 'error';
  // Full accounts, and clients that are many, are no fault of the server.
  if (status >= 500 && status !== 507 && code !== 'server_busy') return 'warn';
  return routine && status === 200 ? 'debug' : 'info';
}
