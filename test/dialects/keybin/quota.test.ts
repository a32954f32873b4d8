import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, openServer } from '../../support/served.ts';

forEachEngine('a full account', engine => {
  test('gets 507 with what it has and may have, and nothing is stored; what does not grow is', async () => {
    const { server } = await openServer(engine, { options: { LIMITS_ACCOUNT_BYTES: '1000' } });
    const { headers } = await newUser(server);
    const put = (key: string, value: string) => server.request('POST', `/user/me/store/${key}`, { value }, headers);
    expect((await put('a', 'x'.repeat(1000))).status).toBe(200);
    const refused = await put('b', 'x');
    expect([refused.status, refused.json]).toEqual([
      507,
      {
        error: expect.stringContaining('[LIMITS] account_bytes'),
        code: 'quota_exceeded',
        unit: 'bytes',
        used: 1000,
        limit: 1000,
      },
    ]);
    expect((await server.request('GET', '/user/me/keys', undefined, headers)).json).toEqual({ keys: ['a'] });
    expect((await put('a', 'x'.repeat(999))).status).toBe(200);
    expect((await put('b', 'x')).status).toBe(200);
    expect((await put('a', 'y'.repeat(999))).status).toBe(200);
  });

  test('is refused after token, key and body were looked at', async () => {
    const { server } = await openServer(engine, { options: { LIMITS_ACCOUNT_KEYS: '1' } });
    const { headers } = await newUser(server);
    const put = async (key: string, body: unknown, more = headers) => {
      const { status, json } = await server.request('POST', `/user/me/store/${key}`, body, more);
      return [status, json.code];
    };
    expect((await put('a', { value: 1 }))[0]).toBe(200);
    expect(await put('b', { value: 1 }, { Authorization: 'Bearer x' })).toEqual([403, 'token_invalid']);
    expect(await put('b-c', { value: 1 })).toEqual([400, 'key_invalid']);
    expect(await put('b', {})).toEqual([400, 'value_missing']);
    expect(await put('b', { value: 1 })).toEqual([507, 'quota_exceeded']);
  });

  test('has the room that is configured at the moment; 0 is without limit', async () => {
    const { server } = await openServer(engine, { options: { LIMITS_ACCOUNT_BYTES: '10', LIMITS_ACCOUNT_KEYS: '1' } });
    const { headers } = await newUser(server);
    const put = async (key: string, length: number) =>
      (await server.request('POST', `/user/me/store/${key}`, { value: 'x'.repeat(length) }, headers)).status;
    expect([await put('a', 10), await put('a', 11), await put('b', 0)]).toEqual([200, 507, 507]);
    await server.configure({ LIMITS_ACCOUNT_BYTES: '20', LIMITS_ACCOUNT_KEYS: '2' });
    expect([await put('a', 11), await put('b', 9), await put('b', 10), await put('c', 0)]).toEqual([
      200, 200, 507, 507,
    ]);
    await server.configure({ LIMITS_ACCOUNT_BYTES: '0', LIMITS_ACCOUNT_KEYS: '0' });
    expect([await put('b', 10_000), await put('c', 10_000)]).toEqual([200, 200]);
  });

  test('may delete, which makes room at once, and end', async () => {
    const { server } = await openServer(engine, { options: { LIMITS_ACCOUNT_KEYS: '2' } });
    const login = { username: 'ann', password: 'right' };
    await server.request('POST', '/register', login);
    const { json } = await server.request('POST', '/token', login);
    const status = async (method: string, key: string, body?: unknown) =>
      (await server.request(method, `/user/${json.token.token}/store/${key}`, body)).status;
    const value = { value: 1 };
    expect([await status('POST', 'a', value), await status('POST', 'b', value)]).toEqual([200, 200]);
    expect(await status('POST', 'c', value)).toBe(507);
    expect(await status('DELETE', 'a')).toBe(200);
    expect([await status('POST', 'c', value), await status('POST', 'd', value)]).toEqual([200, 507]);
    expect((await server.request('DELETE', '/unregister', login)).status).toBe(200);
  });
});
