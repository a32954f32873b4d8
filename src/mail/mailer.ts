import { resolve } from 'node:path';
import { domainToASCII } from 'node:url';
import type { Mailer } from '../base/mail.ts';
import { fileOf } from './message.ts';
import { putIntoFolder } from './outbox.ts';
import { type Patience, type Server, sendBySmtp } from './smtp.ts';

/** How mails leave when no other server is asked for. */
export interface MailConfig {
  /** `smtp://…` or `smtps://…` with a login or without; empty: mails go into the directory. */
  readonly url: string;
  /** Relative to the working directory. */
  readonly directory: string;
  /** Who sends: one mailbox. */
  readonly from: string;
}

const PATIENCE: Patience = { connect: 10_000, answer: 20_000, whole: 60_000 };

/** A mailer that goes by the settings of the moment. */
export function createMailer(settings: () => MailConfig, patience: Patience = PATIENCE): Mailer {
  let last = 0;
  /** Later each time, so that files sort in the order in which mails were given. */
  function now(): number {
    last = Math.max(Date.now(), last + 1);
    return last;
  }
  return {
    async deliver(mail, server) {
      const { url, directory, from } = settings();
      if (server) return sendBySmtp(mail, { ...server, from: server.from || from }, patience);
      if (url !== '') return sendBySmtp(mail, serverOf(url, from), patience);
      const at = now();
      return putIntoFolder(resolve(directory), await fileOf(mail, from), at);
    },
  };
}

/** What a checked URL says. */
function serverOf(url: string, from: string): Server {
  const { protocol, hostname, port, username, password } = new URL(url);
  const tls = protocol === 'smtps:';
  return {
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : domainToASCII(hostname) || hostname,
    port: port === '' ? (tls ? 465 : 587) : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    security: tls ? 'tls' : 'auto',
    from,
  };
}
