import { isIP } from 'node:net';
import { MailError } from '../base/errors.ts';
import type { Mail, SmtpServer } from '../base/mail.ts';
import { fieldsOf } from './message.ts';

/** How long a server may take, in milliseconds. */
export interface Patience {
  /** To be reached and, again, to greet. */
  readonly connect: number;
  /** To say anything. */
  readonly answer: number;
  /** For all of it. */
  readonly whole: number;
}

/** `auto`: STARTTLS where the server offers it. */
export type Server = Omit<SmtpServer, 'security'> & { readonly security: SmtpServer['security'] | 'auto' };

/** Characters of an error that are shown. */
const LONGEST_REASON = 500;

/** Sends through the server; returns where that is. Throws `MailError`. */
export async function sendBySmtp(mail: Mail, server: Server, patience: Patience): Promise<string> {
  const where = `smtp ${server.host.includes(':') ? `[${server.host}]` : server.host}:${server.port}`;
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host: server.host,
    port: server.port,
    ...encryption(server),
    // A login that was given whole and cannot be used is a mistake, even where the server would do without. A name alone is
    // left where an admin moved to another server without giving a password: then there is no login.
    ...(server.user !== '' &&
      server.password !== '' && { auth: { user: server.user, pass: server.password }, forceAuth: true }),
    connectionTimeout: patience.connect,
    greetingTimeout: patience.connect,
    socketTimeout: patience.answer,
    dnsTimeout: patience.connect,
    allowInternalNetworkInterfaces: true, // else a machine without a network does not find itself
  });
  const signal = AbortSignal.timeout(patience.whole);
  try {
    await transport.sendMail({ ...fieldsOf(mail, server.from), signal });
    return where;
  } catch (error) {
    const reason = signal.aborted ? `it did not end within ${patience.whole / 1000} s` : reasonOf(error);
    throw new MailError(`${where}: ${withoutSecrets(reason, server, mail)}`);
  } finally {
    transport.close();
  }
}

function encryption({ security, host }: Server) {
  switch (security) {
    case 'tls':
      return { secure: true };
    case 'starttls':
      return { secure: false, requireTLS: true };
    case 'none':
      return { secure: false, ignoreTLS: true };
    case 'auto':
      // Mail servers often have a certificate nobody signed, and here nobody listens in between.
      return { secure: false, tls: { rejectUnauthorized: !isThisMachine(host) } };
  }
}

function isThisMachine(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
}

/** A server may repeat what it was told. */
function withoutSecrets(reason: string, { user, password }: Server, { to }: Mail): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const secrets = password === '' ? [] : [password, base64(password), base64(`\0${user}\0${password}`)];
  if (secrets.some(secret => reason.includes(secret))) return 'it answered with the password, which is not shown';
  return to === '' ? reason : reason.replaceAll(to, '(the recipient)');
}
