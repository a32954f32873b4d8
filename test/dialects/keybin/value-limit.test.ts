import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { openServer, sharedServer } from '../../support/served.ts';
import { newUser, padded } from './open-keybin.ts';

const MIB = 1_048_576;
const SMALL_BODY = 65_536;
const CREDENTIAL_BODY = 16_384;

forEachEngine('the limit of a value', engine => {
  const keybin = sharedServer(engine);

  test.each<[string, (bytes: number) => string]>([
    ['a string', bytes => 'x'.repeat(bytes - 2)],
    ['characters of two bytes', bytes => 'é'.repeat(Math.ceil(bytes / 2) - 1) + (bytes % 2 ? 'x' : '').slice(0, 1)],
    ['characters that JSON escapes', bytes => '"'.repeat((bytes - 2) >> 1) + 'x'.repeat(bytes % 2)],
  ])('counts the bytes of its JSON text, exactly: %s', async (_, make) => {
    const { path } = await newUser(keybin.server);
    const largest = make(MIB);
    expect(Buffer.byteLength(JSON.stringify(largest))).toBe(MIB);
    expect((await keybin.server.request('POST', `${path}/store/a`, { value: largest })).status).toBe(200);
    expect((await keybin.server.request('GET', `${path}/store/a`)).json.value === largest).toBe(true);

    const answer = await keybin.server.request('POST', `${path}/store/a`, { value: `${largest}x` });
    expect(answer.status).toBe(413);
    expect(answer.json).toEqual({ error: expect.stringContaining(String(MIB)), code: 'request_too_large', limit: MIB });
    expect((await keybin.server.request('GET', `${path}/store/a`)).json.value === largest).toBe(true);
  });

  test('counts the JSON text of other values too', async () => {
    const { path } = await newUser(keybin.server);
    const largest = ['x'.repeat(MIB - 4)];
    expect(JSON.stringify(largest)).toHaveLength(MIB);
    expect((await keybin.server.request('POST', `${path}/store/a`, { value: largest })).status).toBe(200);
    expect((await keybin.server.request('GET', `${path}/store/a`)).json.value[0] === largest[0]).toBe(true);
    const answer = await keybin.server.request('POST', `${path}/store/a`, { value: ['x'.repeat(MIB - 3)] });
    expect([answer.status, answer.json.code]).toEqual([413, 'request_too_large']);
  });

  test('leaves 64 KiB of the body for what stands beside it, exactly', async () => {
    const { path } = await newUser(keybin.server);
    const fits = await keybin.server.request('POST', `${path}/store/a`, padded({ value: 1 }, MIB + SMALL_BODY));
    expect(fits.status).toBe(200);
    const answer = await keybin.server.request('POST', `${path}/store/b`, padded({ value: 1 }, MIB + SMALL_BODY + 1));
    expect(answer.status).toBe(413);
    expect(answer.json).toEqual({
      error: expect.stringContaining(String(MIB + SMALL_BODY)),
      code: 'request_too_large',
      limit: MIB + SMALL_BODY,
    });
    expect((await keybin.server.request('GET', `${path}/keys`)).json).toEqual({ keys: ['a'] });
  });

  test('comes from the configuration', async () => {
    const { server } = await openServer(engine, { options: { LIMITS_VALUE_BYTES: '10' } });
    const { path } = await newUser(server);
    expect((await server.request('POST', `${path}/store/a`, { value: 'x'.repeat(8) })).status).toBe(200);
    const answer = await server.request('POST', `${path}/store/a`, { value: 'x'.repeat(9) });
    expect(answer.status).toBe(413);
    expect(answer.json.error).toMatch(/\b10\b/);
    expect((await server.request('POST', `${path}/store/a`, padded({ value: 1 }, 10 + SMALL_BODY))).status).toBe(200);
    expect((await server.request('POST', `${path}/store/a`, padded({ value: 1 }, 11 + SMALL_BODY))).status).toBe(413);
  });

  test('of the account routes and of renew is a body of 16 KiB, exactly', async () => {
    const { login, path } = await newUser(keybin.server);
    for (const [method, route, body] of [
      ['POST', '/token', login],
      ['POST', '/register', { ...login, username: 'large body' }],
      ['DELETE', '/unregister', { ...login, username: 'large body' }],
    ] as const) {
      const tooLarge = await keybin.server.request(method, route, padded(body, CREDENTIAL_BODY + 1));
      expect([route, tooLarge.status, tooLarge.json.code]).toEqual([route, 413, 'request_too_large']);
      const fits = await keybin.server.request(method, route, padded(body, CREDENTIAL_BODY));
      expect([route, fits.status]).toEqual([route, 200]);
    }
    const token = (await keybin.server.request('POST', '/token', login)).json.token.token;
    expect(path).not.toContain(token);
    expect((await keybin.server.request('POST', `/user/${token}/renew`, padded({}, CREDENTIAL_BODY + 1))).status).toBe(
      413,
    );
    expect((await keybin.server.request('POST', `/user/${token}/renew`, padded({}, CREDENTIAL_BODY))).status).toBe(200);
  });
});
