import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { MailError } from '../../src/base/errors.ts';
import { sendMail } from '../../src/core/mail/mail.ts';
import { saveMailSettings } from '../../src/core/mail/settings.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer } from '../support/served.ts';
import { startSmtp } from './smtp-server.ts';

const MAIL = { to: 'bob@example.org', subject: 'Hello', text: 'Hello Bob\n' };

/** Everything that is logged, as `[level, fields, message]`. */
function capture() {
  const lines: [level: string, fields: object, message: string][] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

/** What is logged, as text: errors with their own words. */
const textOf = (lines: readonly unknown[]) =>
  JSON.stringify(lines, (_, value) => (value instanceof Error ? { ...value, message: value.message } : value));

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

forEachEngine('sending a mail', engine => {
  it('goes into the folder of the configuration; the log has its path, not what it is', async () => {
    const { log, lines } = capture();
    const { server } = await openServer(engine, { log });
    await sendMail(server.core, MAIL);
    expect(await server.mails()).toMatchObject([MAIL]);
    const sent = lines.filter(([, , message]) => message === 'mail sent');
    expect(sent).toEqual([['info', { mail: expect.stringMatching(/\.eml$/) }, 'mail sent']]);
    expect(textOf(lines)).not.toMatch(/bob|Hello/);
  });

  it('goes through the server of the configuration, and after a reload through another', async () => {
    const [one, two] = [await startSmtp(), await startSmtp()];
    const url = (port: number) => ({ MAIL_URL: `smtp://ann:s3cret@127.0.0.1:${port}`, MAIL_FROM: 'k@k.example' });
    const { server } = await openServer(engine, { options: url(one.port) });
    await sendMail(server.core, MAIL);
    await server.configure(url(two.port));
    await sendMail(server.core, MAIL);
    for (const { taken } of [one, two]) expect(taken).toMatchObject([{ ...MAIL, sender: 'k@k.example', user: 'ann' }]);
    expect(await server.mails()).toEqual([]);
  });

  it('goes through the server an admin stored, which counts over the configuration', async () => {
    const smtp = await startSmtp();
    const { log, lines } = capture();
    const { server } = await openServer(engine, { log });
    await saveMailSettings(server.core, smtp.reach({ user: 'ann', password: 's3cret', from: 'admin@k.example' }));
    await sendMail(server.core, MAIL);
    expect(smtp.taken).toMatchObject([{ ...MAIL, user: 'ann', sender: 'admin@k.example' }]);
    expect(lines.find(([, , message]) => message === 'mail sent')).toEqual([
      'info',
      { mail: `smtp 127.0.0.1:${smtp.port}` },
      'mail sent',
    ]);
    expect(await server.mails()).toEqual([]);
  });

  it('goes by the configuration while an admin stored no server', async () => {
    const { server } = await openServer(engine);
    await saveMailSettings(server.core, { server_url: 'https://k.example' });
    await sendMail(server.core, MAIL);
    expect(await server.mails()).toHaveLength(1);
  });

  it('that fails says why, without recipient, text and password', async () => {
    const { log, lines } = capture();
    const { server } = await openServer(engine, { log });
    const smtp = await startSmtp({ onRcptTo: ({ address }, _, done) => done(new Error(`${address} is not known`)) });
    await saveMailSettings(server.core, smtp.reach({ user: 'ann', password: 's3cret' }));
    const refused = await sendMail(server.core, MAIL).catch(error => error);
    await saveMailSettings(server.core, { port: await closedPort() });
    const unheard = await sendMail(server.core, MAIL).catch(error => error);
    for (const error of [refused, unheard]) expect(error).toBeInstanceOf(MailError);
    expect(textOf([refused, unheard])).toMatch(/\(the recipient\) is not known.*ECONNREFUSED/);
    expect(textOf([refused, unheard, ...lines])).not.toMatch(/bob|Hello|s3cret/);
    expect(await server.mails()).toEqual([]);
  });

  it('in the background is waited for by a stop', async () => {
    const smtp = await startSmtp();
    const { server } = await openServer(engine);
    await saveMailSettings(server.core, smtp.reach());
    server.core.background.run(() => sendMail(server.core, MAIL));
    await server.stop();
    expect(smtp.taken).toHaveLength(1);
  });
});
