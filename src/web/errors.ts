import type { Context } from 'koa';
import { AppError, PluginRefusedError } from '../base/errors.ts';
import type { Session } from '../core/access/sessions.ts';
import { hasMessage } from './i18n/messages.ts';
import type { Pages } from './view.ts';

/** Answers with the page of an error: what happened, and the way out. `status` 500 is for what is not meant for the caller. */
export function showError(pages: Pages, ctx: Context, error: unknown): void {
  const t = pages.t(ctx);
  const status = error instanceof AppError ? error.status : 500;
  const known = hasMessage(`error.title${status}`) ? String(status) : status >= 500 ? '500' : '400';
  const code = error instanceof AppError ? error.code : 'internal_error';
  const session: Session | undefined = ctx.state.session;
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
    session,
    data: {
      status,
      code,
      text,
      seconds,
      requestId: ctx.state.id,
      ...homeOf(ctx, session),
    },
  });
}

/** The way out: to the overview of who is known to be signed in. */
function homeOf({ path }: Context, session: Session | undefined): { home: string; homeLabel: string } {
  if (session) return { home: session.doc.scope === 'admin' ? '/admin' : '/dashboard', homeLabel: 'error.overview' };
  return { home: path.startsWith('/admin') ? '/admin' : '/', homeLabel: 'error.home' };
}
