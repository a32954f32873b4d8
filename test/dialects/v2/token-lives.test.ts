import { expect, it } from 'vitest';
import { tokensSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../../support/served.ts';
import { demand, type Headers, look, made, newHolder, plainToken } from './token-holders.ts';

forEachEngine('the life of a token of v2', engine => {
  const served = sharedServer(engine);
  const renew = (headers: Headers, body?: object) =>
    served.server.request('POST', '/v2/tokens/self/renew', body, headers);
  const inSeconds = (seconds: number) => new Date(served.server.clock.now() + seconds * 1000).toISOString();

  it('ends when it was to end', async () => {
    const { server } = await openServer(engine);
    const { headers } = await newHolder(server);
    const own = await made(server, headers, { ttl: 60 });
    server.clock.advance(59_999);
    expect(await look(server, own.headers)).toBe(200);
    server.clock.advance(1);
    expect(await look(server, own.headers)).toBe(401);
    expect((await server.request('GET', '/v2/tokens', undefined, headers)).json.tokens).toEqual([]);
  });

  it('is as long as the configuration allows, at most', async () => {
    const { server } = await openServer(engine, { options: { TOKENS_DEFAULT_TTL: '100', TOKENS_MAX_TTL: '1000' } });
    const { headers } = await newHolder(server);
    const life = ({ info }: { info: { created_at: string; expires_at: string } }) =>
      (Date.parse(info.expires_at) - Date.parse(info.created_at)) / 1000;
    const [byDefault, most, more] = [
      await made(server, headers),
      await made(server, headers, { ttl: 1000 }),
      await made(server, headers, { ttl: Number.MAX_SAFE_INTEGER }),
    ];
    expect([life(byDefault), life(most), life(more)]).toEqual([100, 1000, 1000]);
    expect([byDefault.info.warnings, most.info.warnings, more.info.warnings]).toEqual([
      undefined,
      undefined,
      ['capped'],
    ]);
    server.clock.advance(90_000);
    const renewed = await server.request('POST', '/v2/tokens/self/renew', { ttl: 950 }, byDefault.headers);
    expect([life({ info: renewed.json }), renewed.json.warnings]).toEqual([1000, ['capped']]);
  });

  it('is renewed, never to less', async () => {
    const { headers } = await newHolder(served.server);
    const own = await made(served.server, headers, { ttl: 600, scopes: ['kv:r'] });
    expect((await renew(own.headers, { ttl: 60 })).json).toMatchObject({ id: own.id, expires_at: inSeconds(600) });
    expect((await renew(own.headers, { ttl: 1200 })).json.expires_at).toBe(inSeconds(1200));
    const byDefault = await renew(own.headers);
    expect([byDefault.json.expires_at, byDefault.json.warnings]).toEqual([inSeconds(2_592_000), undefined]);
    for (const body of [{ ttl: 0 }, { ttl: 1.5 }, { ttl: 'x' }]) {
      const answer = await renew(own.headers, body);
      expect([answer.status, answer.json.code]).toEqual([400, 'ttl_invalid']);
    }
  });

  it('is renewed by several at once, to the longest', async () => {
    const other = await anotherServer(served);
    const { headers } = await newHolder(served.server);
    const own = await made(served.server, headers, { ttl: 60 });
    const answers = await Promise.all(
      [100, 900, 300, 500, 200].map((ttl, i) =>
        (i % 2 ? served.server : other).request('POST', '/v2/tokens/self/renew', { ttl }, own.headers),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const { json } = await served.server.request('GET', '/v2/tokens/self', undefined, own.headers);
    expect(json.expires_at).toBe(inSeconds(900));
  });

  it('is as many uses as were given, counted exactly, whoever is asked', async () => {
    const other = await anotherServer(served);
    const { headers } = await newHolder(served.server);
    const own = await made(served.server, headers, { max_uses: 10 });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => look(i % 2 ? served.server : other, own.headers)),
    );
    expect(answers.filter(status => status === 200)).toHaveLength(10);
    expect(answers.filter(status => status === 401)).toHaveLength(20);
    expect((await served.server.request('GET', '/v2/tokens', undefined, headers)).json.tokens).toEqual([]);
  });

  it('loses a use to what is refused, too', async () => {
    const { headers } = await newHolder(served.server);
    const own = await made(served.server, headers, { max_uses: 3, scopes: ['kv:r'] });
    expect((await served.server.request('GET', '/v2/tokens', undefined, own.headers)).status).toBe(403);
    expect((await renew(own.headers, { ttl: 0 })).status).toBe(400);
    const { json } = await served.server.request('GET', '/v2/tokens/self', undefined, own.headers);
    expect(json.uses_left).toBe(0);
    expect(await look(served.server, own.headers)).toBe(401);
  });

  it('shows when it was used last, to the minute, also of the original API', async () => {
    const { server } = await openServer(engine);
    const { account, username, headers } = await newHolder(server);
    const own = await made(server, headers);
    const plain = await plainToken(server, username);
    const written = async () => {
      await server.core.background.idle();
      const docs = await server.core.storage.collection(tokensSpec).scan({ prefix: [account.user_id], limit: 9 });
      return docs.items.map(({ last_used_at }) => last_used_at?.getTime());
    };
    const use = async () => {
      demand(await server.request('GET', '/v2/tokens/self', undefined, own.headers), 200);
      demand(await server.request('GET', '/user/me', undefined, plain), 200);
    };
    expect(await written()).toEqual([undefined, undefined]);
    const first = server.clock.now();
    await use();
    expect(await written()).toEqual([first, first]);
    server.clock.advance(59_000);
    await use();
    expect(await written()).toEqual([first, first]);
    server.clock.advance(1_000);
    await use();
    expect(await written()).toEqual([first + 60_000, first + 60_000]);
    const { tokens } = (await server.request('GET', '/v2/tokens', undefined, headers)).json;
    for (const { last_used_at } of tokens) expect(last_used_at).toBe(new Date(first + 60_000).toISOString());
  });
});
