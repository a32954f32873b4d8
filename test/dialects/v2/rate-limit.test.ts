import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, openServer } from '../../support/served.ts';
import { scopedHeaders } from './scoped.ts';

const options = { LIMITS_REQUESTS_PER_MINUTE: '3' };

forEachEngine('requests of an account in a minute', engine => {
  test('are counted together whatever the token, announced in each answer, and refused beyond the limit', async () => {
    const { server } = await openServer(engine, { options });
    const { account, headers } = await newUser(server);
    const other = await scopedHeaders(server, account.user_id, ['tokens']);
    const seen: unknown[] = [];
    for (const sent of [headers, other, headers, headers, other]) {
      const answer = await server.request('GET', '/v2/limits', undefined, sent);
      seen.push([answer.status, answer.headers.get('RateLimit'), answer.headers.get('Retry-After')]);
      expect(answer.headers.get('RateLimit-Policy')).toBe('"requests";q=3;w=60');
      server.clock.advance(1000);
    }
    expect(seen).toEqual([
      [200, '"requests";r=2;t=60', null],
      [200, '"requests";r=1;t=59', null],
      [200, '"requests";r=0;t=58', null],
      [429, '"requests";r=0;t=57', '57'],
      [429, '"requests";r=0;t=56', '56'],
    ]);
    const refused = await server.request('GET', '/v2/limits', undefined, headers);
    expect(refused.json).toMatchObject({ code: 'rate_limited', request_id: expect.any(String) });
  });

  test('are there again when the minute is over', async () => {
    const { server } = await openServer(engine, { options });
    const { headers } = await newUser(server);
    const ask = async () => (await server.request('GET', '/v2/limits', undefined, headers)).status;
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([200, 200, 200, 429]);
    server.clock.advance(59_999);
    expect(await ask()).toBe(429);
    server.clock.advance(1);
    expect(await ask()).toBe(200);
  });

  test('of one account take nothing from another, and of strangers nothing from anybody', async () => {
    const { server } = await openServer(engine, { options });
    const ann = await newUser(server);
    const bob = await newUser(server);
    for (let i = 0; i < 5; i++) await server.request('GET', '/v2/limits', undefined, ann.headers);
    for (let i = 0; i < 5; i++) {
      const stranger = await server.request('GET', '/v2/limits', undefined, { Authorization: 'Bearer nobody' });
      expect([stranger.status, stranger.headers.get('RateLimit')]).toEqual([401, '"requests";r=3;t=60']);
    }
    expect((await server.request('GET', '/v2/limits', undefined, bob.headers)).status).toBe(200);
  });

  test('are announced in errors too, unknown paths and methods among them, and nowhere outside of v2', async () => {
    const { server } = await openServer(engine, { options });
    const { headers } = await newUser(server);
    const policies = async (requests: readonly (readonly [string, string])[]) => {
      const answers = await Promise.all(
        requests.map(([method, path]) => server.request(method, path, undefined, headers)),
      );
      return answers.map(answer => [answer.status, answer.headers.get('RateLimit-Policy')]);
    };
    const policy = '"requests";q=3;w=60';
    expect(
      await policies([
        ['GET', '/v2/nothing'],
        ['PATCH', '/v2/limits'],
        ['GET', '/v2/limits?x=1'],
      ]),
    ).toEqual([
      [404, policy],
      [405, policy],
      [400, policy],
    ]);
    expect(
      await policies([
        ['GET', '/user/me/keys'],
        ['GET', '/v21'],
        ['GET', '/livez'],
      ]),
    ).toEqual([
      [200, null],
      [404, null],
      [200, null],
    ]);
  });

  test('are not counted unless a limit is set, which may change while the server runs', async () => {
    const { server } = await openServer(engine);
    const { headers } = await newUser(server);
    const ask = () => server.request('GET', '/v2/limits', undefined, headers);
    const free = await ask();
    expect([free.status, free.headers.get('RateLimit'), free.headers.get('RateLimit-Policy')]).toEqual([
      200,
      null,
      null,
    ]);
    await server.configure({ LIMITS_REQUESTS_PER_MINUTE: '1' });
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 429]);
  });

  test('are shared out among the processes: each of four allows a quarter, and one at least', async () => {
    const { server } = await openServer(engine, { options: { LIMITS_REQUESTS_PER_MINUTE: '11', APP_WORKERS: '4' } });
    const { headers } = await newUser(server);
    const ask = () => server.request('GET', '/v2/limits', undefined, headers);
    const first = await ask();
    expect([first.headers.get('RateLimit-Policy'), first.json.requests_per_minute]).toEqual([
      '"requests";q=2;w=60',
      11,
    ]);
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 429]);
    await server.configure({ LIMITS_REQUESTS_PER_MINUTE: '2' });
    expect((await ask()).headers.get('RateLimit-Policy')).toBe('"requests";q=1;w=60');
  });

  test('stand beside the attempts that are left where a password is checked', async () => {
    const limits = { SECURITY_FAILURES_PER_PAIR: '2', SECURITY_PAIR_WINDOW: '10' };
    const { server } = await openServer(engine, { options: { ...options, ...limits } });
    const login = { username: 'ann', password: 's3cret' };
    await server.request('POST', '/register', login);
    const Authorization = `Basic ${Buffer.from('ann:s3cret').toString('base64')}`;
    const { status, headers } = await server.request('POST', '/v2/tokens', {}, { Authorization });
    expect([status, headers.get('RateLimit-Policy'), headers.get('RateLimit')]).toEqual([
      201,
      '"failures";q=2;w=10, "requests";q=3;w=60',
      '"failures";r=2;t=10, "requests";r=2;t=60',
    ]);
  });
});
