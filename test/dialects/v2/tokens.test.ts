import { expect, it } from 'vitest';
import { tokensSpec } from '../../../src/core/collections.ts';
import { pagesOf } from '../../../src/core/pages.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../../support/served.ts';
import { basic, bearer, demand, look, made, newHolder, plainToken } from './token-holders.ts';

forEachEngine('tokens of v2', engine => {
  const served = sharedServer(engine);
  const request = (...args: Parameters<typeof served.server.request>) => served.server.request(...args);

  it('are made by a password, with all of its rights, for thirty days', async () => {
    const { server } = served;
    const { headers } = await newHolder(server);
    const answer = await request('POST', '/v2/tokens', undefined, headers);
    expect([answer.status, answer.json]).toEqual([
      201,
      {
        id: expect.stringMatching(/^tok_[0-9a-f]{24}$/),
        token: expect.stringMatching(/^kb_[A-Za-z0-9_-]{43}$/),
        name: null,
        client_id: null,
        scopes: ['kv:rw', 'tokens', 'sync'],
        created_at: new Date(server.clock.now()).toISOString(),
        last_used_at: null,
        expires_at: new Date(server.clock.now() + 2_592_000_000).toISOString(),
        uses_left: null,
        kind: 'v2',
      },
    ]);
    expect(await look(server, bearer(answer.json.token))).toBe(200);
  });

  it('are as their maker wants them', async () => {
    const { headers } = await newHolder(served.server);
    const wish = { name: '🦔 backups', ttl: 60, scopes: ['kv:r:a/', 'kv:w', 'sync'], max_uses: 9, client_id: 'laptop' };
    const { info } = await made(served.server, headers, wish);
    expect(info).toMatchObject({
      name: '🦔 backups',
      client_id: 'laptop',
      scopes: wish.scopes,
      uses_left: 9,
      expires_at: new Date(served.server.clock.now() + 60_000).toISOString(),
    });
  });

  it('are stored as a hash only', async () => {
    const { server } = await openServer(engine);
    const { headers } = await newHolder(server);
    const { secret } = await made(server, headers);
    const stored = server.core.storage.collection(tokensSpec);
    const docs: object[] = [];
    for await (const page of pagesOf(after => stored.scan({ limit: 10, ...after }))) docs.push(...page);
    expect(docs).toHaveLength(1);
    expect(JSON.stringify(docs)).not.toContain(secret.slice(3));
  });

  it.each<[object | string, string]>([
    [{ name: '' }, 'name_invalid'],
    [{ name: 'x'.repeat(129) }, 'name_invalid'],
    [{ name: 'a\nb' }, 'name_invalid'],
    [{ name: '\ud800' }, 'name_invalid'],
    [{ name: 1 }, 'name_invalid'],
    [{ ttl: 0 }, 'ttl_invalid'],
    [{ ttl: -1 }, 'ttl_invalid'],
    [{ ttl: 1.5 }, 'ttl_invalid'],
    [{ ttl: '60' }, 'ttl_invalid'],
    [{ scopes: [] }, 'scopes_invalid'],
    [{ scopes: 'kv:r' }, 'scopes_invalid'],
    [{ scopes: [1] }, 'scopes_invalid'],
    [{ scopes: ['kv'] }, 'scopes_invalid'],
    [{ scopes: ['kv:r:'] }, 'scopes_invalid'],
    [{ scopes: ['kv:r:a b'] }, 'scopes_invalid'],
    [{ scopes: Array.from({ length: 65 }, (_, i) => `kv:r:${i}`) }, 'scopes_invalid'],
    [{ scopes: Array.from({ length: 3 }, (_, i) => `kv:r:${i}${'x'.repeat(1000)}`) }, 'scopes_invalid'],
    [{ max_uses: 0 }, 'max_uses_invalid'],
    [{ max_uses: 1.5 }, 'max_uses_invalid'],
    [{ client_id: '' }, 'client_id_invalid'],
    [{ scope: ['kv:r'] }, 'field_unknown'],
    ['[]', 'json_invalid'],
    ['{', 'json_invalid'],
  ])('are not made of %j', async (body, code) => {
    const { headers } = await newHolder(served.server);
    const answer = await request('POST', '/v2/tokens', body, headers);
    expect([answer.status, answer.json.code]).toEqual([400, code]);
  });

  it('are listed page by page, those of the original API among them, without secrets', async () => {
    const { server } = served;
    const { username, headers } = await newHolder(server);
    const plain = await plainToken(server, username, 'phone');
    const ids = [(await made(server, headers)).id, (await made(server, headers, { name: 'b' })).id];
    const all = (await request('GET', '/v2/tokens', undefined, headers)).json;
    expect(all.complete).toBe(true);
    expect(all.cursor).toBeUndefined();
    const kinds = all.tokens.map(({ kind, client_id }: { kind: string; client_id: string }) => [kind, client_id]);
    expect(kinds).toEqual([
      ['keybin', 'phone'],
      ['v2', null],
      ['v2', null],
    ]);
    expect(all.tokens.slice(1).map(({ id }: { id: string }) => id)).toEqual(ids.sort());
    expect(JSON.stringify(all)).not.toContain(plain.Authorization?.slice(7));
    const found: unknown[] = [];
    let cursor = '';
    do {
      const { json } = await request('GET', `/v2/tokens?limit=1${cursor}`, undefined, headers);
      found.push(...json.tokens);
      cursor = json.complete ? '' : `&cursor=${json.cursor}`;
    } while (cursor !== '');
    expect(found).toEqual(all.tokens);
    const other = await newHolder(server);
    expect((await request('GET', '/v2/tokens', undefined, other.headers)).json.tokens).toEqual([]);
  });

  it.each([
    ['limit=0', 'limit_invalid'],
    ['limit=1001', 'limit_invalid'],
    ['limit=1&limit=2', 'limit_invalid'],
    ['cursor=x', 'cursor_invalid'],
    ['page=2', 'field_unknown'],
  ])('are not listed by ?%s', async (query, code) => {
    const { headers } = await newHolder(served.server);
    const answer = await request('GET', `/v2/tokens?${query}`, undefined, headers);
    expect([answer.status, answer.json.code]).toEqual([400, code]);
  });

  it('tell what they are to who has one', async () => {
    const { headers } = await newHolder(served.server);
    const { headers: own, info } = await made(served.server, headers, { scopes: ['kv:r'], name: 'a' });
    const { token, ...about } = info;
    const { json } = await request('GET', '/v2/tokens/self', undefined, own);
    expect(json).toEqual({ ...about, last_used_at: new Date(served.server.clock.now()).toISOString() });
    const withPassword = await request('GET', '/v2/tokens/self', undefined, headers);
    expect([withPassword.status, withPassword.json.code]).toEqual([400, 'token_needed']);
  });

  it('end by their id, or by themselves, at once in every process', async () => {
    const { server } = served;
    const other = await anotherServer(served);
    const { headers } = await newHolder(server);
    const one = await made(server, headers);
    const two = await made(server, headers, { scopes: ['kv:r'] });
    expect([await look(other, one.headers), await look(other, two.headers)]).toEqual([200, 200]);
    demand(await request('DELETE', `/v2/tokens/${one.id}`, undefined, headers), 204);
    demand(await request('DELETE', '/v2/tokens/self', undefined, two.headers), 204);
    expect([await look(other, one.headers), await look(other, two.headers)]).toEqual([401, 401]);
    const again = await request('DELETE', `/v2/tokens/${one.id}`, undefined, headers);
    expect([again.status, again.json.code]).toEqual([404, 'credential_not_found']);
  });

  it('of the original API end by the id that the list has', async () => {
    const { server } = served;
    const { username, headers } = await newHolder(server);
    const plain = await plainToken(server, username);
    const [{ id }] = (await request('GET', '/v2/tokens', undefined, headers)).json.tokens;
    demand(await request('DELETE', `/v2/tokens/${id}`, undefined, headers), 204);
    expect((await request('GET', '/user/me', undefined, plain)).status).toBe(403);
  });

  it('of others are out of reach', async () => {
    const ann = await newHolder(served.server);
    const bob = await newHolder(served.server);
    const { id, headers } = await made(served.server, ann.headers);
    await plainToken(served.server, ann.username);
    const ids = (await request('GET', '/v2/tokens', undefined, ann.headers)).json.tokens.map(
      (token: { id: string }) => token.id,
    );
    expect(ids).toContain(id);
    for (const each of [...ids, 'x', '%00', `tok_${'0'.repeat(24)}`]) {
      expect((await request('DELETE', `/v2/tokens/${each}`, undefined, bob.headers)).status).toBe(404);
    }
    expect(await look(served.server, headers)).toBe(200);
  });

  it('are refused with a challenge', async () => {
    const { username } = await newHolder(served.server);
    const challenge = async (headers: Record<string, string>) => {
      const answer = await request('GET', '/v2/tokens', undefined, headers);
      return [answer.status, answer.headers.get('WWW-Authenticate')];
    };
    expect(await challenge({})).toEqual([401, 'Bearer']);
    for (const headers of [
      bearer('x'),
      bearer(`kb_${'A'.repeat(43)}`),
      { Authorization: 'Token x' },
      { Authorization: 'Basic' },
      { Authorization: 'Basic !' },
      { Authorization: `Basic ${Buffer.from('no colon').toString('base64')}` },
      basic(username, 'wrong'),
      basic(username, ''),
      basic('nobody at all'),
      basic(''),
    ]) {
      expect(await challenge(headers)).toEqual([401, 'Bearer error="invalid_token"']);
    }
  });

  it('take a password on their own routes only', async () => {
    const { headers } = await newHolder(served.server);
    const others = served.server.routes.filter(({ path }) => path.startsWith('/v2/') && !path.startsWith('/v2/tokens'));
    for (const { method, path } of others) {
      const answer = await request(method, path.replace(/[*:]\w+/, 'a'), undefined, headers);
      expect([path, answer.status]).toEqual([path, 401]);
    }
  });

  it('take no Idempotency-Key', async () => {
    const { headers } = await newHolder(served.server);
    const own = await made(served.server, headers);
    for (const [method, path] of [
      ['POST', '/v2/tokens'],
      ['POST', '/v2/tokens/self/renew'],
      ['DELETE', '/v2/tokens/self'],
    ] as const) {
      const answer = await request(method, path, undefined, { ...own.headers, 'Idempotency-Key': 'once' });
      expect([answer.status, answer.json.code]).toEqual([400, 'idempotency_key_invalid']);
    }
    expect(await look(served.server, own.headers)).toBe(200);
  });

  it('cannot be guessed at: the throttle counts passwords here too', async () => {
    const { server } = await openServer(engine, { options: { SECURITY_FAILURES_PER_PAIR: '3' } });
    const { username, headers } = await newHolder(server);
    for (let i = 0; i < 3; i++) {
      expect((await server.request('GET', '/v2/tokens', undefined, basic(username, 'wrong'))).status).toBe(401);
    }
    const answer = await server.request('GET', '/v2/tokens', undefined, headers);
    expect([answer.status, Number(answer.headers.get('Retry-After')) > 0]).toEqual([429, true]);
  });

  it('are not made for a page of another origin, and not of a long body', async () => {
    const { headers } = await newHolder(served.server);
    const foreign = await request('POST', '/v2/tokens', {}, { ...headers, Origin: 'https://evil.example' });
    expect([foreign.status, foreign.json.code]).toEqual([403, 'foreign_origin']);
    const long = await request('POST', '/v2/tokens', ' '.repeat(16_385), headers);
    expect([long.status, long.json.details]).toEqual([413, { limit: 16_384 }]);
  });

  it('are at most a thousand of an account; used-up ones make room', async () => {
    const { server } = served;
    const { account, headers } = await newHolder(server);
    const once = await made(server, headers, { max_uses: 1 });
    const docs = server.core.storage.collection(tokensSpec);
    const model = await docs.get([account.user_id, `v:${once.id}`]);
    if (model === undefined) throw new Error('there is no token');
    for (let i = 1; i < 1000; i += 37) {
      const lot = Array.from({ length: Math.min(37, 1000 - i) }, (_, at) => i + at);
      await Promise.all(lot.map(n => docs.insert({ ...model, slot: `v:tok_${n}`, hash: `${n} ${account.user_id}` })));
    }
    const full = await request('POST', '/v2/tokens', {}, headers);
    expect([full.status, full.json.code]).toEqual([409, 'too_many_tokens']);
    expect(await look(server, once.headers)).toBe(200);
    expect((await request('GET', '/v2/tokens?limit=1000', undefined, headers)).json.tokens).toHaveLength(999);
    await made(server, headers);
    expect((await request('POST', '/v2/tokens', {}, headers)).status).toBe(409);
  });
});
