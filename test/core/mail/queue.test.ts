import { expect, it } from 'vitest';
import { createAccount } from '../../../src/core/accounts/accounts.ts';
import { accountsSpec, mailsSpec } from '../../../src/core/collections.ts';
import { hastenMails, queueMail } from '../../../src/core/mail/queue.ts';
import { saveMailSettings } from '../../../src/core/mail/settings.ts';
import { type RunningSmtp, startSmtp } from '../../mail/smtp-server.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, newName, openServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const ENDLESS = { VERSTAK_REGISTER_ATTEMPTS: '1000', VERSTAK_FORGOT_ATTEMPTS: '1000' };

/** A mail server that counts attempts, and refuses them while it is told to. */
async function fickleSmtp(): Promise<RunningSmtp & { refuses: boolean; attempts: number }> {
  const state = { refuses: true, attempts: 0 };
  const smtp = await startSmtp({
    onRcptTo({ address }, _, done) {
      state.attempts++;
      done(state.refuses ? new Error(`no mailbox for ${address} at the moment`) : null);
    },
  });
  return Object.assign(state, smtp);
}

async function register(server: TestServer): Promise<{ username: string; email: string; password: string }> {
  const username = newName();
  const person = { username, email: `${username}@example.org`, password: 'long enough' };
  expect((await server.request('POST', '/api/v1/auth/register', person)).status).toBe(200);
  await server.core.background.idle();
  return person;
}

const waiting = async ({ core }: TestServer) => (await core.storage.collection(mailsSpec).scan({ limit: 100 })).items;

const tokenIn = ({ text }: { text: string }) => /token=([0-9a-f]{48})/.exec(text)?.[1];

