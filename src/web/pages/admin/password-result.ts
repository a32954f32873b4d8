import type { Context } from 'koa';
import { takeSecret } from '../../../core/access/one-time-secrets.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { sessionToken } from '../../../http/browser/session.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { signedIn } from '../../routes.ts';

/** Shows a password that was generated: once, to the session that had it made. A script asks for it, or who presses the button. */
export function passwordResultRoutes(web: Web): Route[] {
  const { core, pages } = web;
  const { page, form } = signedIn(web, 'admin');

  function show(ctx: Context, session: Session, password?: string): void {
    const data = { password };
    const title = pages.t(ctx)('users.passwordTitle');
    pages.show(ctx, { view: 'admin/password-result', title, at: '/admin/users', session, data });
  }

  return [
    page('/admin/password-result', async (ctx, session) => show(ctx, session)),
    form('/admin/password-result/secret', [], async (ctx, session) => {
      const holder = { accountId: session.account.user_id, sessionToken: sessionToken(ctx, 'admin') ?? '' };
      const password = await takeSecret(core, holder);
      if (ctx.get('X-CSRF-Token') === '') return show(ctx, session, password);
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { password };
    }),
  ];
}
