import type { Context } from 'koa';
import { InvalidInputError, RenamedError } from '../../base/errors.ts';
import { closeSession, type OpenedSession, SESSION_SECONDS } from '../../core/access/sessions.ts';
import { signIn } from '../../core/access/sign-in.ts';
import { attemptRules } from '../../core/throttle/attempts.ts';
import { CREDENTIAL_BODY, objectReader } from '../../http/body/body.ts';
import { isForm } from '../../http/body/form.ts';
import { redirect } from '../../http/browser/below.ts';
import { clearSessionCookies, type SessionScope, setSessionCookies } from '../../http/browser/session.ts';
import type { Route } from '../../http/routing.ts';
import type { Web } from '../context.ts';
import { told } from '../problems.ts';
import { openForm, openPage, sessionOf, signedIn } from '../routes.ts';

const HOME: Readonly<Record<SessionScope, string>> = { user: '/dashboard', admin: '/admin/dashboard' };

interface Given {
  readonly username: string;
  readonly password: string;
}

/** People, or admins, sign in and out (contracts: verstak, section 7). */
export function loginRoutes(web: Web, scope: SessionScope): Route[] {
  const { core, origin, pages, settings, callerOf } = web;
  const base = scope === 'admin' ? '/admin' : '';

  async function open(ctx: Context, { username, password }: Given): Promise<OpenedSession> {
    const rules = attemptRules(settings.attempts(), 'login');
    const opened = await signIn(core, { login: username, password }, scope, callerOf(ctx), rules);
    ctx.state.account = opened.account.user_id;
    return opened;
  }

  function setCookies(ctx: Context, session: OpenedSession): void {
    setSessionCookies(ctx, origin, scope, { ...session, maxAge: SESSION_SECONDS });
  }

  function showForm(ctx: Context, error?: unknown, username = ''): void {
    const t = pages.t(ctx);
    const problem = error === undefined ? undefined : told(ctx, error, t);
    const refusal = scope === 'admin' && problem?.status === 401 ? { ...problem, text: t('login.refused') } : problem;
    const data = {
      problem: refusal,
      username,
      action: `${base}/login`,
      admin: scope === 'admin',
      registration: core.settings.registrationOpen(),
    };
    const title = t(scope === 'admin' ? 'login.adminTitle' : 'login.title');
    pages.show(ctx, { view: 'login', title, status: problem?.status ?? 200, data });
  }

  const form = openForm(web, `${base}/login`, ['username', 'password'], async (ctx, given) => {
    setCookies(ctx, await open(ctx, given));
    redirect(ctx, HOME[scope], 303);
  });
  const program = scope === 'admin' ? programLogin(web, open, setCookies) : undefined;

  return [
    openPage(`${base}/login`, async ctx => {
      if (await sessionOf(web, ctx, scope)) return redirect(ctx, HOME[scope]);
      showForm(ctx);
    }),
    {
      ...form,
      async handle(ctx, params) {
        if (program && isJson(ctx)) return program(ctx);
        await form.handle(ctx, params).catch(error => showForm(ctx, error));
      },
    },
    signedIn(web, scope).form(`${base}/logout`, [], async (ctx, { doc }) => {
      await closeSession(core, doc);
      clearSessionCookies(ctx, origin, scope);
      if (isForm(ctx)) redirect(ctx, `${base}/login`);
      else ctx.body = { status: 'ok' };
    }),
    openPage(`${base}/logout`, ctx => redirect(ctx, HOME[scope])),
  ];
}

/** An admin's program logs in with JSON. A page of another site cannot send that: browsers ask first, and get no permission. */
function programLogin(
  { origin }: Web,
  open: (ctx: Context, given: Given) => Promise<OpenedSession>,
  setCookies: (ctx: Context, session: OpenedSession) => void,
): (ctx: Context) => Promise<void> {
  const read = objectReader(CREDENTIAL_BODY);
  return async ctx => {
    origin.demandSameOrigin(ctx);
    const { username = '', password = '' } = await read(ctx).catch(error => {
      throw error instanceof InvalidInputError ? new RenamedError(error, 'invalid_json') : error;
    });
    if (typeof username !== 'string' || typeof password !== 'string') {
      throw new InvalidInputError('username and password: expected texts', { code: 'invalid_json' });
    }
    const session = await open(ctx, { username, password });
    setCookies(ctx, session);
    ctx.body = { status: 'ok', csrf_token: session.csrf };
  };
}

function isJson(ctx: Context): boolean {
  const [type = ''] = ctx.get('Content-Type').split(';');
  return type.trim().toLowerCase() === 'application/json';
}
