import { z } from 'zod';
import { ForbiddenError } from '../../../base/errors.ts';
import { openSession } from '../../../core/access/sessions.ts';
import { loginRefused } from '../../../core/access/sign-in.ts';
import { demandRegistrationOpen, publicId } from '../../../core/accounts/accounts.ts';
import { askForReset, registerPerson, resetByMail } from '../../../core/accounts/person-deeds.ts';
import type { Route } from '../../../http/routing.ts';
import { text } from '../body.ts';
import type { Verstak } from '../context.ts';
import { personDeedOf } from '../deeds.ts';
import { logIn } from '../login.ts';
import { invalidRequest } from '../refusals.ts';
import { routesOf } from '../routes.ts';

const registerBody = z.object({ username: text, email: text, password: text });
const loginBody = z.object({ username: text, password: text });
const forgotBody = z.object({ email: text });
const resetBody = z.object({ token: text, new_password: text });

/** Accounts register with an e-mail, log in, and get another password (contract, section 6). */
export function authRoutes(verstak: Verstak): Route[] {
  const { core, readFields } = verstak;
  const { route } = routesOf(verstak);

  return [
    route('POST', '/api/v1/auth/register', async ctx => {
      demandRegistrationOpen(core);
      const given = await readFields(ctx, registerBody);
      const { username, email, password } = given;
      if (username === '' || email === '' || password === '') {
        throw invalidRequest('username, email and password are needed');
      }
      const account = await registerPerson(core, given, personDeedOf(verstak, ctx));
      ctx.state.account = account.user_id;
      ctx.body = { status: 'confirmation_sent' };
    }),
    route('POST', '/api/v1/auth/login', async ctx => {
      const { username, password } = await readFields(ctx, loginBody);
      const account = await logIn(verstak, ctx, { login: username, password }, 'login');
      const { token } = await openSession(core, account, 'user', { withCsrf: false }).catch(error => {
        // The account changed since its password was right.
        throw error instanceof ForbiddenError ? loginRefused() : error;
      });
      ctx.body = { token, user_id: publicId(account) };
    }),
    route('POST', '/api/v1/auth/forgot', async ctx => {
      const email = (await readFields(ctx, forgotBody)).email.trim();
      if (email === '') throw invalidRequest('email is needed');
      await askForReset(core, email, personDeedOf(verstak, ctx));
      ctx.body = { status: 'if email exists, reset link sent' };
    }),
    route('POST', '/api/v1/auth/reset', async ctx => {
      const { token, new_password } = await readFields(ctx, resetBody);
      if (token === '' || new_password === '') throw invalidRequest('token and new_password are needed');
      const reset = { token, password: new_password };
      const { accountId, ended } = await resetByMail(core, reset, personDeedOf(verstak, ctx));
      ctx.state.account = accountId;
      ctx.body = { status: 'password reset', signed_out: ended };
    }),
  ];
}
