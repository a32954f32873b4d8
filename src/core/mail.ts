import type { Core } from './context.ts';
import { loadMailSettings } from './settings.ts';

/** A mail to one recipient, in plain text. */
export interface Mail {
  /** One bare address. */
  readonly to: string;
  readonly subject: string;
  /** Lines end with `\n`. */
  readonly text: string;
}

/** An SMTP server and how to use it: what an admin may store. */
export interface SmtpServer {
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Empty: no login. */
  readonly user: string;
  readonly password: string;
  /** `starttls` and `tls` fail where the server has no valid certificate; `none` never encrypts. */
  readonly security: 'none' | 'starttls' | 'tls';
  /** Who sends: one mailbox; empty: the configuration's. */
  readonly from: string;
}

/** Brings mails away. */
export interface Mailer {
  /**
   * Sends through the server, or as the configuration says when none is given. Returns where the mail went, for the log:
   * `smtp host:port`, or the path of the file. Throws `MailError`, within about a minute at the latest.
   */
  deliver(mail: Mail, server?: SmtpServer): Promise<string>;
}

/**
 * Sends through the server that an admin stored, else as the configuration says. Returns whether it was taken; what went wrong
 * is in the log, which never has recipient, subject or text. Never throws. May take as long as the server does: for answers
 * that must not wait, or must not tell by their time, `core.background.run(async () => void (await sendMail(core, mail)))`.
 */
export async function sendMail(core: Core, mail: Mail): Promise<boolean> {
  try {
    const stored = await loadMailSettings(core);
    const where = await core.mailer.deliver(mail, stored?.host ? stored : undefined);
    core.log.info({ mail: where }, 'mail sent');
    return true;
  } catch (error) {
    core.log.error({ err: error }, 'a mail could not be sent');
    return false;
  }
}
