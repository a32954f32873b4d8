import { expect, test } from 'vitest';
import { errorCodes, errorTable } from '../../src/base/error-table.ts';
import type { Log } from '../../src/base/log.ts';
import { newUser, sharedUser } from '../dialects/keybin/open-keybin.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import { exchange } from './raw-request.ts';

const codes = new Map<string, number>([
  ...Object.values(errorTable).map(({ code, status }) => [code, status] as const),
  ...Object.entries(errorCodes).map(([code, { status }]) => [code, status] as const),
]);

forEachEngine('an error', engine => {
  const keybin = sharedServer(engine);
  const user = sharedUser(keybin);

  test('is a sentence and a stable code, in JSON', async () => {
    const { server } = keybin;
    const answers = [
      await server.request('POST', '/register', '{'),
      await server.request('POST', '/register', user.login),
      await server.request('POST', '/token', { ...user.login, password: 'wrong' }),
      await server.request('GET', '/user/x/keys'),
      await server.request('GET', `${user.path}/store/!`),
      await server.request('GET', `${user.path}/store/unknown`),
      await server.request('POST', `${user.path}/store/a`, {}),
      await server.request('POST', `${user.path}/store/a`, { value: 'x'.repeat(1_050_000) }),
      await server.request('PUT', `${user.path}/store/a`, { value: 1 }),
      await server.request('GET', '/nowhere'),
    ];
    expect(answers.map(answer => answer.status)).toEqual([400, 409, 403, 403, 400, 404, 400, 413, 405, 404]);
    for (const { status, json, headers } of answers) {
      expect(Object.keys(json)).toEqual(status === 413 ? ['error', 'code', 'limit'] : ['error', 'code']);
      expect(json.error).toMatch(/\w+ \w+/);
      expect(json.code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect([json.code, codes.get(json.code)]).toEqual([json.code, status]);
      expect(headers.get('Content-Type')).toBe('application/json; charset=utf-8');
    }
  });

  test.each([
    ['is no HTTP', 'hello\r\n\r\n', 400, 'http_invalid'],
    ['has a blank in its path', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'http_invalid'],
    [
      'has two lengths',
      'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'http_invalid',
    ],
    [
      'has both a length and chunks',
      'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'http_invalid',
    ],
    ['has long headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    ['has a long path', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'headers_too_large'],
  ])('is JSON too when the request %s', async (_, bytes, status, code) => {
    const { text, statuses } = await exchange(keybin.server.url, bytes);
    expect(statuses).toEqual([status]);
    expect(text).toMatch(/content-type: application\/json/i);
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))).toEqual({ error: expect.any(String), code });
  });

  test('of our own making is 500 without internals, and stands in the log under the request id', async () => {
    const errors: { fields: object; message: string }[] = [];
    const log: Log = { debug() {}, info() {}, warn() {}, error: (fields, message) => errors.push({ fields, message }) };
    const { server } = await openServer(engine, { log });
    const { path } = await newUser(server);
    const { storage } = server.core;
    const working = storage.collection;
    storage.collection = () => {
      throw new TypeError('a secret detail');
    };
    const answer = await server.request('GET', `${path}/keys`);
    storage.collection = working;
    expect(answer.status).toBe(500);
    expect(answer.json).toEqual({ error: expect.any(String), code: 'internal_error' });
    expect(answer.text).not.toMatch(/secret|TypeError|at /);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.fields).toMatchObject({ id: answer.headers.get('X-Request-Id'), route: '/user/:token/keys' });
    expect((await server.request('GET', `${path}/keys`)).status).toBe(200);
  });

  test('is 503 with Retry-After on every route that needs the storage when that does not answer', async () => {
    const { server } = await openServer(engine);
    const { login, path } = await newUser(server);
    await server.core.storage.close();
    for (const [method, route, body] of [
      ['POST', '/register', { ...login, username: 'late' }],
      ['POST', '/token', login],
      ['DELETE', '/unregister', login],
      ['GET', path],
      ['GET', `${path}/keys`],
      ['GET', `${path}/store/a`],
      ['POST', `${path}/store/a`, { value: 1 }],
      ['DELETE', `${path}/store/a`],
      ['POST', `${path}/renew`],
      ['DELETE', path],
    ] as const) {
      const answer = await server.request(method, route, body);
      expect([method, route, answer.status]).toEqual([method, route, 503]);
      expect(answer.json).toEqual({ error: expect.any(String), code: 'storage_unavailable' });
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
    }
    expect((await server.request('GET', '/livez')).status).toBe(200);
  });
});
