import type { Context } from 'koa';
import { z } from 'zod';
import { AppError } from '../../../base/errors.ts';
import { findMailToken } from '../../../core/access/mail-tokens.ts';
import { confirmEmail } from '../../../core/accounts/email-accounts.ts';
import { CREDENTIAL_BODY } from '../../../http/body/body.ts';
import { redirect } from '../../../http/browser/below.ts';
import { demandFormCsrf } from '../../../http/browser/csrf.ts';
import { prefersHtml } from '../../../http/browser/page.ts';
import type { Route } from '../../../http/routing.ts';
import { fieldsOrFormReader, text } from '../body.ts';
import type { Verstak } from '../context.ts';
import { formCsrf } from '../form-csrf.ts';
import { languageOf } from '../language.ts';
import { invalidRequest } from '../refusals.ts';
import { routesOf } from '../routes.ts';
import { askToConfirm, tellConfirmed, tellInvalid, tellOutdated } from './confirm-page.ts';

const confirmBody = z.object({ token: text, locale_csrf: text });

/** A token in the address needs none. */
const NO_BODY = { fields: { token: '', locale_csrf: '' }, form: false };

/**
 * The link in the mail to a new account (contract, section 6). Programs that look through mails open links as browsers do:
 * there it takes the press of a button. Any other GET confirms.
 */
export function confirmRoutes(verstak: Verstak): Route[] {
  const { core, audit } = verstak;
  const { route } = routesOf(verstak);
  const readBody = fieldsOrFormReader(CREDENTIAL_BODY);

  async function confirm(ctx: Context, token: string): Promise<void> {
    if (token === '') throw invalidRequest('token is needed');
    const accountId = await confirmEmail(core, token);
    ctx.state.account = accountId;
    await audit.record(ctx, 'user_confirmed', { accountId });
  }

  async function confirmByForm(ctx: Context, { token, locale_csrf }: z.infer<typeof confirmBody>): Promise<void> {
    demandFormCsrf(ctx, locale_csrf);
    await confirm(ctx, token);
    redirect(ctx, '/confirm/result', 303);
  }

  async function ask(ctx: Context): Promise<void> {
    const token = tokenOf(ctx);
    await findMailToken(core, token, 'confirm');
    askToConfirm(ctx, languageOf(core, ctx), { token, csrf: formCsrf(verstak, ctx) });
  }

  /** What goes wrong is told on a page. */
  async function atBrowser(ctx: Context, work: (ctx: Context) => Promise<void>): Promise<void> {
    try {
      await work(ctx);
    } catch (error) {
      if (!(error instanceof AppError) || (error.status !== 400 && error.status !== 403)) throw error;
      ctx.state.code = error.code;
      const tell = error.status === 400 ? tellInvalid : tellOutdated;
      tell(ctx, languageOf(core, ctx));
    }
  }

  const open = route('GET', '/api/v1/auth/confirm', async ctx => {
    // HEAD asks what there is, and does nothing.
    if (prefersHtml(ctx) || ctx.method === 'HEAD') return atBrowser(ctx, ask);
    await confirm(ctx, tokenOf(ctx));
    ctx.body = { status: 'confirmed' };
  });
  const result = route('GET', '/confirm/result', async ctx => tellConfirmed(ctx, languageOf(core, ctx)));

  return [
    { ...open, kind: 'linked' },
    route('POST', '/api/v1/auth/confirm', async ctx => {
      const inAddress = tokenOf(ctx);
      const { fields, form } = inAddress === '' ? await readBody(ctx, confirmBody) : NO_BODY;
      if (form) return prefersHtml(ctx) ? atBrowser(ctx, () => confirmByForm(ctx, fields)) : confirmByForm(ctx, fields);
      await confirm(ctx, inAddress || fields.token);
      ctx.body = { status: 'confirmed' };
    }),
    { ...result, kind: 'browser' },
  ];
}

/** The token in the address; empty when there is none, or more than one. */
function tokenOf({ query }: Context): string {
  return typeof query.token === 'string' ? query.token : '';
}
