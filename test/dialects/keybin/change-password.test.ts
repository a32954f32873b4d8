import { expect, test } from 'vitest';
import { createAccount } from '../../../src/core/accounts/accounts.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, newName, openServer, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { type Login, newAccount, newToken, statuses, tally } from './open-keybin.ts';

const UNTHROTTLED = { options: { SECURITY_THROTTLE: 'false' } };

/** Asks a server for another password in place of that of the account. */
function changePassword(server: TestServer, { username, password }: Login, new_password: unknown) {
  return server.request('POST', '/password', { username, password, new_password });
}

forEachEngine('POST /password', engine => {
  const keybin = sharedServer(engine, UNTHROTTLED);
  const login = (given: Login) => keybin.server.request('POST', '/token', given);

  test('gives the account another password', async () => {
    const account = await newAccount(keybin.server);
    const answer = await changePassword(keybin.server, account, 'another');
    expect([answer.status, answer.text]).toEqual([200, '{"result":"ok"}']);
    expect((await login({ ...account, password: 'another' })).status).toBe(200);
    const old = await login(account);
    expect([old.status, old.json.code]).toEqual([403, 'credentials_invalid']);
  });

  test('ends every token, session and session token of the account, and nothing of another', async () => {
    const { server } = keybin;
    const given = { username: newName(), password: 'right' };
    await createAccount(server.core, { ...given, simple_sync: true });
    const other = await newAccount(server);
    const tokens = [await newToken(server, given), await newToken(server, given, 'laptop')];
    const foreign = await newToken(server, other);
    const jwt = (await server.request('POST', '/api/v1/auth/token', given)).json.token;
    const session = (await server.request('POST', '/api/v1/auth/login', given)).json.token;
    const paired = await server.request('POST', '/api/client/pair', { login: given.username, password: 'right' });
    const opens = async () => [
      ...(await statuses(tokens.map(token => server.request('GET', `/user/${token}/keys`)))),
      (await server.request('GET', '/api/v1/events', undefined, { Authorization: `Bearer ${jwt}` })).status,
      (await server.request('GET', '/api/v1/user/devices', undefined, { Authorization: `Bearer ${session}` })).status,
    ];
    expect(await opens()).toEqual([200, 200, 200, 200]);
    expect((await changePassword(server, given, 'another')).status).toBe(200);
    expect(await opens()).toEqual([403, 403, 401, 401]);
    expect((await server.request('GET', `/user/${foreign}/keys`)).status).toBe(200);
    const device = { Authorization: `Bearer ${paired.json.device_token}` };
    expect((await server.request('GET', '/api/client/me', undefined, device)).status).toBe(200);
  });

  test.each([
    ['an unknown name', { username: 'nobody at all' }],
    ['a wrong password', { password: 'wrong' }],
  ])('refuses %s and changes nothing', async (_, wrong) => {
    const account = await newAccount(keybin.server);
    const token = await newToken(keybin.server, account);
    const answer = await changePassword(keybin.server, { ...account, ...wrong }, 'another');
    expect([answer.status, answer.json.code]).toEqual([403, 'credentials_invalid']);
    expect((await keybin.server.request('GET', `/user/${token}/keys`)).status).toBe(200);
    expect((await login(account)).status).toBe(200);
  });

  test.each([
    [undefined, 'new_password_invalid'],
    [null, 'new_password_invalid'],
    [5, 'new_password_invalid'],
    [{ $gt: '' }, 'new_password_invalid'],
    ['', 'new_password_invalid'],
    ['x'.repeat(1025), 'new_password_invalid'],
    ['\ud800', 'new_password_invalid'],
  ])('refuses the new password %j before it looks at the present one', async (new_password, code) => {
    const answer = await changePassword(keybin.server, { username: 'nobody', password: 'x' }, new_password);
    expect([answer.status, answer.json.code]).toEqual([400, code]);
    expect(answer.json.error).toContain('new_password');
  });

  test('takes the whole of a long password, and the present one again', async () => {
    const account = await newAccount(keybin.server);
    const long = `${'é'.repeat(500)}1`;
    expect((await changePassword(keybin.server, account, long)).status).toBe(200);
    expect((await login({ ...account, password: `${long.slice(0, -1)}2` })).status).toBe(403);
    const token = await newToken(keybin.server, { ...account, password: long });
    expect((await changePassword(keybin.server, { ...account, password: long }, long)).status).toBe(200);
    expect((await keybin.server.request('GET', `/user/${token}/keys`)).status).toBe(403);
    expect((await login({ ...account, password: long })).status).toBe(200);
  });

  test('leaves that of an admin to the configuration, which would set it back', async () => {
    const { server } = keybin;
    const admin = { username: newName(), password: 'right' };
    await createAccount(server.core, { ...admin, admin: true });
    const answer = await changePassword(server, admin, 'another');
    expect([answer.status, answer.json.code]).toEqual([403, 'admin_password_fixed']);
    expect((await changePassword(server, { ...admin, password: 'wrong' }, 'another')).json.code).toBe(
      'credentials_invalid',
    );
    expect((await login(admin)).status).toBe(200);
  });

  test('of several that know the present password at once, at two servers, changes it once', async () => {
    const { server } = keybin;
    const other = await anotherServer(keybin, UNTHROTTLED);
    for (let round = 0; round < 3; round++) {
      const account = await newAccount(server);
      const wanted = ['one', 'two', 'three', 'four', 'five', 'six'];
      const answers = await statuses(
        wanted.map((password, i) => changePassword(i % 2 ? server : other, account, password)),
      );
      expect(tally(answers)).toEqual({ 200: 1, 403: 5 });
      const winner = wanted[answers.indexOf(200)] ?? '';
      for (const password of wanted) {
        expect((await login({ ...account, password })).status).toBe(password === winner ? 200 : 403);
      }
    }
  });

  test('leaves no token to logins with the former password that were under way', async () => {
    const { server } = keybin;
    const other = await anotherServer(keybin, UNTHROTTLED);
    for (let round = 0; round < 3; round++) {
      const account = await newAccount(server);
      const logins = Array.from({ length: 8 }, (_, i) =>
        (i % 2 ? server : other).request('POST', '/token', { ...account, client_id: `client ${i}` }),
      );
      expect((await changePassword(server, account, 'another')).status).toBe(200);
      const tokens = (await Promise.all(logins)).flatMap(({ json }) => json.token?.token ?? []);
      const answers = await statuses(tokens.map(token => server.request('GET', `/user/${token}/keys`)));
      expect(answers).toEqual(tokens.map(() => 403));
    }
  });

  test('counts wrong passwords with those of logins', async () => {
    const { server } = await openServer(engine);
    const account = await newAccount(server);
    for (let i = 0; i < 5; i++) {
      expect((await changePassword(server, { ...account, password: 'wrong' }, 'another')).status).toBe(403);
    }
    const refused = await changePassword(server, account, 'another');
    expect([refused.status, refused.json.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect((await server.request('POST', '/token', account)).status).toBe(429);
  });
});
