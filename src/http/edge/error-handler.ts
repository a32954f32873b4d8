import type { Context } from 'koa';
import {
  AppError,
  MethodNotAllowedError,
  PreconditionFailedError,
  RangeNotSatisfiableError,
  ReadOnlyError,
  ServerBusyError,
} from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { answerJson } from '../answer.ts';
import { prefersHtml } from '../browser/page.ts';

/** Answers with the page of an error. */
export type ShowError = (ctx: Context, error: unknown) => Promise<void>;

/** Paths whose errors are JSON even for browsers. */
const API = /^\/(api|v1|v2|user|admin\/api)(\/|$)/;

/** Paths whose errors name the request, and have details at a place of their own (v2.md, section 6). */
const V2 = /^\/(v2\/|openapi\.json$)/;

/**
 * The one place that writes an error response: `{"error","code"}` and the error's details, with the status of its class. Anything that is
 * not an `AppError` is a bug: 500 with a neutral body, logged with its cause. Who prefers a page gets one, outside of the APIs.
 */
export async function answerError(ctx: Context, error: unknown, log: Log, showError?: ShowError): Promise<void> {
  if (error instanceof AppError) describe(ctx, error);
  else log.error({ err: error, id: ctx.state.id, route: ctx.state.route }, 'unexpected error');
  if (showError !== undefined && (await shown(ctx, error, log, showError))) return;
  if (error instanceof AppError) {
    answerJson(ctx, JSON.stringify({ error: error.message, code: error.code, ...moreOf(ctx, error) }), error.status);
  } else {
    const more = V2.test(pathOf(ctx)) ? { request_id: ctx.state.id, details: {} } : {};
    answerJson(ctx, JSON.stringify({ error: 'Internal server error', code: 'internal_error', ...more }), 500);
  }
}

/** What an answer says beside message and code: in v2 at a place of its own. */
function moreOf(ctx: Context, error: AppError): object | undefined {
  if (!V2.test(pathOf(ctx))) return error.details;
  const current_etag = error instanceof PreconditionFailedError ? error.etag : undefined;
  // An object also where there is nothing to tell: programs look into it.
  const details = { ...error.details, ...(current_etag !== undefined && { current_etag }) };
  return { request_id: ctx.state.id, details };
}

/** Whether it was answered with a page. */
async function shown(ctx: Context, error: unknown, log: Log, showError: ShowError): Promise<boolean> {
  if (API.test(pathOf(ctx)) || !prefersHtml(ctx)) return false;
  try {
    await showError(ctx, error);
    return true;
  } catch (err) {
    log.error({ err, id: ctx.state.id }, 'the page of an error could not be made');
    return false;
  }
}

/** The path of a request; of a target that is no URL, one that has no page. */
function pathOf(ctx: Context): string {
  try {
    return ctx.path;
  } catch {
    return '/api';
  }
}

/** What log and headers say of it. */
function describe(ctx: Context, error: AppError): void {
  ctx.state.code = error.code;
  const isForLater = error.status === 429 || error.status === 503;
  if (error.retryAfter !== undefined || isForLater) ctx.set('Retry-After', String(error.retryAfter ?? 1));
  if (error instanceof MethodNotAllowedError) ctx.set('Allow', error.allow);
  if (error.status === 401 && !ctx.response.get('WWW-Authenticate')) ctx.set('WWW-Authenticate', 'Bearer');
  if (error instanceof RangeNotSatisfiableError) ctx.set('Content-Range', `bytes */${error.size}`);
  if (error instanceof PreconditionFailedError && error.etag !== undefined) ctx.set('ETag', error.etag);
  if (isFault(error)) ctx.state.cause = error;
}

/** A full account is no fault of the server, and that more ask at once than it can serve, or that it is read-only, is none either: strangers can have that. */
function isFault(error: AppError): boolean {
  if (error instanceof ServerBusyError || error instanceof ReadOnlyError) return false;
  return error.status >= 500 && error.status !== 507;
}
