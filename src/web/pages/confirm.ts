import type { Context } from 'koa';
import { AppError, InvalidInputError, RenamedError } from '../../base/errors.ts';
import { TrailingJsonError } from '../../base/json/parse.ts';
import { findMailToken } from '../../core/access/mail-tokens.ts';
import { confirmPerson } from '../../core/accounts/person-deeds.ts';
import { bytesReader, CREDENTIAL_BODY, jsonOf } from '../../http/body/body.ts';
import { fieldsOfForm, isForm } from '../../http/body/form.ts';
import { redirect } from '../../http/browser/below.ts';
import { demandFormCsrf } from '../../http/browser/csrf.ts';
import { prefersHtml } from '../../http/browser/page.ts';
import type { Route } from '../../http/routing.ts';
import type { Web } from '../context.ts';
import { personDeed } from '../deeds.ts';

const PATH = '/api/v1/auth/confirm';

/**
 * The link in the mail to a new account (contracts: verstak, section 6). Programs that look through mails open links as browsers
 * do: there it takes the press of a button. Any other GET confirms.
 */
export function confirmRoutes(web: Web): Route[] {
  const { core, pages } = web;
  const read = bytesReader(CREDENTIAL_BODY.bytes);

  async function confirm(ctx: Context, token: string): Promise<void> {
    if (token === '') throw new InvalidInputError('token is needed', { code: 'invalid_request' });
    ctx.state.account = await confirmPerson(core, token, personDeed(web, ctx)).catch(error => {
      throw error instanceof InvalidInputError ? new RenamedError(error, 'invalid_request') : error;
    });
  }

  async function ask(ctx: Context): Promise<void> {
    const token = tokenOf(ctx);
    await findMailToken(core, token, 'confirm');
    pages.show(ctx, { view: 'confirm', title: pages.t(ctx)('confirm.title'), data: { token } });
  }

  /** What goes wrong is told on a page. */
  async function atBrowser(ctx: Context, work: (ctx: Context) => Promise<void>): Promise<void> {
    try {
      await work(ctx);
    } catch (error) {
      if (!(error instanceof AppError) || (error.status !== 400 && error.status !== 403)) throw error;
      ctx.state.code = error.code;
      const t = pages.t(ctx);
      const name = error.status === 400 ? 'invalid' : 'outdated';
      const data = { text: t(`confirm.${name}Text`), next: '/forgot', nextLabel: t('confirm.again') };
      pages.show(ctx, { view: 'result', title: t(`confirm.${name}`), status: error.status, data });
    }
  }

  async function confirmByForm(ctx: Context, form: ReadonlyMap<string, string>): Promise<void> {
    demandFormCsrf(ctx, form.get('locale_csrf'));
    await confirm(ctx, form.get('token') ?? '');
    redirect(ctx, '/confirm/result', 303);
  }

  /** A form, or JSON; programs type JSON as a form without thinking about it. */
  async function post(ctx: Context): Promise<void> {
    const inAddress = tokenOf(ctx);
    if (inAddress !== '') return confirmed(ctx, inAddress);
    const bytes = await read(ctx).catch(unreadable);
    const source = bytes.toString();
    if (!isForm(ctx) || /^\s*\{/.test(source)) return confirmed(ctx, await jsonToken(ctx, bytes));
    const form = fieldsOfForm(source);
    await (prefersHtml(ctx) ? atBrowser(ctx, () => confirmByForm(ctx, form)) : confirmByForm(ctx, form));
  }

  async function confirmed(ctx: Context, token: string): Promise<void> {
    await confirm(ctx, token);
    ctx.body = { status: 'confirmed' };
  }

  return [
    {
      method: 'GET',
      path: PATH,
      kind: 'linked',
      async handle(ctx) {
        // HEAD asks what there is, and does nothing.
        if (prefersHtml(ctx) || ctx.method === 'HEAD') return atBrowser(ctx, ask);
        await confirmed(ctx, tokenOf(ctx));
      },
    },
    { method: 'POST', path: PATH, handle: post },
  ];
}

async function jsonToken(ctx: Context, bytes: Buffer): Promise<string> {
  const value = await jsonOf(ctx, bytes, CREDENTIAL_BODY).catch(unreadable);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notJson('expected a JSON object');
  const { token } = value as { token?: unknown };
  if (token === undefined || token === null) return '';
  if (typeof token !== 'string' || !token.isWellFormed()) throw notJson('token: expected a text');
  return token;
}

/** The error under the code that clients know. */
function unreadable(error: unknown): never {
  if (!(error instanceof InvalidInputError)) throw error;
  throw new RenamedError(error, error instanceof TrailingJsonError ? 'trailing_json' : 'invalid_json');
}

function notJson(message: string): InvalidInputError {
  return new InvalidInputError(message, { code: 'invalid_json' });
}

/** The token in the address; empty when there is none, or more than one. */
function tokenOf({ query }: Context): string {
  return typeof query.token === 'string' ? query.token : '';
}
