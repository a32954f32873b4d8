import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { setBlocked } from '../../../../src/core/accounts/accounts.ts';
import { accountsSpec } from '../../../../src/core/collections.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer, sharedServer } from '../../../support/served.ts';
import { newcomer, TIME } from '../accounts/open-accounts.ts';
import { demand, newAccount, PASSWORD, ROOMY } from '../open-verstak.ts';

forEachEngine('POST /api/client/pair', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const pair = (body: unknown, headers?: Record<string, string>) =>
    served.server.request('POST', '/api/client/pair', body, headers);
  const me = async (token: string) =>
    (await served.server.request('GET', '/api/client/me', undefined, { Authorization: `Bearer ${token}` })).json;

  test('gives a device and its token, and nothing else', async () => {
    const account = await newAccount(served.server);
    const answer = demand(
      await pair({
        login: account.username,
        password: PASSWORD,
        device_name: 'desk',
        client_version: '1.2.3',
        vault_id: 'notes',
      }),
      200,
    );
    expect(answer.json).toEqual({
      user_id: account.user_id,
      device_id: expect.stringMatching(/^dev_[0-9a-f]{24}$/),
      device_token: expect.stringMatching(/^[0-9a-f]{64}$/),
      server_time: expect.stringMatching(TIME),
      initial_sync_cursor: 0,
    });
    expect(Date.parse(answer.json.server_time)).toBe(Math.floor(served.server.clock.now() / 1000) * 1000);
    expect(await me(answer.json.device_token)).toMatchObject({
      device_id: answer.json.device_id,
      device_name: 'desk',
      client_version: '1.2.3',
      vault_id: 'notes',
    });
  });

  test('makes another device each time, for equal names and vaults too', async () => {
    const account = await newAccount(served.server);
    const body = { login: account.username, password: PASSWORD, device_name: 'desk', vault_id: 'notes' };
    const answers = [await pair(body), await pair(body)].map(answer => demand(answer, 200).json);
    expect(new Set(answers.map(json => json.device_id)).size).toBe(2);
    expect(new Set(answers.map(json => json.device_token)).size).toBe(2);
    for (const { device_token } of answers) expect((await me(device_token)).vault_id).toBe('notes');
  });

  test('puts a device without a vault into one of the account’s own, whose name nobody can give', async () => {
    const account = await newAccount(served.server);
    const credentials = { login: account.username, password: PASSWORD };
    for (const vault_id of [undefined, null, '', ' \t ']) {
      const { json } = demand(await pair({ ...credentials, vault_id }), 200);
      expect((await me(json.device_token)).vault_id).toBe(`legacy:${account.user_id}`);
    }
    for (const vault_id of [`legacy:${account.user_id}`, ' legacy:x', 'legacy:']) {
      expect(demand(await pair({ ...credentials, vault_id }), 400).json.code).toBe('invalid_request');
    }
  });

  test('trims the name of a vault, and calls a device without a name unknown', async () => {
    const account = await newAccount(served.server);
    for (const device_name of [undefined, null, '', '  ']) {
      const body = { login: account.username, password: PASSWORD, device_name, vault_id: '  notes ' };
      const { json } = demand(await pair(body), 200);
      expect(await me(json.device_token)).toMatchObject({
        device_name: 'unknown',
        vault_id: 'notes',
        client_version: '',
      });
    }
  });

  test('counts lengths in bytes, to the last one', async () => {
    const account = await newAccount(served.server);
    const full = {
      login: account.username,
      password: PASSWORD,
      device_name: 'ä'.repeat(64),
      client_version: 'ä'.repeat(128),
      vault_id: ` ${'ä'.repeat(128)} `,
    };
    const { json } = demand(await pair(full), 200);
    expect(await me(json.device_token)).toMatchObject({
      device_name: full.device_name,
      client_version: full.client_version,
      vault_id: full.vault_id.trim(),
    });
    for (const field of ['device_name', 'client_version', 'vault_id'] as const) {
      const { json } = demand(await pair({ ...full, [field]: `${full[field].trim()}a` }), 400);
      expect(json.code, field).toBe('invalid_request');
    }
    const long = 'ä'.repeat(160);
    demand(await pair({ ...full, login: long }), 401);
    demand(await pair({ ...full, login: `${long}a` }), 400);
  });

  test('takes the e-mail in any letter case, the name only as it is', async () => {
    const { person, token } = await newcomer(served.server);
    demand(await served.server.request('POST', '/api/v1/auth/confirm', { token }), 200);
    const { username, email, password } = person;
    for (const login of [username, email, email.toUpperCase(), ` ${email}`])
      demand(await pair({ login, password }), 200);
    for (const login of [username.toUpperCase(), ` ${username}`]) demand(await pair({ login, password }), 401);
  });

  test('says the same of an unknown name and a wrong password', async () => {
    const account = await newAccount(served.server);
    const wrong = demand(await pair({ login: account.username, password: 'wrong' }), 401);
    const unknown = demand(await pair({ login: randomUUID(), password: PASSWORD }), 401);
    expect(wrong.json).toEqual({ error: 'wrong login or password', code: 'unauthorized' });
    expect(unknown.json).toEqual(wrong.json);
    for (const password of ['x'.repeat(1025), 'wrong\0']) {
      expect(demand(await pair({ login: account.username, password }), 401).json).toEqual(wrong.json);
    }
  });

  test('demands a login and a password', async () => {
    const bodies = [
      {},
      { login: 'ann' },
      { password: 'x' },
      { login: '', password: 'x' },
      { login: 'ann', password: null },
    ];
    for (const body of bodies) expect(demand(await pair(body), 400).json.code).toBe('invalid_request');
  });

  test('tells that an account is blocked or unconfirmed only to who knows its password', async () => {
    const { server } = served;
    const blocked = await newAccount(server);
    await setBlocked(server.core, blocked, true);
    const { person } = await newcomer(server);
    for (const login of [blocked.username, person.username, person.email]) {
      expect(demand(await pair({ login, password: 'wrong' }), 401).json.error).toBe('wrong login or password');
      expect(demand(await pair({ login, password: PASSWORD }), 403).json.code).toBe('forbidden');
    }
    await setBlocked(server.core, blocked, false);
    demand(await pair({ login: blocked.username, password: PASSWORD }), 200);
  });

  test('trap 1: ignores an Authorization header, whatever it holds', async () => {
    const account = await newAccount(served.server);
    for (const Authorization of ['Bearer ', 'Bearer', `Bearer ${'0'.repeat(64)}`, 'Basic eDp5']) {
      demand(await pair({ login: account.username, password: PASSWORD }, { Authorization }), 200);
    }
  });

  test('notes when the account was here last', async () => {
    const { server } = served;
    const { user_id, username } = await newAccount(server);
    server.clock.advance(5_000);
    demand(await pair({ login: username, password: PASSWORD }), 200);
    const stored = await server.core.storage.collection(accountsSpec).get([user_id]);
    expect(stored?.last_seen).toEqual(new Date(server.clock.now()));
  });

  test('pairs twenty devices with a new vault at once', async () => {
    const { server } = await openServer(engine); // with the limits that make attempts wait for each other
    const { username } = await newAccount(server);
    const body = { login: username, password: PASSWORD, vault_id: 'notes' };
    const pairing = Array.from({ length: 20 }, () => server.request('POST', '/api/client/pair', body));
    const answers = await Promise.all(pairing);
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ json }) => json.device_id)).size).toBe(20);
  });
});

