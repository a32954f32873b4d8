/** A real SMTP server on this machine, as the tests of mail need it. */

import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';
import type { SmtpServer } from '../../src/base/mail.ts';
import { selfSigned } from '../support/certificate.ts';
import { type ReadMail, readMail } from '../support/mails.ts';

/** What a server took. */
export interface Taken extends ReadMail {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** Whether it came over TLS. */
  readonly encrypted: boolean;
  /** Who had logged in. */
  readonly user?: string;
}

export interface RunningSmtp {
  readonly port: number;
  /** Of its own making, in PEM. */
  readonly certificate: string;
  readonly taken: readonly Taken[];
  /** How to send through it; no login and no encryption unless given. */
  reach(how?: Partial<SmtpServer>): SmtpServer;
}

const certificate = selfSigned();

/** Takes mails for the running test. Unless it is told otherwise it offers STARTTLS and takes `ann` with `s3cret`, or nobody. */
export async function startSmtp(options: SMTPServerOptions = {}): Promise<RunningSmtp> {
  const taken: Taken[] = [];
  const server = new SMTPServer({
    ...certificate,
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth({ username, password }, _, done) {
      if (username === 'ann' && password === 's3cret') done(null, { user: username });
      else done(new Error('these are not right'));
    },
    onData(stream, { envelope, secure, user }, done) {
      buffer(stream).then(source => {
        const { mailFrom, rcptTo } = envelope;
        taken.push({
          ...readMail(source),
          sender: mailFrom ? mailFrom.address : '',
          recipients: rcptTo.map(({ address }) => address),
          encrypted: secure,
          ...(user !== undefined && { user }),
        });
        done();
      }, done);
    },
    ...options,
  });
  server.on('error', () => {}); // clients that break off, and certificates they do not take
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>(resolve => server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    certificate: certificate.cert,
    taken,
    reach: how => ({ host: '127.0.0.1', port, user: '', password: '', security: 'none', from: '', ...how }),
  };
}