forEachEngine('a mail that cannot be sent', engine => {
  async function open() {
    const smtp = await fickleSmtp();
    const options = { ...ENDLESS, MAIL_URL: `smtp://127.0.0.1:${smtp.port}` };
    const served = await openServer(engine, { options });
    return { smtp, options, served, server: served.server };
  }

  it('is tried again after a minute, then after twice as long each time, until it is taken, once', async () => {
    const { smtp, server } = await open();
    const person = await register(server);
    expect(smtp.attempts).toBe(1);
    for (const [i, minutes] of [1, 2, 4, 8].entries()) {
      server.clock.advance(minutes * MINUTE - 1);
      await server.sendMails();
      expect(smtp.attempts).toBe(i + 1);
      server.clock.advance(2);
      await server.sendMails();
      expect(smtp.attempts).toBe(i + 2);
    }
    smtp.refuses = false;
    server.clock.advance(16 * MINUTE + 1);
    await server.sendMails();
    expect(smtp.taken).toMatchObject([{ to: person.email, subject: 'Confirm your e-mail' }]);
    server.clock.advance(DAY);
    await server.sendMails();
    expect(smtp.taken).toHaveLength(1);
    const token = smtp.taken.map(tokenIn)[0];
    expect((await server.request('POST', '/api/v1/auth/confirm', { token })).status).toBe(200);
  });

  it('is sent once by several servers, after a restart too', async () => {
    const { smtp, options, served } = await open();
    const people = [await register(served.server), await register(served.server), await register(served.server)];
    await served.server.stop();
    const servers = [await anotherServer(served, { options }), await anotherServer(served, { options })];
    smtp.refuses = false;
    served.opened.clock.advance(MINUTE + 1);
    await Promise.all([...servers, ...servers].map(server => server.sendMails()));
    expect(smtp.taken.map(({ to }) => to).sort()).toEqual(people.map(({ email }) => email).sort());
  });

  it('is sent by another when the process that tried it died', async () => {
    const { smtp, server } = await open();
    smtp.refuses = false;
    const account = await createAccount(server.core, { username: 'ann', email: 'ann@example.org', unconfirmed: true });
    await queueMail(server.core, account, { purpose: 'confirm', base: 'https://k.example', language: 'en' });
    server.clock.advance(2 * MINUTE);
    await server.sendMails();
    expect(smtp.taken).toEqual([]);
    server.clock.advance(2 * MINUTE);
    await server.sendMails();
    expect(smtp.taken).toHaveLength(1);
  });

  it('waits for a day at most between two attempts', async () => {
    const { smtp, server } = await open();
    const account = await createAccount(server.core, { username: 'ann', email: 'ann@example.org' });
    await queueMail(server.core, account, { purpose: 'reset_done', base: 'https://k.example', language: 'en' });
    const pauses = [];
    for (;;) {
      const [mail] = await waiting(server);
      if (mail === undefined) break;
      pauses.push((mail.due_at.getTime() - server.clock.now()) / MINUTE);
      server.clock.advance(mail.due_at.getTime() - server.clock.now() + 1);
      await server.sendMails();
    }
    expect(pauses).toEqual([3, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440, 1440, 1440, 1440]);
    expect(smtp.attempts).toBe(pauses.length);
  });

  it('is dropped when its link is over', async () => {
    const { smtp, server } = await open();
    const { email } = await register(server);
    await server.request('POST', '/api/v1/auth/forgot', { email });
    await server.core.background.idle();
    expect((await waiting(server)).map(({ purpose }) => purpose).sort()).toEqual(['confirm', 'reset']);
    smtp.refuses = false;
    server.clock.advance(HOUR);
    await server.sendMails();
    expect(smtp.taken.map(({ subject }) => subject)).toEqual(['Confirm your e-mail']);
    expect(await waiting(server)).toEqual([]);
  });

  it.each([
    ['confirmed by another link', { unset: ['unconfirmed_at'] as const }],
    ['blocked', { set: { blocked_at: new Date(0) } }],
    ['being erased', { set: { erasing_at: new Date(0) } }],
    ['one with another e-mail by now', { set: { email: 'another@example.org' } }],
  ])('is dropped when the account is %s', async (_, change) => {
    const { smtp, server } = await open();
    await register(server);
    const [mail] = await waiting(server);
    await server.core.storage.collection(accountsSpec).update([mail?.user_id ?? ''], change);
    smtp.refuses = false;
    server.clock.advance(HOUR);
    await server.sendMails();
    expect(smtp.taken).toEqual([]);
    expect(await waiting(server)).toEqual([]);
  });

  it('tells a former e-mail that there is another one, unless the account has it again by then', async () => {
    const { smtp, server } = await open();
    const emails = { email: 'ann@example.org' };
    const account = await createAccount(server.core, { username: 'ann', ...emails });
    const order = { purpose: 'email_changed', base: '', language: 'en' } as const;
    smtp.refuses = false;
    for (const email of ['ann@example.org', 'other@example.org']) {
      await queueMail(server.core, { ...account, ...emails }, order);
      await server.core.storage.collection(accountsSpec).update([account.user_id], { set: { email } });
      server.clock.advance(HOUR);
      await server.sendMails();
    }
    expect(smtp.taken.map(({ subject }) => subject)).toEqual(['Your e-mail was changed']);
    expect(await waiting(server)).toEqual([]);
  });

  it('goes with its account', async () => {
    const { server } = await open();
    const { username, password } = await register(server);
    const [mail] = await waiting(server);
    await server.core.storage.collection(accountsSpec).update([mail?.user_id ?? ''], { unset: ['unconfirmed_at'] });
    expect((await server.request('DELETE', '/unregister', { username, password })).status).toBe(200);
    expect(await waiting(server)).toEqual([]);
  });

  it('is one for an account and purpose, however often it is asked for; no token lies with it', async () => {
    const { smtp, server } = await open();
    const { email } = await register(server);
    for (let i = 0; i < 5; i++) {
      await server.request('POST', '/api/v1/auth/forgot', { email });
      await server.core.background.idle();
    }
    const stored = await waiting(server);
    expect(stored).toHaveLength(2);
    expect(JSON.stringify(stored)).not.toMatch(/token|[0-9a-f]{48}/);
    smtp.refuses = false;
    server.clock.advance(2 * MINUTE);
    await server.sendMails();
    expect(smtp.taken.map(({ subject }) => subject).sort()).toEqual(['Confirm your e-mail', 'Set a new password']);
  });

  it('has a link that works as long as the mail says, however late it comes', async () => {
    const { smtp, server } = await open();
    const { username, password } = await register(server);
    server.clock.advance(40 * HOUR);
    smtp.refuses = false;
    await server.sendMails();
    server.clock.advance(48 * HOUR - 1);
    const token = smtp.taken.map(tokenIn)[0];
    expect((await server.request('POST', '/api/v1/auth/confirm', { token })).status).toBe(200);
    expect((await server.request('POST', '/token', { username, password })).status).toBe(200);
  });

  it('is tried at once when an admin has set another mail server', async () => {
    const { smtp, server } = await open();
    await register(server);
    const other = await startSmtp();
    await saveMailSettings(server.core, other.reach());
    await server.sendMails();
    expect(other.taken).toEqual([]);
    await hastenMails(server.core);
    server.clock.advance(1);
    await server.sendMails();
    expect([smtp.taken.length, other.taken.length]).toEqual([0, 1]);
  });

  it('waits, and answers go on, while a server that keeps others waiting is asked by few at once', async () => {
    const { server } = await open();
    let underWay = 0;
    let most = 0;
    const release: (() => void)[] = [];
    for (let i = 0; i < 12; i++) await register(server);
    const mailer = {
      async deliver() {
        most = Math.max(most, ++underWay);
        await new Promise<void>(resolve => release.push(resolve));
        underWay--;
        return 'a list';
      },
    };
    Object.assign(server.core, { mailer });
    server.clock.advance(2 * MINUTE);
    const rounds = [server.sendMails(), server.sendMails(), server.sendMails()];
    const done = Promise.all(rounds).then(() => true);
    const turn = async (): Promise<boolean> => {
      for (const free of release.splice(0)) free();
      return Promise.race([done, new Promise<boolean>(resolve => setImmediate(() => resolve(false)))]);
    };
    while (!(await turn()));
    expect(most).toBeLessThanOrEqual(5);
    expect(await waiting(server)).toEqual([]);
  });
});
