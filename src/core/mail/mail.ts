import type { Mail } from '../../base/mail.ts';
import type { Core } from '../context.ts';
import { loadMailSettings } from './settings.ts';

/**
 * Sends through the server that an admin stored, else as the configuration says; the log never has recipient, subject or text.
 * May take as long as the server does. Throws `MailError`, `StorageUnavailableError`.
 */
export async function sendMail(core: Core, mail: Mail): Promise<void> {
  const stored = await loadMailSettings(core);
  const where = await core.mailer.deliver(mail, stored?.host ? stored : undefined);
  core.log.info({ mail: where }, 'mail sent');
}
