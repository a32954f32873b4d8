import type { Context } from 'koa';
import { AppError, PluginRefusedError } from '../base/errors.ts';
import { hasMessage } from './i18n/messages.ts';
import type { Pages } from './view.ts';

/** Answers with the page of an error: what happened, and the way out. `status` 500 is for what is not meant for the caller. */
export function showError(pages: Pages, ctx: Context, error: unknown): void {
  const t = pages.t(ctx);
  const status = error instanceof AppError ? error.status : 500;
  const known = hasMessage(`error.title${status}`) ? String(status) : status >= 500 ? '500' : '400';
  const code = error instanceof AppError ? error.code : 'internal_error';
  const own = `problems.${code}`;
  const seconds = error instanceof AppError ? error.retryAfter : undefined;
  const text =
    error instanceof PluginRefusedError
      ? error.message
      : hasMessage(own)
        ? t(own, { seconds: seconds ?? 0 })
        : t(`error.text${known}`);
  pages.show(ctx, {
    view: 'error',
    title: t(`error.title${known}`),
    status,
    data: {
      status,
      code,
      text,
      seconds,
      requestId: ctx.state.id,
      home: ctx.path.startsWith('/admin') ? '/admin' : '/',
    },
  });
}
