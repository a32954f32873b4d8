import type { Context } from 'koa';
import { z } from 'zod';
import { AppError, ForbiddenError, InvalidInputError, UnauthorizedError } from '../../../base/errors.ts';
import { closeSession, type OpenedSession, openSession, SESSION_SECONDS } from '../../../core/access/sessions.ts';
import { loginRefused } from '../../../core/access/sign-in.ts';
import { CREDENTIAL_BODY } from '../../../http/body/body.ts';
import { formReader, isForm } from '../../../http/body/form.ts';
import { redirect } from '../../../http/browser/below.ts';
import { setCookie } from '../../../http/browser/cookies.ts';
import { demandFormCsrf } from '../../../http/browser/csrf.ts';
import type { Route } from '../../../http/routing.ts';
import { demandOwnPage, SESSION_COOKIES, sessionOf } from '../accounts/session-access.ts';
import { text } from '../body.ts';
import type { Verstak } from '../context.ts';
import { formCsrf } from '../form-csrf.ts';
import { languageOf } from '../language.ts';
import { logIn } from '../login.ts';
import { routesOf } from '../routes.ts';
import { adminRoutesOf } from './access.ts';
import { answerLoginPage, type Failure } from './login-page.ts';

const PATH = '/admin';

const loginBody = z.object({ username: text, password: text });

/** What a page tells about an error of this status; of others the error itself tells. */
const FAILURES: Readonly<Record<number, Failure>> = { 401: 'refused', 403: 'outdated', 429: 'limited', 503: 'busy' };

/** Admins log in and out, at a browser or as a program. */
export function adminSessionRoutes(verstak: Verstak): Route[] {
  const { core, origin, readFields } = verstak;
  const { route } = routesOf(verstak);
  const readForm = formReader(CREDENTIAL_BODY.bytes);

  /** One error for whatever is wrong: neither who is an admin shows, nor who is blocked. */
  async function open(ctx: Context, { username, password }: z.infer<typeof loginBody>): Promise<OpenedSession> {
    try {
      const account = await logIn(verstak, ctx, { login: username, password }, 'login');
      if (!account.admin) throw loginRefused();
      return await openSession(core, account, 'admin', { withCsrf: true });
    } catch (error) {
      const refused = [InvalidInputError, UnauthorizedError, ForbiddenError].some(kind => error instanceof kind);
      throw refused ? loginRefused() : error;
    }
  }

  function setCookies(ctx: Context, { token, csrf = '' }: OpenedSession, maxAge = SESSION_SECONDS): void {
    const common = { path: PATH, maxAge, secure: origin.isSecure(ctx) };
    setCookie(ctx, SESSION_COOKIES.admin, token, { ...common, httpOnly: true, sameSite: 'Lax' });
    setCookie(ctx, 'csrf_token', csrf, { ...common, httpOnly: false, sameSite: 'Strict' });
  }

  /** A page of another site cannot send this: browsers ask first whether they may, and get no permission. */
  async function logInProgram(ctx: Context): Promise<void> {
    ctx.set('Cache-Control', 'no-store');
    origin.demandSameOrigin(ctx);
    const session = await open(ctx, await readFields(ctx, loginBody));
    setCookies(ctx, session);
    ctx.body = { status: 'ok', csrf_token: session.csrf };
  }

  async function logInByForm(ctx: Context): Promise<void> {
    origin.demandSameOrigin(ctx);
    const form = await readForm(ctx);
    demandFormCsrf(ctx, form.get('locale_csrf'));
    setCookies(ctx, await open(ctx, { username: form.get('username') ?? '', password: form.get('password') ?? '' }));
    redirect(ctx, '/admin/dashboard', 303);
  }

  function answerForm(ctx: Context, status: number, failure?: Failure): void {
    answerLoginPage(ctx, status, { language: languageOf(core, ctx), csrf: formCsrf(verstak, ctx), failure });
  }

  /** What goes wrong with a form is told on the page; programs get it as it is. */
  function tellOnPage(ctx: Context, error: unknown): void {
    const failure = error instanceof AppError && !isJson(ctx) ? FAILURES[error.status] : undefined;
    if (!(error instanceof AppError) || failure === undefined) throw error;
    ctx.state.code = error.code;
    if (error.retryAfter !== undefined) ctx.set('Retry-After', String(error.retryAfter));
    answerForm(ctx, error.status, failure);
  }

  const show = route('GET', '/admin/login', async ctx => {
    if (await sessionOf(verstak, ctx, 'admin')) return redirect(ctx, '/admin/dashboard');
    answerForm(ctx, 200);
  });
  const login = route('POST', '/admin/login', ctx => (isJson(ctx) ? logInProgram(ctx) : logInByForm(ctx)));

  return [
    { ...show, kind: 'browser' },
    {
      ...login,
      kind: 'browser',
      handle: (ctx, params) => login.handle(ctx, params).catch(error => tellOnPage(ctx, error)),
    },
    adminRoutesOf(verstak).form('/admin/logout', async (ctx, admin) => {
      const form = isForm(ctx) ? await readForm(ctx) : undefined;
      demandOwnPage(verstak, ctx, admin, form?.get('csrf_token'));
      await closeSession(core, admin.doc);
      setCookies(ctx, { token: '', csrf: '' }, 0);
      if (form) redirect(ctx, '/admin/login');
      else ctx.body = { status: 'ok' };
    }),
  ];
}

function isJson(ctx: Context): boolean {
  const [type = ''] = ctx.get('Content-Type').split(';');
  return type.trim().toLowerCase() === 'application/json';
}
