import { expect, it } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { type Headers, look, made, newHolder } from './token-holders.ts';

forEachEngine('a token of v2 at the other APIs', engine => {
  const served = sharedServer(engine);
  const request = (...args: Parameters<typeof served.server.request>) => served.server.request(...args);
  const status = async (headers: Headers, method: string, path: string, body?: object) =>
    (await request(method, path, body, headers)).status;

  it('never stands in a path', async () => {
    const { headers } = await newHolder(served.server);
    const { secret } = await made(served.server, headers);
    for (const path of [`/user/${secret}`, `/user/${secret}/keys`]) {
      const answer = await request('GET', path);
      expect([answer.status, answer.json.code]).toEqual([403, 'token_invalid']);
    }
  });

  it('opens /user/me when it may do everything', async () => {
    const { server } = served;
    const { username, headers } = await newHolder(server);
    const own = await made(server, headers, { client_id: 'robot', ttl: 100 });
    const wide = await made(server, headers, { scopes: ['kv:r', 'kv:w', 'tokens', 'sync'] });
    const { json } = await request('GET', '/user/me', undefined, own.headers);
    expect(json).toMatchObject({ username, client_id: 'robot', expire_seconds: 100 });
    expect((await request('GET', '/user/me', undefined, wide.headers)).json.client_id).toBe(wide.id);
    expect(await status(own.headers, 'POST', '/user/me/store/a', { value: 1 })).toBe(200);
    expect((await request('GET', '/user/me/store/a', undefined, wide.headers)).json).toEqual({ value: 1 });
    for (const [scopes, missing] of [
      [['kv:rw', 'tokens'], 'sync'],
      [['kv:rw:a', 'tokens', 'sync'], 'kv:rw'],
      [['kv:rw', 'sync'], 'tokens'],
    ] as const) {
      const narrow = await made(server, headers, { scopes });
      const answer = await request('GET', '/user/me/keys', undefined, narrow.headers);
      expect([answer.status, answer.json.code, answer.json.scope]).toEqual([403, 'scope_insufficient', missing]);
    }
  });

  it('is renewed and ended there as by v2', async () => {
    const { server } = served;
    const { headers } = await newHolder(server);
    const maker = await made(server, headers, { ttl: 1000 });
    const own = await made(server, maker.headers, { ttl: 100 });
    const child = await made(server, own.headers);
    const renewed = await request('POST', '/user/me/renew', undefined, own.headers);
    expect(renewed.json).toEqual({ token: { token: own.secret, expire_seconds: 1000 } });
    expect(await status(own.headers, 'DELETE', '/user/me')).toBe(200);
    expect([await look(server, own.headers), await look(server, child.headers)]).toEqual([401, 401]);
    expect(await look(server, maker.headers)).toBe(200);
  });

  it.each([
    ['Punch', 'GET', '/api/v1/punches/manifest'],
    ['dotsync', 'GET', '/v1/config'],
  ])('opens %s with the scope sync alone', async (_, method, path) => {
    const { server } = served;
    const { headers } = await newHolder(server);
    const route = server.routes.find(each => each.path === path && each.method === method);
    expect(route).toBeDefined();
    const sync = await made(server, headers, { scopes: ['sync'] });
    expect(await status(sync.headers, method, path)).toBeLessThan(300);
    const other = await made(server, headers, { scopes: ['kv:rw', 'tokens'] });
    const answer = await request(method, path, undefined, other.headers);
    expect([answer.status, answer.json.code]).toEqual([403, 'scope_insufficient']);
  });

  it('does not open simple-sync or Verstak', async () => {
    const { server } = served;
    const { headers } = await newHolder(server);
    const { headers: own } = await made(server, headers);
    for (const path of ['/api/v1/events', '/api/client/me', '/api/v1/user/devices']) {
      expect([path, await status(own, 'GET', path)]).toEqual([path, 401]);
    }
  });

  it('loses its uses there as well', async () => {
    const { server } = served;
    const { headers } = await newHolder(server);
    const own = await made(server, headers, { max_uses: 4 });
    expect(await status(own.headers, 'GET', '/user/me')).toBe(200);
    expect(await status(own.headers, 'GET', '/v1/config')).toBe(200);
    expect(await status(own.headers, 'GET', '/user/me/store/nothing')).toBe(404);
    expect(await status(own.headers, 'GET', '/api/v1/punches/manifest')).toBe(200);
    expect(await status(own.headers, 'GET', '/user/me')).toBe(403);
    expect(await status(own.headers, 'GET', '/v1/config')).toBe(401);
  });
});
