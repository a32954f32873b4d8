import type { Context } from 'koa';
import { AppError, PluginRefusedError } from '../base/errors.ts';
import type { Session } from '../core/access/sessions.ts';
import type { Web } from './context.ts';
import { hasMessage } from './i18n/messages.ts';
import { sessionOf } from './routes.ts';

/** Answers with the page of an error: what happened, and the way out. `status` 500 is for what is not meant for the caller. */
export async function showError(web: Web, ctx: Context, error: unknown): Promise<void> {
  const { pages } = web;
  const t = pages.t(ctx);
  const status = error instanceof AppError ? error.status : 500;
  const known = hasMessage(`error.title${status}`) ? String(status) : status >= 500 ? '500' : '400';
  const code = error instanceof AppError ? error.code : 'internal_error';
  const session: Session | undefined = ctx.state.session ?? (status === 404 ? await whoAsks(web, ctx) : undefined);
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

/** Who is signed in where there is no page, as far as that can be told. */
async function whoAsks(web: Web, ctx: Context): Promise<Session | undefined> {
  try {
    return await sessionOf(web, ctx, ctx.path.startsWith('/admin') ? 'admin' : 'user');
  } catch {
    return undefined;
  }
}

/** The way out: to the overview of who is known to be signed in. */
function homeOf({ path }: Context, session: Session | undefined): { home: string; homeLabel: string } {
  if (session) return { home: session.doc.scope === 'admin' ? '/admin' : '/dashboard', homeLabel: 'error.overview' };
  return { home: path.startsWith('/admin') ? '/admin' : '/', homeLabel: 'error.home' };
}
