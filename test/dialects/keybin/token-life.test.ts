import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { openServer, sharedServer } from '../../support/served.ts';
import { newAccount, newToken, newUser, TOKEN_REFUSED } from './open-keybin.ts';

forEachEngine('a token', engine => {
  const keybin = sharedServer(engine);
  const request = (method: string, path: string, body?: unknown) => keybin.server.request(method, path, body);

  test('is refused from the very millisecond it expires', async () => {
    const { path } = await newUser(keybin.server);
    keybin.server.clock.advance(299_999);
    expect((await request('GET', `${path}/keys`)).status).toBe(200);
    keybin.server.clock.advance(1);
    for (const [method, sub] of [
      ['GET', '/keys'],
      ['GET', ''],
      ['POST', '/renew'],
      ['DELETE', ''],
    ] as const) {
      const answer = await request(method, path + sub);
      expect([answer.status, answer.json]).toEqual([403, TOKEN_REFUSED]);
    }
  });

  test('tells whose it is, of which client and how long it lives', async () => {
    const login = await newAccount(keybin.server, { username: 'ann "of" 😀' });
    const token = await newToken(keybin.server, login, 'laptop');
    const expires_at = new Date(keybin.server.clock.now() + 300_000).toISOString();
    const answer = await request('GET', `/user/${token}`);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ username: login.username, client_id: 'laptop', expires_at, expire_seconds: 300 });
    expect(expires_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('rounds the seconds it has left up', async () => {
    const { path } = await newUser(keybin.server);
    const left = async () => (await request('GET', path)).json.expire_seconds;
    const { expires_at } = (await request('GET', path)).json;
    keybin.server.clock.advance(1);
    expect(await left()).toBe(300);
    keybin.server.clock.advance(999);
    expect(await left()).toBe(299);
    keybin.server.clock.advance(298_999);
    expect(await left()).toBe(1);
    expect((await request('GET', path)).json.expires_at).toBe(expires_at);
  });

  test('that is renewed is the same one with the full lifetime again', async () => {
    const { token, path } = await newUser(keybin.server);
    keybin.server.clock.advance(200_000);
    const answer = await request('POST', `${path}/renew`);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ token: { token, expire_seconds: 300 } });
    keybin.server.clock.advance(299_999);
    expect((await request('GET', `${path}/keys`)).status).toBe(200);
    keybin.server.clock.advance(1);
    expect((await request('GET', `${path}/keys`)).status).toBe(403);
  });

  test('is renewed without a body or with any object', async () => {
    const { path } = await newUser(keybin.server);
    for (const body of [undefined, '', {}, { value: 1, token: 'x' }]) {
      expect((await request('POST', `${path}/renew`, body)).status).toBe(200);
    }
    for (const body of ['[]', '"x"', '{', 'null']) {
      const answer = await request('POST', `${path}/renew`, body);
      expect([body, answer.status, answer.json.code]).toEqual([body, 400, 'json_invalid']);
    }
  });

  test('that is revoked is dead at once, and the account may get another', async () => {
    const { login, path } = await newUser(keybin.server);
    const other = await newToken(keybin.server, login, 'other');
    const answer = await request('DELETE', path);
    expect([answer.status, answer.json]).toEqual([200, { result: 'ok' }]);
    expect((await request('GET', `${path}/keys`)).status).toBe(403);
    expect((await request('DELETE', path)).json).toEqual(TOKEN_REFUSED);
    expect((await request('POST', `${path}/renew`)).json).toEqual(TOKEN_REFUSED);
    expect((await request('GET', `/user/${other}/keys`)).status).toBe(200);
    await newToken(keybin.server, login);
  });

  test('that was replaced cannot revoke or renew the one in its place', async () => {
    const { login, path } = await newUser(keybin.server);
    const second = await newToken(keybin.server, login);
    expect((await request('DELETE', path)).status).toBe(403);
    expect((await request('POST', `${path}/renew`)).status).toBe(403);
    expect((await request('GET', `/user/${second}/keys`)).status).toBe(200);
  });

  test('stays as it was given when token_expiration changes', async () => {
    const { server } = await openServer(engine);
    const before = await newUser(server);
    await server.configure({ STORE_TOKEN_EXPIRATION: '10' });
    const after = await newUser(server);
    expect((await server.request('GET', before.path)).json.expire_seconds).toBe(300);
    expect((await server.request('GET', after.path)).json.expire_seconds).toBe(10);
    await server.configure({ STORE_TOKEN_EXPIRATION: '1000' });
    server.clock.advance(10_000);
    expect((await server.request('GET', `${after.path}/keys`)).status).toBe(403);
    server.clock.advance(289_999);
    expect((await server.request('GET', `${before.path}/keys`)).status).toBe(200);
    server.clock.advance(1);
    expect((await server.request('GET', `${before.path}/keys`)).status).toBe(403);
  });

  test('that is renewed takes the lifetime that holds now', async () => {
    const { server } = await openServer(engine);
    const { token, path } = await newUser(server);
    await server.configure({ STORE_TOKEN_EXPIRATION: '10' });
    expect((await server.request('POST', `${path}/renew`)).json.token).toEqual({ token, expire_seconds: 10 });
    server.clock.advance(10_000);
    expect((await server.request('GET', path)).status).toBe(403);
  });

  test('may live for ten years', async () => {
    const { server } = await openServer(engine, { options: { STORE_TOKEN_EXPIRATION: '315360000' } });
    const { path } = await newUser(server);
    server.clock.advance(315_359_999_999);
    expect((await server.request('GET', path)).json.expire_seconds).toBe(1);
  });
});
