import { expect, test, vi } from 'vitest';
import { setBlocked } from '../../../../src/core/accounts/accounts.ts';
import { type AccountDoc, accountsSpec, sessionsSpec, tokensSpec } from '../../../../src/core/collections.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { newName, openServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { demand, newAccount, PASSWORD, pairedDevice, ROOMY } from '../open-verstak.ts';
import { confirmedPerson, login, newcomer, register, resetToken, signIn } from './open-accounts.ts';

const KEY = 'a-key-of-the-configuration';
const OPTIONS = { ...ROOMY, SIMPLE_SYNC_OPEN_TO: 'all', SECURITY_THROTTLE: 'false' };

/** Asks each API for its credential. */
async function asked(server: TestServer, username: string): Promise<Record<string, number>> {
  const credentials = { username, password: PASSWORD };
  const status = async (path: string, body: unknown) => (await server.request('POST', path, body)).status;
  return {
    keybin: await status('/token', credentials),
    simpleSync: await status('/api/v1/auth/token', credentials),
    session: await status('/api/v1/auth/login', credentials),
    device: await status('/api/client/pair', { login: username, password: PASSWORD }),
    olderDevice: await status('/api/v1/device/register', credentials),
    test: await status('/api/auth/test', credentials),
  };
}

forEachEngine('an account whose e-mail waits for its confirmation', engine => {
  test('gets no credential of any API until it is confirmed', async () => {
    const { server } = await openServer(engine, { options: OPTIONS });
    const { person, token } = await newcomer(server);
    expect(await asked(server, person.username)).toEqual({
      keybin: 403,
      simpleSync: 401,
      session: 403,
      device: 403,
      olderDevice: 403,
      test: 403,
    });
    demand(await server.request('GET', `/api/v1/auth/confirm?token=${token}`), 200);
    expect(Object.values(await asked(server, person.username))).toEqual([200, 200, 200, 200, 200, 200]);
  });
});

forEachEngine('an account with an e-mail', engine => {
  test('that was ended leaves its name and e-mail to others, and no link to it works', async () => {
    const { server } = await openServer(engine, { options: OPTIONS });
    const { username, email, password } = await confirmedPerson(server);
    const token = await resetToken(server, email);
    demand(await server.request('DELETE', '/unregister', { username, password }), 200);
    demand(await login(server, email), 401);
    demand(await server.request('POST', '/api/v1/auth/reset', { token, new_password: 'another one' }), 400);
    demand(await register(server, { username, email, password }), 200);
    demand(await server.request('POST', '/api/v1/auth/reset', { token, new_password: 'another one' }), 400);
  });
});

forEachEngine('an account that is blocked', engine => {
  test('is refused at the next request whatever credential it has, and may come again when it is let in', async () => {
    const username = newName();
    const { server } = await openServer(engine, { options: { ...OPTIONS, PUNCH_KEYS_LAPTOP: `${username}:${KEY}` } });
    const account = await passwordFor(server, username);
    const credentials = { username, password: PASSWORD };
    const keybin = demand(await server.request('POST', '/token', credentials), 200).json.token.token;
    const jwt = demand(await server.request('POST', '/api/v1/auth/token', credentials), 200).json.token;
    const device = await pairedDevice(server, { account });
    const { cookies } = await signIn(server, account);
    const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
    const uses: [path: string, headers: Record<string, string>, blocked: number, after: number][] = [
      [`/user/${keybin}/keys`, {}, 403, 403],
      ['/v1/config', bearer(keybin), 401, 401],
      ['/api/v1/punches/manifest', bearer(keybin), 401, 401],
      ['/api/v1/punches/manifest', { 'X-API-Key': KEY }, 401, 200],
      ['/api/v1/events', bearer(jwt), 401, 200],
      ['/api/client/me', device.headers, 403, 200],
      ['/api/v1/user/devices', cookies, 401, 401],
    ];
    for (const [path, headers] of uses) demand(await server.request('GET', path, undefined, headers), 200);

    await setBlocked(server.core, account, true);
    for (const [path, headers, status] of uses) demand(await server.request('GET', path, undefined, headers), status);
    expect(await asked(server, username)).toEqual({
      keybin: 403,
      simpleSync: 401,
      session: 403,
      device: 403,
      olderDevice: 403,
      test: 403,
    });

    await setBlocked(server.core, account, false);
    for (const [path, headers, , status] of uses) demand(await server.request('GET', path, undefined, headers), status);
    demand(await login(server, username), 200);
  });

  test('while its password is being checked gets no credential', async () => {
    const { server } = await openServer(engine, { options: OPTIONS });
    const account = await newAccount(server);
    const { username, user_id } = account;
    const { passwords, storage } = server.core;
    const credentials = { username, login: username, password: PASSWORD };
    const verify = passwords.verify;
    for (const [path, status] of [
      ['/token', 403],
      ['/api/v1/auth/login', 401],
      ['/api/client/pair', 401],
    ] as const) {
      vi.spyOn(passwords, 'verify').mockImplementationOnce(async (password, hash) => {
        const right = await verify(password, hash);
        await setBlocked(server.core, account, true);
        return right;
      });
      demand(await server.request('POST', path, credentials), status);
      await setBlocked(server.core, account, false);
    }
    const { cookies } = await signIn(server, account);
    expect((await server.request('GET', '/api/v1/user/devices', undefined, cookies)).json).toEqual([]);
    expect(await storage.collection(tokensSpec).count({ prefix: [user_id] })).toBe(0);
    expect(await storage.collection(sessionsSpec).count({ prefix: [user_id] })).toBe(1);
  });
});

/** The account that the configuration made for a key, with a password. */
async function passwordFor({ core }: TestServer, username: string): Promise<AccountDoc> {
  const accounts = core.storage.collection(accountsSpec);
  const made = await accounts.find('username', [username]);
  if (made === undefined) throw new Error('the configuration made no account');
  const password = await core.passwords.hash(PASSWORD);
  const account = await accounts.update([made.user_id], { set: { password } });
  if (account === undefined) throw new Error('the account is gone');
  return account;
}
