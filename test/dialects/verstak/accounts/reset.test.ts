import { expect, test } from 'vitest';
import { changeAccount, setBlocked } from '../../../../src/core/accounts/accounts.ts';
import { accountsSpec } from '../../../../src/core/collections.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { auditLog } from '../admin/open-admin.ts';
import { demand, pairedDevice, ROOMY } from '../open-verstak.ts';
import { confirmedPerson, lastMail, linkIn, login, mailsTo, newcomer, newPerson, resetToken } from './open-accounts.ts';

const HOUR = 3_600_000;
const SENT = { status: 'if email exists, reset link sent' };
const NEW = 'another password';

const forgot = (server: TestServer, body: unknown) => server.request('POST', '/api/v1/auth/forgot', body);
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const reset = (server: TestServer, token: string, new_password: string) =>
  server.request('POST', '/api/v1/auth/reset', { token, new_password });

async function accountNamed({ core }: TestServer, username: string) {
  const account = await core.storage.collection(accountsSpec).find('username', [username]);
  if (account === undefined) throw new Error(`no account ${username}`);
  return account;
}

forEachEngine('POST /api/v1/auth/forgot', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('trap 13: sends a link to the page for a new password', async () => {
    const { server } = served;
    const { email } = await confirmedPerson(server);
    expect(demand(await forgot(server, { email: ` ${email.toUpperCase()} ` }), 200).json).toEqual(SENT);
    const mails = (await mailsTo(server, email)).slice(1);
    expect(mails.map(({ subject }) => subject)).toEqual(['Set a new password']);
    expect(mails.map(mail => linkIn(mail).href)).toEqual([
      expect.stringMatching(new RegExp(`^${server.url}/reset\\?token=[0-9a-f]{48}$`)),
    ]);
  });

  test('answers the same whoever is meant, and sends nothing to strangers and the blocked', async () => {
    const { server } = served;
    const blocked = await confirmedPerson(server);
    await setBlocked(server.core, await accountNamed(server, blocked.username), true);
    const before = (await server.mails()).length;
    const unknown = [newPerson().email, 'no address', 'a@b.org\r\nBcc: c@d.org', blocked.email, blocked.username];
    for (const email of unknown) {
      const answer = demand(await forgot(server, { email }), 200);
      expect(answer.json).toEqual(SENT);
    }
    expect(await server.mails()).toHaveLength(before);
  });

  test('sends also a link to confirm the e-mail while that waits', async () => {
    const { server } = served;
    const { person } = await newcomer(server);
    demand(await forgot(server, { email: person.email }), 200);
    const paths = (await mailsTo(server, person.email)).slice(1).map(mail => linkIn(mail).pathname);
    expect(paths).toEqual(['/api/v1/auth/confirm', '/reset']);
  });

  test('demands an e-mail', async () => {
    for (const body of [{}, { email: '' }, { email: ' \t ' }, { email: null }]) {
      expect(demand(await forgot(served.server, body), 400).json.code).toBe('invalid_request');
    }
  });
});