forEachEngine('POST /api/v1/device/register', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const register = (body: unknown) => served.server.request('POST', '/api/v1/device/register', body);

  test('pairs a device as older clients ask for it', async () => {
    const { username } = await newAccount(served.server);
    const body = { name: 'old desk', username, password: PASSWORD, vault_id: 'notes' };
    const { json } = demand(await register(body), 200);
    expect(Object.keys(json).sort()).toEqual(['device_id', 'device_token']);
    const headers = { Authorization: `Bearer ${json.device_token}` };
    const me = await served.server.request('GET', '/api/client/me', undefined, headers);
    expect(me.json).toMatchObject({ device_id: json.device_id, device_name: 'old desk', vault_id: 'notes' });
  });

  test('answers 401 where a name or a password is missing', async () => {
    for (const body of [{}, { username: 'ann' }, { password: PASSWORD }]) {
      expect(demand(await register(body), 401).json.code).toBe('unauthorized');
    }
  });
});

forEachEngine('POST /api/auth/test', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const test_ = (body: unknown, headers?: Record<string, string>) =>
    served.server.request('POST', '/api/auth/test', body, headers);

  test('tells whether a login would work', async () => {
    const { username } = await newAccount(served.server);
    const headers = { Authorization: 'Bearer ' };
    expect(demand(await test_({ username, password: PASSWORD }, headers), 200).json).toEqual({ status: 'ok' });
    expect(demand(await test_({ username, password: 'wrong' }), 401).json.code).toBe('unauthorized');
    expect(demand(await test_({ username: randomUUID(), password: PASSWORD }), 401).json.code).toBe('unauthorized');
    for (const body of [{ username }, { password: PASSWORD }, {}]) demand(await test_(body), 400);
  });

  test('refuses blocked and unconfirmed accounts with 403', async () => {
    const { server } = served;
    const blocked = await newAccount(server);
    await setBlocked(server.core, blocked, true);
    const { person } = await newcomer(server);
    demand(await test_({ username: blocked.username, password: PASSWORD }), 403);
    demand(await test_({ username: person.email, password: PASSWORD }), 403);
    demand(await test_({ username: person.email, password: 'wrong' }), 401);
  });
});
