import type { Context } from 'koa';
import { InvalidInputError } from '../../../base/errors.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { forgetMail, saveMail, tryMail } from '../../../core/admin/mail.ts';
import { saveWebSettings } from '../../../core/admin/web.ts';
import { loadMailSettings } from '../../../core/mail/settings.ts';
import { languageOf } from '../../../http/browser/language.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { adminDeed } from '../../deeds.ts';
import { signedIn } from '../../routes.ts';
import type { ActFields, Acts, Failed } from './acts.ts';

/** What admins choose over the configuration: the server's name and address, the mail server; and the limits, to look at. */
export function settingsPage(web: Web): { readonly routes: readonly Route[]; readonly acts: Acts } {
  const { core, pages, server } = web;

  async function show(ctx: Context, session: Session, failed?: Failed): Promise<void> {
    const stored = await loadMailSettings(core);
    const mail = {
      smtp_host: stored?.host ?? '',
      smtp_port: stored ? String(stored.port) : '',
      smtp_user: stored?.user ?? '',
      smtp_security: stored?.security ?? 'starttls',
      smtp_from: stored?.from ?? '',
      server_url: stored?.server_url ?? '',
      test_to: session.account.email ?? '',
    };
    const ofMail = failed?.action === 'smtp' || failed?.action === 'smtp-test';
    const data = {
      chosen: failed?.action === 'web-settings' ? failed.fields : chosenFields(),
      configured: server.configured(),
      mail: ofMail ? failed?.fields : mail,
      mailStored: stored !== undefined,
      hasPassword: Boolean(stored?.password),
      mailBy: stored?.host ? 'stored' : server.hasMailServer() ? 'configured' : 'folder',
      limits: Object.entries(server.limits()),
      failed: failed?.action,
      ofMail,
      problem: failed?.problem,
    };
    const title = pages.t(ctx)('nav.settings');
    const status = failed?.problem.status ?? 200;
    pages.show(ctx, { view: 'admin/settings', title, at: '/admin/settings', status, session, data });
  }

  function chosenFields() {
    const { server_name, public_url, language, registration_open, trusted_proxies } = core.chosen.web;
    return {
      server_name: server_name ?? '',
      public_url: public_url ?? '',
      language: language ?? '',
      registration_open: registration_open === undefined ? '' : String(registration_open),
      trusted_proxies: trusted_proxies?.join(', ') ?? '',
    };
  }

  const field = (fields: ActFields) => (name: string) => fields[name as keyof ActFields] ?? '';

  const acts: Acts = {
    'web-settings': {
      show,
      async run(ctx, session, fields) {
        await saveWebSettings(core, fields, adminDeed(web, ctx, session));
        return '/admin/settings?done=web_settings_saved';
      },
    },
    smtp: {
      show,
      async run(ctx, session, fields) {
        await saveMail(core, field(fields), adminDeed(web, ctx, session));
        return '/admin/settings?done=mail_saved';
      },
    },
    'smtp-test': {
      show,
      async run(ctx, session, fields) {
        const language = languageOf(ctx, core.settings.language());
        const wrong = await tryMail(core, field(fields), language, adminDeed(web, ctx, session));
        if (wrong !== undefined) throw new InvalidInputError(wrong, { code: 'mail_settings_invalid' });
        return '/admin/settings?done=mail_tested';
      },
    },
    'smtp-forget': {
      show,
      async run(ctx, session) {
        await forgetMail(core, adminDeed(web, ctx, session));
        return '/admin/settings?done=mail_forgotten';
      },
    },
  };

  return { routes: [signedIn(web, 'admin').page('/admin/settings', (ctx, session) => show(ctx, session))], acts };
}
