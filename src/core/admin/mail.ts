/** What admins do with the server that mails leave through. Each deed is told to the audit log. */

import { emailOf } from '../../base/email.ts';
import { InvalidInputError, MailError } from '../../base/errors.ts';
import type { Language } from '../../base/language.ts';
import type { Mail, SmtpServer } from '../../base/mail.ts';
import { checkMailSettings } from '../../base/mail-rules.ts';
import type { Core } from '../context.ts';
import { hastenMails } from '../mail/queue.ts';
import {
  loadMailSettings,
  type MailChange,
  removeMailSettings,
  type StoredMail,
  saveMailSettings,
} from '../mail/settings.ts';
import { type AdminDeed, by } from './deed.ts';

/** The value of a field; empty: it was not given. The fields are `smtp_host … smtp_from`, `server_url`, `test_to`. */
export type MailFields = (name: string) => string;

const SECURITIES: readonly SmtpServer['security'][] = ['none', 'starttls', 'tls'];

const TEST_MAIL: Readonly<Record<Language, Omit<Mail, 'to'>>> = {
  en: { subject: 'Test mail', text: 'Hello,\n\nthis server can send mails: here is one.\n' },
  ru: { subject: 'Проверка почты', text: 'Здравствуйте!\n\nЭтот сервер умеет отправлять письма: вот одно из них.\n' },
};

/** Stores what the fields say; what is empty stays as it is. Throws `InvalidInputError`. */
export async function saveMail(core: Core, field: MailFields, deed: AdminDeed): Promise<void> {
  const settings = { ...readServer(field), server_url: field('server_url').trim() };
  checkMailSettings(settings, fieldOf);
  await saveMailSettings(core, settings);
  await deed.record('smtp_settings_updated', by(deed));
  await hastenMails(core);
}

/** Takes what was stored away: the configuration counts again. Nothing stored is fine. */
export async function forgetMail(core: Core, deed: AdminDeed): Promise<void> {
  await removeMailSettings(core);
  await deed.record('smtp_settings_updated', { message: `taken away ${by(deed).message}` });
  await hastenMails(core);
}

/**
 * Sends a mail as it would go out if the fields were stored, to `test_to` or to the admin's own e-mail. Returns what went wrong;
 * undefined: nothing. `fields` may be refused as well, with an `InvalidInputError`.
 */
export async function tryMail(
  core: Core,
  fields: MailFields | Promise<MailFields>,
  language: Language,
  deed: AdminDeed,
): Promise<string | undefined> {
  try {
    await sendTestMail(core, await fields, language, deed.admin.email);
    await deed.record('smtp_test_passed', by(deed));
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidInputError || error instanceof MailError)) throw error;
    await deed.record('smtp_test_failed', by(deed));
    return error.message;
  }
}

/** Throws `InvalidInputError`, `MailError`. */
async function sendTestMail(core: Core, field: MailFields, language: Language, ownEmail = ''): Promise<void> {
  const settings = readServer(field);
  checkMailSettings(settings, fieldOf);
  const to = emailOf(field('test_to') || ownEmail);
  if (to === undefined) throw new InvalidInputError('test_to: expected one bare address');
  const server = serverToTry(settings, await loadMailSettings(core));
  await core.mailer.deliver({ to, ...TEST_MAIL[language] }, server);
}

/** The name of a field in the form. */
function fieldOf(field: keyof MailChange): string {
  if (field === 'server_url') return field;
  return field === 'password' ? 'smtp_pass' : `smtp_${field}`;
}

/** What a form says of a server; empty: as it is. Throws `InvalidInputError`. */
function readServer(field: (name: string) => string): MailChange {
  const port = field('smtp_port').trim();
  if (!/^([1-9]\d{0,4})?$/.test(port)) throw invalid('smtp_port: expected an integer from 1 to 65535');
  const given = field('smtp_security').trim();
  const security = SECURITIES.find(known => known === given);
  if (given !== '' && security === undefined) throw invalid('smtp_security: expected none, starttls or tls');
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

function invalid(message: string): InvalidInputError {
  return new InvalidInputError(message, { code: 'mail_settings_invalid' });
}
