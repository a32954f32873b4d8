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
