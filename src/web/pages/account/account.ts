import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { InvalidInputError } from '../../../base/errors.ts';
import { openSession, SESSION_SECONDS, type Session } from '../../../core/access/sessions.ts';
import { openAccount } from '../../../core/access/standing.ts';
import { exportOf } from '../../../core/accounts/export.ts';
import {
  askForNewEmail,
  changePasswordByPassword,
  forgetNewEmail,
  unregisterByPassword,
} from '../../../core/accounts/own-deeds.ts';
import { redirect } from '../../../http/browser/below.ts';
import { clearSessionCookies, setSessionCookies } from '../../../http/browser/session.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { personDeed } from '../../deeds.ts';
import { told } from '../../problems.ts';
import { signedIn } from '../../routes.ts';

/** A form of the page that is shown again. */
interface Failed {
  readonly form: 'email' | 'password';
  readonly error: unknown;
  readonly email?: string;
}

/** `/account`: who somebody is here, and how that changes or ends. */
export function accountRoutes(web: Web): Route[] {
  const { core, pages, origin } = web;
  const { page, form } = signedIn(web, 'user');

  function show(ctx: Context, session: Session, failed?: Failed): void {
    const t = pages.t(ctx);
    const fields = { new_password_invalid: 'new_password', password_length_invalid: 'new_password' };
    const problem = failed && told(ctx, failed.error, t, failed.form === 'password' ? fields : {});
    // The form asks for two passwords: which one is meant is told by the field.
    const long = problem?.field === 'password' && /^PASSWORD_TOO_/.test(messageOf(failed?.error));
    const data = {
      problem: long ? { ...problem, field: 'new_password' } : problem,
      failed: failed?.form,
      email: failed?.email ?? '',
    };
    pages.show(ctx, {
      view: 'account/account',
      title: t('account.title'),
      status: problem?.status ?? 200,
      session,
      data,
    });
  }

  function showDelete(ctx: Context, session: Session, error?: unknown): void {
    const t = pages.t(ctx);
    const problem = error === undefined ? undefined : told(ctx, error, t, { name_differs: 'name' });
    const title = t('account.deleteTitle');
    pages.show(ctx, { view: 'account/delete', title, status: problem?.status ?? 200, session, data: { problem } });
  }

  async function changePassword(
    ctx: Context,
    { account }: Session,
    given: { password: string; new_password: string; confirm: string },
  ): Promise<void> {
    const { password, new_password, confirm } = given;
    if (new_password !== confirm) throw new InvalidInputError('the passwords differ', { code: 'passwords_differ' });
    await changePasswordByPassword(core, account, { password, next: new_password }, personDeed(web, ctx));
    // This browser stays signed in, by a session that nobody knew before.
    const present = await openAccount(core, account.user_id);
    if (present === undefined) return redirect(ctx, '/login', 303);
    const opened = await openSession(core, present, 'user', { withCsrf: true });
    setSessionCookies(ctx, origin, 'user', { ...opened, maxAge: SESSION_SECONDS });
    redirect(ctx, '/account?done=password_changed', 303);
  }

  return [
    page('/account', async (ctx, session) => show(ctx, session)),
    form('/account/email', ['email', 'password'], async (ctx, session, given) => {
      try {
        await askForNewEmail(core, session.account, given, personDeed(web, ctx));
        redirect(ctx, '/account?done=email_asked', 303);
      } catch (error) {
        show(ctx, session, { form: 'email', error, email: given.email });
      }
    }),
    form('/account/email/forget', [], async (ctx, { account }) => {
      await forgetNewEmail(core, account);
      redirect(ctx, '/account?done=email_kept', 303);
    }),
    form('/account/password', ['password', 'new_password', 'confirm'], (ctx, session, given) =>
      changePassword(ctx, session, given).catch(error => show(ctx, session, { form: 'password', error })),
    ),
    page('/account/export', async (ctx, { account }) => {
      ctx.type = 'json';
      ctx.set('Content-Disposition', 'attachment; filename="keybin-export.json"');
      ctx.body = Readable.from(exportOf(core, account), { objectMode: false });
    }),
    page('/account/delete', async (ctx, session) => showDelete(ctx, session)),
    form('/account/delete', ['name', 'password'], async (ctx, session, given) => {
      try {
        await unregisterByPassword(core, session.account, given, personDeed(web, ctx));
      } catch (error) {
        return showDelete(ctx, session, error);
      }
      clearSessionCookies(ctx, origin, 'user');
      redirect(ctx, '/account/gone', 303);
    }),
  ];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