forEachEngine('POST /api/v1/auth/reset', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('sets another password', async () => {
    const { server } = served;
    const { email } = await confirmedPerson(server);
    const token = await resetToken(server, email);
    expect(demand(await reset(server, token, NEW), 200).json).toEqual({
      status: 'password reset',
      signed_out: { sessions: 0, tokens: 0, devices: 0 },
    });
    demand(await login(server, email, NEW), 200);
    demand(await login(server, email), 401);
    expect(demand(await reset(server, token, 'yet another one'), 400).json).toEqual({
      error: 'this link is not valid any more',
      code: 'invalid_request',
    });
    demand(await login(server, email, NEW), 200);
  });

  /** A confirmed person who is signed in everywhere. */
  async function signedInEverywhere(server: TestServer) {
    const { username, email, password } = await confirmedPerson(server);
    const account = await accountNamed(server, username);
    await server.core.storage.collection(accountsSpec).update([account.user_id], { set: { simple_sync: true } });
    const devices = [await pairedDevice(server, { account }), await pairedDevice(server, { account, vault: 'other' })];
    const session = bearer(demand(await login(server, email), 200).json.token);
    const jwt = bearer((await server.request('POST', '/api/v1/auth/token', { username, password })).json.token);
    const { token: keybin } = demand(await server.request('POST', '/token', { username, password }), 200).json.token;
    const get = async (path: string, headers?: Record<string, string>) =>
      (await server.request('GET', path, undefined, headers)).status;
    const opens = async () => ({
      session: await get('/api/v1/user/devices', session),
      keybin: await get(`/user/${keybin}/keys`),
      jwt: await get('/api/v1/events', jwt),
      devices: await Promise.all(devices.map(({ headers }) => get('/api/client/me', headers))),
    });
    expect(await opens()).toEqual({ session: 200, keybin: 200, jwt: 200, devices: [200, 200] });
    return { account, email, opens };
  }

  test('ends sessions, tokens, devices and other reset tokens, and says so', async () => {
    const { server } = served;
    const { account, email, opens } = await signedInEverywhere(server);
    const other = await pairedDevice(server);
    const [first, second] = [await resetToken(server, email), await resetToken(server, email)];
    const answer = demand(await reset(server, second, NEW), 200);
    expect(answer.json.signed_out).toEqual({ sessions: 1, tokens: 1, devices: 2 });
    expect(await opens()).toEqual({ session: 401, keybin: 403, jwt: 401, devices: [401, 401] });
    demand(await reset(server, first, 'yet another one'), 400);
    demand(await server.request('GET', '/api/client/me', undefined, other.headers), 200);
    const { subject, text } = await lastMail(server, email);
    expect(subject).toBe('Your password was changed');
    expect(text).toContain('Devices signed out: 2.');
    expect(text).not.toContain('http');
    const noted = (await auditLog(server)).filter(({ event }) => event === 'user_password_reset');
    expect(noted.filter(({ user_id }) => user_id === account.user_id)).toMatchObject([
      { message: 'by mail; signed out: 1 sessions, 1 tokens, 2 devices' },
    ]);
    const session = bearer(demand(await login(server, email, NEW), 200).json.token);
    const listed = demand(await server.request('GET', '/api/v1/user/devices', undefined, session), 200).json;
    expect(listed.map(({ revoked_at }: { revoked_at: string }) => revoked_at !== '')).toEqual([true, true]);
  });

  test('keeps devices where the configuration says so', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, VERSTAK_RESET_ENDS_DEVICES: 'false' } });
    const { email, opens } = await signedInEverywhere(server);
    const answer = demand(await reset(server, await resetToken(server, email), NEW), 200);
    expect(answer.json.signed_out).toEqual({ sessions: 1, tokens: 1, devices: 0 });
    expect(await opens()).toEqual({ session: 401, keybin: 403, jwt: 401, devices: [200, 200] });
    expect((await lastMail(server, email)).text).toContain('Devices stay signed in.');
  });

  test('is in the language of who asks for it', async () => {
    const { server } = served;
    const { email } = await confirmedPerson(server);
    const body = { token: await resetToken(server, email), new_password: NEW };
    demand(await server.request('POST', '/api/v1/auth/reset', body, { 'Accept-Language': 'ru' }), 200);
    expect((await lastMail(server, email)).subject).toBe('Пароль изменён');
  });

  test('ends nothing by a link to an address that the account has no more', async () => {
    const { server } = served;
    const { account, email, opens } = await signedInEverywhere(server);
    const token = await resetToken(server, email);
    await changeAccount(server.core, account, { email: newPerson().email });
    demand(await reset(server, token, NEW), 400);
    expect(await opens()).toEqual({ session: 200, keybin: 200, jwt: 200, devices: [200, 200] });
  });

  test('is not for admins: a mailbox must not be enough to become one', async () => {
    const { server } = served;
    const { account, email } = await signedInEverywhere(server);
    const token = await resetToken(server, email);
    await server.core.storage.collection(accountsSpec).update([account.user_id], { set: { admin: true } });
    const before = (await mailsTo(server, email)).length;
    demand(await forgot(server, { email }), 200);
    expect(await mailsTo(server, email)).toHaveLength(before);
    demand(await reset(server, token, NEW), 400);
    demand(await login(server, email), 200);
  });

  test('leaves the token as it is when the password breaks the rules', async () => {
    const { server } = served;
    const { email } = await confirmedPerson(server);
    const token = await resetToken(server, email);
    const cases = [
      ['1234567', 'PASSWORD_TOO_SHORT'],
      [`${'ä'.repeat(128)}x`, 'PASSWORD_TOO_LONG'],
    ] as const;
    for (const [password, error] of cases) {
      expect(demand(await reset(server, token, password), 400).json).toEqual({ error, code: 'invalid_request' });
    }
    demand(await login(server, email), 200);
    demand(await reset(server, token, NEW), 200);
  });

  test('demands both fields, and refuses what is no token for it', async () => {
    const { server } = served;
    const { person, token: confirmation } = await newcomer(server);
    const token = await resetToken(server, person.email);
    for (const [bad, password] of [
      ['', NEW],
      [token, ''],
      ['0'.repeat(48), NEW],
      [confirmation, NEW],
      ['x'.repeat(5000), NEW],
      [token.toUpperCase(), NEW],
    ] as const) {
      expect(demand(await reset(server, bad, password), 400).json.code).toBe('invalid_request');
    }
    demand(await server.request('GET', `/api/v1/auth/confirm?token=${confirmation}`), 200);
    demand(await reset(server, token, NEW), 200);
  });

  test('confirms the e-mail: its link proves the mailbox', async () => {
    const { server } = served;
    const { person } = await newcomer(server);
    demand(await login(server, person.email), 403);
    demand(await reset(server, await resetToken(server, person.email), NEW), 200);
    demand(await login(server, person.email, NEW), 200);
  });

  test('works for an hour', async () => {
    const { server } = served;
    const { email } = await confirmedPerson(server);
    const inTime = await resetToken(server, email);
    server.clock.advance(HOUR - 1);
    const late = await resetToken(server, (await confirmedPerson(server)).email);
    demand(await reset(server, inTime, NEW), 200);
    server.clock.advance(HOUR);
    demand(await reset(server, late, NEW), 400);
  });

  test('with one token at two servers at once, happens once', async () => {
    const { server } = served;
    const other = await anotherServer(served, { options: ROOMY });
    for (let round = 0; round < 5; round++) {
      const { email } = await confirmedPerson(server);
      const token = await resetToken(server, email);
      const passwords = ['password of one', 'password of two', 'password of three', 'password of four'];
      const answers = await Promise.all(passwords.map((password, i) => reset(i % 2 ? server : other, token, password)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
      const winner = passwords[answers.findIndex(({ status }) => status === 200)] ?? '';
      for (const password of passwords) demand(await login(server, email, password), password === winner ? 200 : 401);
    }
  });
});
