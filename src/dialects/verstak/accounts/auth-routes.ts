import { z } from 'zod';
import { emailOf } from '../../../base/email.ts';
import { ForbiddenError } from '../../../base/errors.ts';
import { openSession } from '../../../core/access/sessions.ts';
import { countAttempt } from '../../../core/access/throttle.ts';
import { demandRegistrationOpen, publicId } from '../../../core/accounts/accounts.ts';
import { forgotPassword, registerWithEmail, resetPassword } from '../../../core/accounts/email-accounts.ts';
import type { Route } from '../../../http/routing.ts';
import { text } from '../body.ts';
import { rulesFor, type Verstak } from '../context.ts';
import { logIn } from '../login.ts';
import { invalidRequest, loginRefused } from '../refusals.ts';
import { routesOf } from '../routes.ts';
import { mailContext } from './mail-context.ts';

const registerBody = z.object({ username: text, email: text, password: text });
const loginBody = z.object({ username: text, password: text });
const forgotBody = z.object({ email: text });
const resetBody = z.object({ token: text, new_password: text });

/** Accounts register with an e-mail, log in, and get another password (contract, section 6). */
export function authRoutes(verstak: Verstak): Route[] {
  const { core, audit, readFields, clientAddress, callerOf } = verstak;
  const { route } = routesOf(verstak);

  return [
    route('POST', '/api/v1/auth/register', async ctx => {
      demandRegistrationOpen(core);
      const given = await readFields(ctx, registerBody);
      const { username, email, password } = given;
      if (username === '' || email === '' || password === '') {
        throw invalidRequest('username, email and password are needed');
      }
      const subjects = [`name ${username.toLowerCase()}`];
      await countAttempt(core, { subjects, address: clientAddress(ctx), rules: rulesFor(verstak, 'register') });
      const account = await registerWithEmail(core, given, await mailContext(verstak, ctx), callerOf(ctx));
      ctx.state.account = account.user_id;
      await audit.record(ctx, 'user_created', { accountId: account.user_id });
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
      const subjects = [`email ${emailOf(email) ?? email.toLowerCase()}`];
      await countAttempt(core, { subjects, address: clientAddress(ctx), rules: rulesFor(verstak, 'forgot') });
      forgotPassword(core, email, await mailContext(verstak, ctx));
      ctx.body = { status: 'if email exists, reset link sent' };
    }),
    route('POST', '/api/v1/auth/reset', async ctx => {
      const { token, new_password } = await readFields(ctx, resetBody);
      if (token === '' || new_password === '') throw invalidRequest('token and new_password are needed');
      await countAttempt(core, { subjects: [], address: clientAddress(ctx), rules: rulesFor(verstak, 'reset') });
      const { accountId, ended } = await resetPassword(
        core,
        { token, password: new_password },
        await mailContext(verstak, ctx),
        callerOf(ctx),
      );
      ctx.state.account = accountId;
      const message = `by mail; signed out: ${ended.sessions} sessions, ${ended.tokens} tokens, ${ended.devices} devices`;
      await audit.record(ctx, 'user_password_reset', { accountId, message });
      ctx.body = { status: 'password reset', signed_out: ended };
    }),
  ];
}
