import type { Context } from 'koa';
import { z } from 'zod';
import { emailOf } from '../../../base/email.ts';
import { InvalidInputError, MailError } from '../../../base/errors.ts';
import type { Mail, SmtpServer } from '../../../base/mail.ts';
import { checkMailSettings } from '../../../base/mail-rules.ts';
import { hastenMails } from '../../../core/mail/queue.ts';
import {
  loadMailSettings,
  type MailChange,
  removeMailSettings,
  type StoredMail,
  saveMailSettings,
} from '../../../core/mail/settings.ts';
import type { Language } from '../../../core/mail/texts.ts';
import { formReader } from '../../../http/body/form.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import { demandOwnPage } from '../accounts/session-access.ts';
import { text } from '../body.ts';
import type { Verstak } from '../context.ts';
import { languageOf } from '../language.ts';
import { invalidRequest } from '../refusals.ts';
import { adminRoutesOf } from './access.ts';

/** Longest form, in bytes. */
const FORM_BYTES = 65_536;

const SECURITIES: readonly SmtpServer['security'][] = ['none', 'starttls', 'tls'];

const testBody = z.object({
  smtp_host: text,
  /** Pages send what stands in a field. */
  smtp_port: z.union([text, z.int()]),
  smtp_user: text,
  smtp_pass: text,
  smtp_security: text,
  smtp_from: text,
  test_to: text,
});

const TEST_MAIL: Readonly<Record<Language, Omit<Mail, 'to'>>> = {
  en: { subject: 'Test mail', text: 'Hello,\n\nthis server can send mails: here is one.\n' },
  ru: { subject: 'Проверка почты', text: 'Здравствуйте!\n\nЭтот сервер умеет отправлять письма: вот одно из них.\n' },
};

/** Admins set the server that mails leave through, and try it out (contract, section 8.2). */
export function adminMailRoutes(verstak: Verstak): Route[] {
  const { core, audit, readFields } = verstak;
  const { change, form } = adminRoutesOf(verstak);
  const readForm = formReader(FORM_BYTES);

  /** Throws `InvalidInputError`, `MailError`. */
  async function sendTestMail(ctx: Context, ownEmail = ''): Promise<void> {
    const given = await readFields(ctx, testBody);
    const settings = readServer(name => String(given[name as keyof typeof given] ?? ''));
    checkMailSettings(settings, fieldOf);
    const to = emailOf(given.test_to || ownEmail);
    if (to === undefined) throw invalidRequest('test_to: expected one bare address');
    const server = serverToTry(settings, await loadMailSettings(core));
    await core.mailer.deliver({ to, ...TEST_MAIL[languageOf(core, ctx)] }, server);
  }

  return [
    form('/admin/api/smtp', async (ctx, admin) => {
      const fields = await readForm(ctx);
      demandOwnPage(verstak, ctx, admin, fields.get('csrf_token'));
      const field = (name: string) => fields.get(name) ?? '';
      const settings = { ...readServer(field), server_url: field('server_url').trim() };
      checkMailSettings(settings, fieldOf);
      await saveMailSettings(core, settings);
      await audit.record(ctx, 'smtp_settings_updated', { message: `by ${admin.account.user_id}` });
      await hastenMails(core);
      redirect(ctx, '/admin/dashboard');
    }),
    // Nothing stored is fine: then the configuration counts already.
    change('DELETE', '/admin/api/smtp', async (ctx, { account }) => {
      await removeMailSettings(core);
      await audit.record(ctx, 'smtp_settings_updated', { message: `taken away by ${account.user_id}` });
      await hastenMails(core);
      ctx.body = { status: 'deleted' };
    }),
    change('POST', '/admin/api/smtp/test', async (ctx, { account }) => {
      const message = `by ${account.user_id}`;
      try {
        await sendTestMail(ctx, account.email);
        await audit.record(ctx, 'smtp_test_passed', { message });
        ctx.body = { ok: true };
      } catch (error) {
        if (!(error instanceof InvalidInputError || error instanceof MailError)) throw error;
        await audit.record(ctx, 'smtp_test_failed', { message });
        ctx.body = { ok: false, error: error.message };
      }
    }),
  ];
}

/** The name of a field in the form. */
function fieldOf(field: keyof MailChange): string {
  if (field === 'server_url') return field;
  return field === 'password' ? 'smtp_pass' : `smtp_${field}`;
}

/** What a form says of a server; empty: as it is. Throws `InvalidInputError`. */
function readServer(field: (name: string) => string): MailChange {
  const port = field('smtp_port').trim();
  if (!/^([1-9]\d{0,4})?$/.test(port)) throw invalidRequest('smtp_port: expected an integer from 1 to 65535');
  const given = field('smtp_security').trim();
  const security = SECURITIES.find(known => known === given);
  if (given !== '' && security === undefined) throw invalidRequest('smtp_security: expected none, starttls or tls');
  return {
    host: field('smtp_host').trim(),
    port: Number(port),
    user: field('smtp_user').trim(),
    password: field('smtp_pass'),
    security,
    from: field('smtp_from').trim(),
  };
}

/** What would be in force if the change were saved; undefined: the configuration's. */
function serverToTry(given: MailChange, stored: StoredMail | undefined): SmtpServer | undefined {
  const host = given.host || stored?.host;
  if (!host) return undefined;
  const moved = host.toLowerCase() !== stored?.host.toLowerCase();
  return {
    host,
    port: given.port || stored?.port || 587,
    user: given.user || stored?.user || '',
    // A stored password is for the server it was stored for.
    password: given.password || (moved ? '' : (stored?.password ?? '')),
    security: given.security ?? stored?.security ?? 'starttls',
    from: given.from || stored?.from || '',
  };
}
