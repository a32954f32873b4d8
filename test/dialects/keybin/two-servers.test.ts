import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, newName, openServer, type Served } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { newAccount, newToken, statuses, tally } from './open-keybin.ts';

forEachEngine('two servers on one store', engine => {
  async function openTwo(): Promise<{ keybin: Served; one: TestServer; two: TestServer }> {
    const keybin = await openServer(engine);
    return { keybin, one: keybin.server, two: await anotherServer(keybin) };
  }
  const status = async (server: TestServer, token: string) =>
    (await server.request('GET', `/user/${token}/keys`)).status;

  test('see at once what the other one wrote, changed and deleted', async () => {
    const { one, two } = await openTwo();
    const token = await newToken(one, await newAccount(one));
    for (let i = 0; i < 10; i++) {
      const [writer, reader] = i % 2 ? [one, two] : [two, one];
      expect((await writer.request('POST', `/user/${token}/store/a`, { value: i })).status).toBe(200);
      expect((await reader.request('GET', `/user/${token}/store/a`)).json).toEqual({ value: i });
    }
    await one.request('DELETE', `/user/${token}/store/a`);
    expect((await two.request('GET', `/user/${token}/store/a`)).status).toBe(404);
    expect((await two.request('GET', `/user/${token}/keys`)).json).toEqual({ keys: [] });
  });

  test('refuse at once a token that was replaced on the other', async () => {
    const { one, two } = await openTwo();
    const login = await newAccount(one);
    let token = await newToken(one, login);
    for (let i = 0; i < 6; i++) {
      const [issuer, other] = i % 2 ? [one, two] : [two, one];
      expect(await status(other, token)).toBe(200);
      const next = await newToken(issuer, login);
      expect([await status(other, token), await status(issuer, token)]).toEqual([403, 403]);
      expect(await status(other, next)).toBe(200);
      token = next;
    }
  });

  test('refuse at once a token that was revoked on the other, and take one that was renewed there', async () => {
    const { keybin, one, two } = await openTwo();
    const token = await newToken(one, await newAccount(one));
    expect(await status(two, token)).toBe(200);
    keybin.opened.clock.advance(200_000);
    expect((await one.request('POST', `/user/${token}/renew`)).status).toBe(200);
    keybin.opened.clock.advance(200_000);
    expect(await status(two, token)).toBe(200);
    expect((await two.request('DELETE', `/user/${token}`)).status).toBe(200);
    expect(await status(one, token)).toBe(403);
  });

  test('refuse at once every token of an account that was ended on the other', async () => {
    const { one, two } = await openTwo();
    const login = await newAccount(one);
    const tokens = [await newToken(one, login, 'a'), await newToken(two, login, 'b')];
    for (const token of tokens) expect(await status(two, token)).toBe(200);
    expect((await one.request('DELETE', '/unregister', login)).status).toBe(200);
    for (const token of tokens) expect([await status(two, token), await status(one, token)]).toEqual([403, 403]);
    expect((await two.request('POST', '/token', login)).status).toBe(403);
    await newAccount(two, login);
  });

  test('let exactly one of 20 parallel registrations of a name win', async () => {
    const { one, two } = await openTwo();
    for (let round = 0; round < 3; round++) {
      const username = newName();
      const answers = await statuses(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? one : two).request('POST', '/register', { username, password: `${i}` }),
        ),
      );
      expect(tally(answers)).toEqual({ 200: 1, 409: 19 });
      await newToken(two, { username, password: String(answers.indexOf(200)) });
    }
  });

  test('leave exactly one live token of those asked for at once for one client', async () => {
    const { one, two } = await openTwo();
    const login = await newAccount(one);
    const tokens = await Promise.all(
      Array.from({ length: 16 }, (_, i) => newToken(i % 2 ? one : two, login, 'laptop')),
    );
    const alive = await Promise.all(tokens.map(token => status(one, token)));
    expect(tally(alive)).toEqual({ 200: 1, 403: 15 });
    expect(await Promise.all(tokens.map(token => status(two, token)))).toEqual(alive);
  });

  test('give no token that lives on to a login on one while the account is ended on the other', async () => {
    const { one, two } = await openTwo();
    for (let round = 0; round < 5; round++) {
      const login = await newAccount(one);
      const [ended, ...given] = await Promise.all([
        one.request('DELETE', '/unregister', login),
        ...['a', 'b', 'c'].map(client_id => two.request('POST', '/token', { ...login, client_id })),
      ]);
      expect(ended.status).toBe(200);
      for (const { json } of given) if (json.token) expect(await status(one, json.token.token)).toBe(403);
    }
  });

  test('list the same keys, and take each other’s cursors', async () => {
    const { one, two } = await openTwo();
    const token = await newToken(one, await newAccount(one));
    const keys = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(
      keys.map((key, i) => (i % 2 ? one : two).request('POST', `/user/${token}/store/${key}`, { value: 1 })),
    );
    const { json } = await one.request('GET', `/user/${token}/keys?limit=2`);
    expect(json.keys).toEqual(['a', 'b']);
    expect((await two.request('GET', `/user/${token}/keys?cursor=${json.cursor}`)).json).toEqual({
      keys: ['c', 'd', 'e'],
    });
  });
});
