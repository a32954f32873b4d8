import type { Context, Middleware } from 'koa';
import { RequestTimeoutError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { send } from '../answer.ts';
import type { ClientAddress } from '../client-address.ts';
import { tookTooLong } from './body-time.ts';
import { answerError, type ShowError } from './error-handler.ts';
import { requestIds } from './request-id.ts';
import { logRequest } from './request-log.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { type BasePath, ROOT, resolveTarget } from './target.ts';

/** What the frame of a request goes by, at this moment. */
export interface EdgeOptions {
  readonly basePath?: () => BasePath;
  /** The address that the log is to have, if it is to have one. */
  readonly loggedAddress?: (...of: Parameters<ClientAddress>) => string | undefined;
  /** Errors for browsers; without it they get JSON as programs do. */
  readonly showError?: ShowError;
  readonly observe?: Observe | undefined;
}

/** Told of every request: its method, the pattern of the route that took it, status, and milliseconds until it was answered. */
export type Observe = (method: string | undefined, route: string | undefined, status: number, ms: number) => void;

/**
 * What surrounds every request: id, security headers, what its target means, errors as answers, the log line. One function
 * around `handle` instead of a chain: each link costs a request a promise and a closure.
 */
export function edge(
  log: Log,
  handle: (ctx: Context) => Promise<void> | void,
  { basePath = () => ROOT, loggedAddress = () => undefined, showError, observe }: EdgeOptions = {},
): Middleware {
  const newId = requestIds();
  return async ctx => {
    const started = performance.now();
    const id = newId();
    ctx.state.id = id;
    try {
      const base = basePath();
      ctx.state.prefix = base.prefix;
      resolveTarget(ctx.req, base);
      await handle(ctx);
    } catch (error) {
      await answerError(ctx, tookTooLong(ctx.req) ? new RequestTimeoutError() : error, log, showError);
    }
    send(ctx, ['X-Request-Id', id, ...SECURITY_HEADERS]);
    const duration = performance.now() - started;
    logRequest(log, ctx, { duration, address: loggedAddress(ctx) });
    observe?.(ctx.req.method, ctx.state.route, ctx.res.statusCode, duration);
  };
}
