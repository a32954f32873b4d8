import type { Context } from 'koa';
import {
  AppError,
  MethodNotAllowedError,
  PreconditionFailedError,
  RangeNotSatisfiableError,
  ServerBusyError,
} from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { answerJson } from '../answer.ts';
import { answerPage, prefersHtml } from '../browser/page.ts';

/** Paths whose errors are JSON even for browsers. */
const API = /^\/(api|v1|v2|user|admin\/api)(\/|$)/;

/**
 * The one place that writes an error response: `{"error","code"}` and the error's details, with the status of its class. Anything that is
 * not an `AppError` is a bug: 500 with a neutral body, logged with its cause.
 */
export function answerError(ctx: Context, error: unknown, log: Log): void {
  if (error instanceof AppError) answer(ctx, error);
  else unexpected(ctx, error, log);
}

function answer(ctx: Context, error: AppError): void {
  ctx.state.code = error.code;
  if (error.retryAfter !== undefined) ctx.set('Retry-After', String(error.retryAfter));
  if (error instanceof MethodNotAllowedError) ctx.set('Allow', error.allow);
  if (error.status === 401) ctx.set('WWW-Authenticate', 'Bearer');
  if (error instanceof RangeNotSatisfiableError) ctx.set('Content-Range', `bytes */${error.size}`);
  if (error instanceof PreconditionFailedError && error.etag !== undefined) ctx.set('ETag', error.etag);
  if (isFault(error)) ctx.state.cause = error;
  if (error.status === 404 && !API.test(ctx.path) && prefersHtml(ctx)) {
    answerPage(ctx, 404, 'Not found', '<h1>Not found</h1>\n<p>There is nothing at this path.</p>');
    ctx.set('Referrer-Policy', 'no-referrer'); // a token may stand in the path
    return;
  }
  answerJson(ctx, JSON.stringify({ error: error.message, code: error.code, ...error.details }), error.status);
}

/** A full account is no fault of the server, and that more ask at once than it can serve is none either: strangers can have that. */
function isFault(error: AppError): boolean {
  return error.status >= 500 && error.status !== 507 && !(error instanceof ServerBusyError);
}

function unexpected(ctx: Context, error: unknown, log: Log): void {
  log.error({ err: error, id: ctx.state.id, route: ctx.state.route }, 'unexpected error');
  answerJson(ctx, JSON.stringify({ error: 'Internal server error', code: 'internal_error' }), 500);
}
