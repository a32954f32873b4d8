import type { Context } from 'koa';
import { AppError, InvalidInputError } from '../../base/errors.ts';
import { findMailToken } from '../../core/access/mail-tokens.ts';
import { askForReset, resetByMail } from '../../core/accounts/person-deeds.ts';
import { redirect } from '../../http/browser/below.ts';
import type { Route } from '../../http/routing.ts';
import type { Web } from '../context.ts';
import { personDeed } from '../deeds.ts';
import { told } from '../problems.ts';
import { type Fields, openForm, openPage } from '../routes.ts';

type Given = Fields<'token' | 'password' | 'confirm'>;

/** Somebody who has forgotten a password asks for a link, and sets another one with it. */
export function passwordRoutes(web: Web): Route[] {
  const { core, pages } = web;

  function showForgot(ctx: Context, error?: unknown): void {
    const t = pages.t(ctx);
    const problem = error === undefined ? undefined : told(ctx, error, t);
    pages.show(ctx, { view: 'forgot', title: t('forgot.title'), status: problem?.status ?? 200, data: { problem } });
  }

  async function forgot(ctx: Context, email: string): Promise<void> {
    if (email === '') throw new InvalidInputError('an e-mail is needed', { code: 'email_invalid' });
    await askForReset(core, email, personDeed(web, ctx));
    redirect(ctx, '/forgot/sent', 303);
  }

  function showReset(ctx: Context, token: string, error?: unknown): void {
    const t = pages.t(ctx);
    const problem = error === undefined ? undefined : told(ctx, error, t);
    const data = { problem, token, endsDevices: core.settings.resetEndsDevices() };
    pages.show(ctx, { view: 'reset', title: t('reset.title'), status: problem?.status ?? 200, data });
  }

  async function reset(ctx: Context, { token, password, confirm }: Given): Promise<void> {
    if (password !== confirm) {
      await findMailToken(core, token, 'reset');
      throw new InvalidInputError('the two passwords differ', { code: 'passwords_differ' });
    }
    ctx.state.account = (await resetByMail(core, { token, password }, personDeed(web, ctx))).accountId;
    redirect(ctx, '/reset/done', 303);
  }

  return [
    openPage('/forgot', ctx => showForgot(ctx)),
    openForm(web, '/forgot', ['email'], (ctx, { email }) =>
      forgot(ctx, email.trim()).catch(error => showForgot(ctx, error)),
    ),
    openPage('/reset', async ctx => {
      const token = typeof ctx.query.token === 'string' ? ctx.query.token : '';
      try {
        await findMailToken(core, token, 'reset');
      } catch (error) {
        if (!isBadToken(error)) throw error;
        return redirect(ctx, '/forgot');
      }
      showReset(ctx, token);
    }),
    openForm(web, '/reset', ['token', 'password', 'confirm'], (ctx, given) =>
      reset(ctx, given).catch(error => {
        if (isBadToken(error)) return redirect(ctx, '/forgot');
        showReset(ctx, given.token, error);
      }),
    ),
  ];
}

function isBadToken(error: unknown): boolean {
  return error instanceof AppError && error.code === 'mail_token_invalid';
}
