import type { Context } from 'koa';
import { NotFoundError } from '../../base/errors.ts';
import { demandRegistrationOpen } from '../../core/accounts/accounts.ts';
import { registerPerson } from '../../core/accounts/person-deeds.ts';
import { redirect } from '../../http/browser/below.ts';
import type { Route } from '../../http/routing.ts';
import type { Web } from '../context.ts';
import { personDeed } from '../deeds.ts';
import { told } from '../problems.ts';
import { type Fields, openForm, openPage } from '../routes.ts';

type Given = Fields<'username' | 'email' | 'password'>;

/** Somebody makes an account, and confirms its e-mail by the link in a mail. */
export function registerRoutes(web: Web): Route[] {
  const { core, pages } = web;

  function showForm(ctx: Context, error?: unknown, given: Partial<Given> = {}): void {
    const t = pages.t(ctx);
    const problem = error === undefined ? undefined : told(ctx, error, t);
    const values = { username: given.username ?? '', email: given.email ?? '' };
    pages.show(ctx, {
      view: 'register',
      title: t('register.title'),
      status: problem?.status ?? 200,
      data: { problem, values },
    });
  }

  async function register(ctx: Context, given: Given): Promise<void> {
    ctx.state.account = (await registerPerson(core, given, personDeed(web, ctx))).user_id;
    redirect(ctx, '/register/result', 303);
  }

  return [
    openPage('/register', ctx => {
      if (!core.settings.registrationOpen()) throw new NotFoundError('registration is closed');
      showForm(ctx);
    }),
    openForm(web, '/register', ['username', 'email', 'password'], async (ctx, given) => {
      demandRegistrationOpen(core);
      await register(ctx, given).catch(error => showForm(ctx, error, given));
    }),
  ];
}
