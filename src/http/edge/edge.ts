import type { Middleware } from 'koa';
import { RequestTimeoutError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { ClientAddress } from '../client-address.ts';
import { tookTooLong } from './body-time.ts';
import { answerError } from './error-handler.ts';
import { requestIds } from './request-id.ts';
import { logRequest } from './request-log.ts';
import { setSecurityHeaders } from './security-headers.ts';
import { type BasePath, ROOT, resolveTarget } from './target.ts';

/** What the frame of a request goes by, at this moment. */
export interface EdgeOptions {
  readonly basePath?: () => BasePath;
  /** The address that the log is to have, if it is to have one. */
  readonly loggedAddress?: (...of: Parameters<ClientAddress>) => string | undefined;
}

/**
 * What surrounds every request: id, security headers, what its target means, errors as answers, the log line. One function
 * instead of five in a chain: each link costs a request a promise and a closure.
 */
export function edge(
  log: Log,
  { basePath = () => ROOT, loggedAddress = () => undefined }: EdgeOptions = {},
): Middleware {
  const newId = requestIds();
  return async (ctx, next) => {
    const started = performance.now();
    const id = newId();
    ctx.state.id = id;
    ctx.res.setHeader('X-Request-Id', id);
    setSecurityHeaders(ctx.res);
    try {
      const base = basePath();
      ctx.state.prefix = base.prefix;
      resolveTarget(ctx.req, base);
      await next();
    } catch (error) {
      answerError(ctx, tookTooLong(ctx.req) ? new RequestTimeoutError() : error, log);
    }
    logRequest(log, ctx, { duration: performance.now() - started, address: loggedAddress(ctx) });
  };
}
