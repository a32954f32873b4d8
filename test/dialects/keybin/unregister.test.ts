import { expect, test } from 'vitest';
import { resumeErasures } from '../../../src/core/accounts/erase.ts';
import { accountsSpec, entriesSpec, tokensSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { type Served, sharedServer } from '../../support/served.ts';
import { accountOf, newAccount, newToken, newUser, statuses } from './open-keybin.ts';

/** How many documents the account still has. */
async function leftOf({ opened }: Served, accountId: string): Promise<number> {
  const tokens = await opened.storage.collection(tokensSpec).count({ prefix: [accountId] });
  return tokens + (await opened.storage.collection(entriesSpec).count({ prefix: [accountId] }));
}

forEachEngine('DELETE /unregister', engine => {
  const keybin = sharedServer(engine, { options: { SECURITY_THROTTLE: 'false' } });
  const unregister = (body: unknown, headers?: Record<string, string>) =>
    keybin.server.request('DELETE', '/unregister', body, headers);

  test('ends the account, all its tokens and all its data', async () => {
    const { server } = keybin;
    const login = await newAccount(server);
    const tokens = [await newToken(server, login), await newToken(server, login, 'laptop')];
    for (const key of ['a', 'b', 'c']) await server.request('POST', `/user/${tokens[0]}/store/${key}`, { value: key });
    const { user_id } = await accountOf(keybin, login.username);
    expect(await leftOf(keybin, user_id)).toBe(5);

    const answer = await unregister(login, { 'Content-Type': 'application/json' });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ result: 'ok' });
    for (const token of tokens) {
      expect(
        await statuses([server.request('GET', `/user/${token}`), server.request('GET', `/user/${token}/keys`)]),
      ).toEqual([403, 403]);
    }
    expect(await leftOf(keybin, user_id)).toBe(0);
    expect((await server.request('POST', '/token', login)).json.code).toBe('credentials_invalid');
    expect((await unregister(login)).json.code).toBe('credentials_invalid');
  });

  test('sets the name free for an account that inherits nothing', async () => {
    const { server } = keybin;
    const { login, token, path } = await newUser(server);
    await server.request('POST', `${path}/store/secret`, { value: 'of the first' });
    const first = await accountOf(keybin, login.username);
    expect((await unregister(login)).status).toBe(200);

    await newAccount(server, { username: login.username, password: 'of the second' });
    const second = await newToken(server, { username: login.username, password: 'of the second' });
    expect((await accountOf(keybin, login.username)).user_id).not.toBe(first.user_id);
    expect((await server.request('GET', `/user/${second}/keys`)).json).toEqual({ keys: [] });
    expect((await server.request('GET', `/user/${second}/store/secret`)).status).toBe(404);
    expect((await server.request('GET', `/user/${token}/keys`)).status).toBe(403);
    expect((await server.request('POST', '/token', login)).status).toBe(403);
  });

  test('leaves every other account as it is', async () => {
    const { server } = keybin;
    const { login } = await newUser(server);
    const bystander = await newUser(server);
    await server.request('POST', `${bystander.path}/store/kept`, { value: 'kept' });
    expect((await unregister(login)).status).toBe(200);
    expect((await server.request('GET', `${bystander.path}/store/kept`)).json).toEqual({ value: 'kept' });
    await newToken(server, bystander.login);
  });

  test('with a wrong password is 403 and ends nothing', async () => {
    const { server } = keybin;
    const { login, path } = await newUser(server);
    await server.request('POST', `${path}/store/kept`, { value: 'kept' });
    const answer = await unregister({ ...login, password: 'wrong' });
    expect([answer.status, answer.json.code]).toEqual([403, 'credentials_invalid']);
    expect((await server.request('GET', `${path}/store/kept`)).json).toEqual({ value: 'kept' });
    await newToken(server, login);
  });

  test('demands a body', async () => {
    const answer = await unregister(undefined);
    expect([answer.status, answer.json.code]).toEqual([400, 'body_required']);
  });

  test('erases an account with much data', async () => {
    const { server, opened } = keybin;
    const { login, path } = await newUser(server);
    const { user_id } = await accountOf(keybin, login.username);
    const entries = opened.storage.collection(entriesSpec);
    const count = engine.name === 'embedded' ? 3000 : 300;
    const value = 'x'.repeat(2000);
    await Promise.all(Array.from({ length: count }, (_, i) => entries.insert({ user_id, key: `key.${i}`, value })));
    expect((await server.request('GET', `${path}/keys`)).json.keys).toHaveLength(count);
    expect((await unregister(login)).status).toBe(200);
    expect(await leftOf(keybin, user_id)).toBe(0);
  });

  test('sent several times at once ends the account once and breaks nothing', async () => {
    const login = await newAccount(keybin.server);
    const answers = await statuses(Array.from({ length: 6 }, () => unregister(login)));
    expect(answers).toContain(200);
    expect(answers.filter(status => status !== 200 && status !== 403)).toEqual([]);
    await newAccount(keybin.server, login);
  });

  test('leaves no live token to a login of the same moment', async () => {
    const { server } = keybin;
    for (let round = 0; round < 10; round++) {
      const login = await newAccount(server);
      const logins = Array.from({ length: 4 }, (_, i) =>
        server.request('POST', '/token', { ...login, client_id: `${i}` }),
      );
      const [ended, ...given] = await Promise.all([unregister(login), ...logins]);
      expect(ended.status).toBe(200);
      for (const answer of given) {
        expect([200, 403]).toContain(answer.status);
        const token = answer.json.token?.token;
        if (token) expect((await server.request('GET', `/user/${token}/keys`)).status).toBe(403);
      }
    }
  });

  test('leaves nothing of a write of the same moment to the next account of the name', async () => {
    const { server } = keybin;
    for (let round = 0; round < 10; round++) {
      const { login, path } = await newUser(server);
      const writes = Array.from({ length: 4 }, (_, i) =>
        server.request('POST', `${path}/store/${i}`, { value: 'old' }),
      );
      const [ended, ...written] = await Promise.all([unregister(login), ...writes]);
      expect(ended.status).toBe(200);
      for (const answer of written) expect([200, 403]).toContain(answer.status);
      await newAccount(server, login);
      const token = await newToken(server, login);
      expect((await server.request('GET', `/user/${token}/keys`)).json).toEqual({ keys: [] });
    }
  });

  test('that was cut short is finished at the next start; until then the name is taken and nothing opens', async () => {
    const { server, opened } = keybin;
    const { login, path } = await newUser(server);
    await server.request('POST', `${path}/store/a`, { value: 1 });
    const { user_id } = await accountOf(keybin, login.username);
    const erasing_at = new Date(opened.clock.now());
    await opened.storage.collection(accountsSpec).update([user_id], { set: { erasing_at }, unset: ['password'] });
    expect((await server.request('POST', '/register', login)).status).toBe(409);
    expect((await server.request('POST', '/token', login)).json.code).toBe('credentials_invalid');

    await resumeErasures(server.core);
    expect(await leftOf(keybin, user_id)).toBe(0);
    expect((await server.request('GET', `${path}/keys`)).status).toBe(403);
    await newAccount(server, login);
  });
});
