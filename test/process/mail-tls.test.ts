import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import type { SmtpServer } from '../../src/base/mail.ts';
import { startSmtp } from '../mail/smtp-server.ts';

const MAILER = new URL('../../dist/mail/mailer.js', import.meta.url).href;

/** Sends a mail from a process of its own, which trusts the certificate: that is said at the start of a process only. */
async function deliver(server: SmtpServer, url: string, certificate: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keybin-tls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const trusted = join(folder, 'ca.pem');
  await writeFile(trusted, certificate);
  const program = `
    import { createMailer } from ${JSON.stringify(MAILER)};
    const mailer = createMailer(() => ({ url: ${JSON.stringify(url)}, directory: '', from: 'k@k.example' }));
    const mail = { to: 'bob@example.org', subject: 'Hello', text: 'Hello Bob' };
    console.log(await mailer.deliver(mail, ${url === '' ? JSON.stringify(server) : 'undefined'}));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: trusted },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return said.trim();
}

it.each(['starttls', 'tls'] as const)(
  'a mail goes over %s to a server whose certificate is trusted',
  async security => {
    const smtp = await startSmtp({ secure: security === 'tls' });
    const server = smtp.reach({ host: 'localhost', security, user: 'ann', password: 's3cret' });
    expect(await deliver(server, '', smtp.certificate)).toBe(`smtp localhost:${smtp.port}`);
    expect(smtp.taken).toMatchObject([{ encrypted: true, user: 'ann' }]);
  },
);

it('a url with smtps goes over TLS', async () => {
  const smtp = await startSmtp({ secure: true });
  const url = `smtps://ann:s3cret@localhost:${smtp.port}`;
  expect(await deliver(smtp.reach(), url, smtp.certificate)).toBe(`smtp localhost:${smtp.port}`);
  expect(smtp.taken).toMatchObject([{ encrypted: true, user: 'ann' }]);
});
