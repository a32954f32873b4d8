import { expect, it } from 'vitest';
import { tokensSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, sharedServer } from '../../support/served.ts';
import { bearer, demand, type Headers, look, made, newHolder, plainToken } from './token-holders.ts';

forEachEngine('a token that makes tokens', engine => {
  const served = sharedServer(engine);
  const request = (...args: Parameters<typeof served.server.request>) => served.server.request(...args);
  const make = (by: Headers, wish: object = {}) => made(served.server, by, wish);
  const lives = (headers: Headers) => look(served.server, headers);

  it('gives them its own scopes, or less', async () => {
    const { headers } = await newHolder(served.server);
    const maker = await make(headers, { scopes: ['kv:r', 'kv:w:app/', 'tokens'] });
    expect((await make(maker.headers)).info.scopes).toEqual(['kv:r', 'kv:w:app/', 'tokens']);
    expect((await make(maker.headers, { scopes: ['kv:rw:app/x', 'kv:r'] })).info.scopes).toEqual([
      'kv:rw:app/x',
      'kv:r',
    ]);
    for (const [scopes, missing] of [
      [['kv:rw'], 'kv:rw'],
      [['kv:w'], 'kv:w'],
      [['kv:r', 'kv:w:ap'], 'kv:w:ap'],
      [['sync'], 'sync'],
    ] as const) {
      const answer = await request('POST', '/v2/tokens', { scopes }, maker.headers);
      expect([answer.status, answer.json.code, answer.json.details]).toEqual([
        403,
        'scope_insufficient',
        { scope: missing },
      ]);
    }
  });

  it('needs the scope for that', async () => {
    const { headers } = await newHolder(served.server);
    const narrow = await make(headers, { scopes: ['kv:rw', 'sync'] });
    for (const [method, path] of [
      ['POST', '/v2/tokens'],
      ['GET', '/v2/tokens'],
      ['DELETE', `/v2/tokens/${narrow.id}`],
    ] as const) {
      const answer = await request(method, path, undefined, narrow.headers);
      expect([path, answer.status, answer.json.code, answer.json.details]).toEqual([
        path,
        403,
        'scope_insufficient',
        { scope: 'tokens' },
      ]);
    }
    demand(await request('DELETE', '/v2/tokens/self', undefined, narrow.headers), 204);
  });

  it('gives them no longer life than its own', async () => {
    const { headers } = await newHolder(served.server);
    const maker = await make(headers, { ttl: 600 });
    const child = await make(maker.headers, { ttl: 3600 });
    expect([child.info.expires_at, child.info.warnings]).toEqual([maker.info.expires_at, ['capped']]);
    const shorter = await make(maker.headers, { ttl: 60 });
    expect(shorter.info.warnings).toBeUndefined();
    const renewed = await request('POST', '/v2/tokens/self/renew', { ttl: 3600 }, shorter.headers);
    expect([renewed.status, renewed.json.expires_at, renewed.json.warnings]).toEqual([
      200,
      maker.info.expires_at,
      ['capped'],
    ]);
    const longer = await request('POST', '/v2/tokens/self/renew', { ttl: 7200 }, maker.headers);
    const after = await request('POST', '/v2/tokens/self/renew', { ttl: 7200 }, shorter.headers);
    expect([after.json.expires_at, after.json.warnings]).toEqual([longer.json.expires_at, undefined]);
  });

  it('makes none when its uses are counted', async () => {
    const { headers } = await newHolder(served.server);
    const { headers: own } = await make(headers, { max_uses: 5 });
    const answer = await request('POST', '/v2/tokens', {}, own);
    expect([answer.status, answer.json.code]).toEqual([403, 'token_makes_none']);
  });

  it('takes them with it when it ends, and what they made', async () => {
    const { server } = served;
    const other = await anotherServer(served);
    const { headers } = await newHolder(server);
    const [root, beside] = [await make(headers), await make(headers)];
    const child = await make(root.headers);
    const family = [root, child, await make(child.headers), await make(root.headers)];
    expect(await Promise.all(family.map(each => look(other, each.headers)))).toEqual([200, 200, 200, 200]);
    demand(await request('DELETE', `/v2/tokens/${root.id}`, undefined, headers), 204);
    expect(await Promise.all(family.map(each => look(other, each.headers)))).toEqual([401, 401, 401, 401]);
    expect(await lives(beside.headers)).toBe(200);
  });

  it('reaches by id itself and them, and no others', async () => {
    const { headers } = await newHolder(served.server);
    const [one, two] = [await make(headers), await make(headers)];
    const child = await make(one.headers);
    const grandchild = await make(child.headers);
    const status = async (by: Headers, id: string) =>
      (await request('DELETE', `/v2/tokens/${id}`, undefined, by)).status;
    expect(await status(two.headers, one.id)).toBe(404);
    expect(await status(two.headers, grandchild.id)).toBe(404);
    expect(await status(child.headers, one.id)).toBe(404);
    const { tokens } = (await request('GET', '/v2/tokens', undefined, two.headers)).json;
    expect(tokens).toHaveLength(4);
    expect(await status(one.headers, grandchild.id)).toBe(204);
    expect(await status(one.headers, child.id)).toBe(204);
    expect(await status(one.headers, one.id)).toBe(204);
    expect(await lives(two.headers)).toBe(200);
  });

  it('of the original API reaches all of the account, and takes with it what it made', async () => {
    const { server } = served;
    const { username, headers } = await newHolder(server);
    const made1 = await make(headers);
    for (const end of [
      (plain: Headers) => request('DELETE', '/user/me', undefined, plain),
      () => plainToken(server, username, 'laptop'),
      (plain: Headers) => request('DELETE', '/v2/tokens/self', undefined, plain),
    ]) {
      const plain = await plainToken(server, username, 'laptop');
      const child = await make(plain, { ttl: 86_400 });
      expect(child.info.warnings).toEqual(['capped']);
      expect(new Date(child.info.expires_at).getTime()).toBe(server.clock.now() + 300_000);
      const grandchild = await make(child.headers);
      await end(plain);
      expect([await lives(child.headers), await lives(grandchild.headers)]).toEqual([401, 401]);
    }
    expect(await lives(made1.headers)).toBe(200);
    const plain = await plainToken(server, username, 'desk');
    demand(await request('DELETE', `/v2/tokens/${made1.id}`, undefined, plain), 204);
    expect(await lives(made1.headers)).toBe(401);
  });

  it('leaves nothing behind of what is made while it ends', async () => {
    const { server } = served;
    const other = await anotherServer(served);
    for (let round = 0; round < 10; round++) {
      const { headers } = await newHolder(server);
      const root = await make(headers);
      const child = await make(root.headers);
      const making = Array.from({ length: 8 }, (_, i) =>
        (i % 2 ? server : other).request('POST', '/v2/tokens', {}, i % 3 ? child.headers : root.headers),
      );
      const [ended, ...answers] = await Promise.all([
        server.request('DELETE', `/v2/tokens/${root.id}`, undefined, headers),
        ...making,
      ]);
      expect(ended.status).toBe(204);
      for (const { status, json } of answers) {
        expect([201, 401]).toContain(status);
        if (status === 201) expect(await look(other, bearer(json.token))).toBe(401);
      }
      expect((await request('GET', '/v2/tokens', undefined, headers)).json.tokens).toEqual([]);
    }
  });

  it('leaves nothing behind when the process that ended it died in between', async () => {
    const { server } = served;
    const { account, headers } = await newHolder(server);
    const root = await make(headers);
    const child = await make(root.headers);
    const grandchild = await make(child.headers);
    await server.core.storage.collection(tokensSpec).delete([account.user_id, `v:${root.id}`]);
    const again = await request('DELETE', `/v2/tokens/${root.id}`, undefined, headers);
    expect(again.status).toBe(404);
    expect([await lives(child.headers), await lives(grandchild.headers)]).toEqual([401, 401]);
  });

  it('ends with the password, as what it made', async () => {
    const { server } = served;
    const { username, headers } = await newHolder(server);
    const one = await make(headers);
    const two = await make(one.headers, { scopes: ['kv:r'] });
    demand(await request('POST', '/password', { username, password: 'right', new_password: 'other' }), 200);
    expect([await lives(one.headers), await lives(two.headers)]).toEqual([401, 401]);
    expect((await request('GET', '/v2/tokens', undefined, headers)).status).toBe(401);
  });
});
