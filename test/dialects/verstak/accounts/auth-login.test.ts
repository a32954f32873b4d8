import { expect, test, vi } from 'vitest';
import { createAccount, setBlocked } from '../../../../src/core/accounts/accounts.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, newName, openServer, sharedServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { demand, newAccount, PASSWORD, ROOMY } from '../open-verstak.ts';
import { confirmedPerson, login, newcomer, newPerson, resetToken } from './open-accounts.ts';

const REFUSED = { error: 'wrong login or password', code: 'unauthorized' };

forEachEngine('POST /api/v1/auth/login', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const devices = (headers: Record<string, string>, server = served.server) =>
    server.request('GET', '/api/v1/user/devices', undefined, headers);

  test('gives a session and the account’s id, no cookie', async () => {
    const { server } = served;
    const { user_id, username = '' } = await newAccount(server);
    const answer = demand(await login(server, username), 200);
    expect(answer.json).toEqual({ token: expect.stringMatching(/^[0-9a-f]{64}$/), user_id });
    expect(answer.headers.get('Set-Cookie')).toBe(null);
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    const other = await anotherServer(served, { options: ROOMY });
    const { token } = answer.json;
    const either: Record<string, string>[] = [
      { Authorization: `Bearer ${token}` },
      { Cookie: `user_session=${token}` },
    ];
    for (const headers of either) {
      expect(demand(await devices(headers), 200).json).toEqual([]);
      demand(await devices(headers, other), 200);
    }
  });

  test('takes the e-mail in any letter case', async () => {
    const { username, email } = await confirmedPerson(served.server);
    const ids = [];
    for (const name of [username, email, email.toUpperCase()]) {
      ids.push(demand(await login(served.server, name), 200).json.user_id);
    }
    expect(new Set(ids).size).toBe(1);
    expect(demand(await login(served.server, username.toUpperCase()), 401).json).toEqual(REFUSED);
  });

  test('demands both fields, and says the same of an unknown name and a wrong password', async () => {
    const { server } = served;
    const { username = '' } = await newAccount(server);
    for (const body of [{}, { username }, { password: PASSWORD }, { username: '', password: PASSWORD }]) {
      expect(demand(await server.request('POST', '/api/v1/auth/login', body), 400).json.code).toBe('invalid_request');
    }
    expect(demand(await login(server, username, 'wrong'), 401).json).toEqual(REFUSED);
    expect(demand(await login(server, 'nobody-at-all'), 401).json).toEqual(REFUSED);
    expect(demand(await login(server, 'nobody@at.all'), 401).json).toEqual(REFUSED);
  });

  test('spends as much on an unknown name as on a wrong password', async () => {
    const { server } = served;
    const { username = '' } = await newAccount(server);
    const verify = vi.spyOn(server.core.passwords, 'verify');
    for (const name of [username, 'nobody-at-all', 'nobody@at.all']) {
      verify.mockClear();
      demand(await login(server, name, 'wrong'), 401);
      expect(verify).toHaveBeenCalledTimes(1);
    }
    verify.mockRestore();
  });

  test('tells who is blocked or unconfirmed only to who knows the password', async () => {
    const { server } = served;
    const blocked = await confirmedPerson(server);
    const user_id = demand(await login(server, blocked.email), 200).json.user_id;
    await setBlocked(server.core, { user_id } as never, true);
    const { person } = await newcomer(server);
    for (const { email } of [blocked, person]) {
      expect(demand(await login(server, email, 'wrong'), 401).json).toEqual(REFUSED);
      expect(demand(await login(server, email), 403).json.code).toBe('forbidden');
    }
  });

  test('and the e-mail of another account may be one name: the password tells who is meant', async () => {
    const { server } = served;
    const { email, ...mailed } = await confirmedPerson(server);
    const named = { username: email, password: 'of the named one' };
    demand(await server.request('POST', '/register', named), 200);
    const id = async (password: string) => demand(await login(server, email, password), 200).json.user_id;
    const [one, other] = [await id(mailed.password), await id(named.password)];
    expect(one).not.toBe(other);
    demand(await login(server, email, 'of neither'), 401);
    const device = await server.request('POST', '/api/client/pair', { login: email, password: named.password });
    expect(demand(device, 200).json.user_id).toBe(other);
    expect(demand(await login(server, email.toUpperCase(), mailed.password), 200).json.user_id).toBe(one);
    demand(await login(server, email.toUpperCase(), named.password), 401);
  });
});

forEachEngine('an account that is called like the e-mail of a stranger', engine => {
  /** What a login with this name and a wrong password costs, in passwords that are verified. */
  async function costOf(server: TestServer, name: string): Promise<number> {
    const verify = vi.spyOn(server.core.passwords, 'verify');
    demand(await login(server, name, 'wrong'), 401);
    const { length } = verify.mock.calls;
    verify.mockRestore();
    return length;
  }

  test('does not tell by time whether there is an account with that e-mail', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const { email } = await confirmedPerson(server);
    const own = { username: newName(), password: PASSWORD };
    const { user_id } = await createAccount(server.core, {
      ...own,
      username: 'own@example.org',
      email: 'own@example.org',
    });
    for (const [before, username] of [
      [1, email],
      [1, newPerson().email],
    ] as const) {
      expect(await costOf(server, username)).toBe(before);
      demand(await server.request('POST', '/register', { username, password: 'of a stranger' }), 200);
      expect(await costOf(server, username)).toBe(2);
    }
    expect(await costOf(server, 'own@example.org')).toBe(2);
    expect(demand(await login(server, 'own@example.org'), 200).json.user_id).toBe(user_id);
  });

  test('nor by when guessing is stopped', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, VERSTAK_LOGIN_ATTEMPTS: '3' } });
    const known = (await confirmedPerson(server)).email;
    const statusesOf = async (username: string) => {
      const seen: number[] = [];
      const attempt = async (password: string) => seen.push((await login(server, username, password)).status);
      await attempt('wrong');
      await attempt('wrong');
      demand(await server.request('POST', '/register', { username, password: 'of a stranger' }), 200);
      await attempt('of a stranger');
      await attempt('wrong');
      await attempt('of a stranger');
      return seen;
    };
    const ofKnown = await statusesOf(known);
    server.clock.advance(3_600_000);
    expect(ofKnown).toEqual(await statusesOf(newPerson().email));
    expect(ofKnown).toEqual([401, 401, 200, 401, 429]);
  });
});

forEachEngine('while the password changes', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  /** Has the account get another password once the old one was found right. */
  async function raced<T>(attempt: (person: { username: string; email: string }) => Promise<T>): Promise<T> {
    const { server } = served;
    const person = await confirmedPerson(server);
    const token = await resetToken(server, person.email);
    const { passwords } = server.core;
    const verify = passwords.verify;
    const spy = vi.spyOn(passwords, 'verify').mockImplementationOnce(async (password, hash) => {
      const right = await verify(password, hash);
      demand(await server.request('POST', '/api/v1/auth/reset', { token, new_password: 'another one' }), 200);
      return right;
    });
    try {
      return await attempt(person);
    } finally {
      spy.mockRestore();
    }
  }

  test('a login with the old one gives no session', async () => {
    const answer = await raced(({ email }) => login(served.server, email));
    expect([answer.status, answer.json]).toEqual([401, REFUSED]);
  });

  test('pairing with the old one gives no device', async () => {
    const { server } = served;
    const answer = await raced(({ email }) =>
      server.request('POST', '/api/client/pair', { login: email, password: PASSWORD }),
    );
    expect([answer.status, answer.json]).toEqual([401, REFUSED]);
  });
});
