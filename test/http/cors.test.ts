import { describe, expect, test } from 'vitest';
import { loadText, problemsOf } from '../config/load-text.ts';
import { forEachEngine } from '../support/engines.ts';
import { newUser, sharedServer } from '../support/served.ts';
import { rawRequest } from './raw-request.ts';

const APP = 'https://app.example.org';
const OTHER = 'https://other.example.org';
const EXPOSED =
  'ETag, Retry-After, X-Request-Id, Content-Range, Keybin-Expires-At, Idempotent-Replay, RateLimit, RateLimit-Policy';
const CORS = /^access-control-|^vary$/;

forEachEngine('CORS', engine => {
  const listed = sharedServer(engine, { options: { APP_CORS_ORIGINS: `${APP}, chrome-extension://abcdef` } });
  const open = sharedServer(engine, { options: { APP_CORS_ORIGINS: '*' } });
  const off = sharedServer(engine);

  async function send(
    { server }: typeof listed,
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
  ) {
    const answer = await rawRequest(server.url, { method, path, headers, ...(body !== undefined && { body }) });
    const cors = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => CORS.test(name)));
    return { ...answer, cors };
  }

  const fromApp = { Origin: APP, 'Sec-Fetch-Site': 'cross-site' };
  const TOLD = { 'access-control-allow-origin': APP, 'access-control-expose-headers': EXPOSED, vary: 'Origin' };
  const asks = (method: string, names = 'authorization,content-type') => ({
    'Access-Control-Request-Method': method,
    ...(names && { 'Access-Control-Request-Headers': names }),
  });

  test('lets the pages of a listed origin use the APIs, and read refusals too', async () => {
    const { account } = await newUser(listed.server, { password: 'right' });
    const right = JSON.stringify({ username: account.username, password: 'right' });
    const calls: [string, string, number, string?][] = [
      ['POST', '/token', 200, right],
      ['POST', '/token', 403, JSON.stringify({ username: account.username, password: 'wrong' })],
      ['POST', '/token', 400, '{'],
      ['PUT', '/token', 405],
      ['GET', '/api/v1/health', 200],
      ['HEAD', '/livez', 200],
      ['GET', '/user/none/keys', 403],
      ['GET', '/v1/config', 401],
      ['GET', '/user/none/nothing/here', 404],
      ['GET', '/nowhere', 404],
    ];
    for (const [method, path, status, body] of calls) {
      const answer = await send(listed, method, path, fromApp, body);
      expect([method, path, answer.status, answer.cors]).toEqual([method, path, status, TOLD]);
    }
    const extension = await send(listed, 'POST', '/token', { Origin: 'chrome-extension://abcdef' }, right);
    expect([extension.status, extension.headers['access-control-allow-origin']]).toEqual([
      200,
      'chrome-extension://abcdef',
    ]);
  });

  test('holds for answers that come as a stream', async () => {
    const { headers } = await newUser(listed.server);
    const answer = await send(listed, 'GET', '/user/me/keys', { ...headers, ...fromApp });
    expect([answer.json, answer.cors]).toEqual([{ keys: [] }, TOLD]);
  });

  test('lets scripts read the metadata of a value by its names, besides what they may read of any', async () => {
    const { headers } = await newUser(listed.server);
    const sent = { ...headers, ...fromApp, 'Keybin-Meta-Color': 'red', 'Keybin-Meta-Size': '1' };
    expect((await send(listed, 'PUT', '/v2/kv/k', sent, 'x')).status).toBe(201);
    for (const method of ['GET', 'HEAD']) {
      const { status, cors } = await send(listed, method, '/v2/kv/k', { ...headers, ...fromApp });
      const exposed = `${EXPOSED}, keybin-meta-color, keybin-meta-size`;
      expect([status, cors]).toEqual([200, { ...TOLD, 'access-control-expose-headers': exposed }]);
    }
    const without = await send(listed, 'GET', '/v2/kv/k', headers);
    expect([without.headers['keybin-meta-color'], without.cors]).toEqual(['red', {}]);
  });

  test('holds for a bug of the server', async () => {
    const { storage } = listed.server.core;
    const { headers } = await newUser(listed.server);
    const working = storage.collection;
    storage.collection = () => {
      throw new TypeError('a bug');
    };
    const answer = await send(listed, 'GET', '/user/me/keys', { ...headers, ...fromApp });
    storage.collection = working;
    expect([answer.status, answer.cors]).toEqual([500, TOLD]);
  });

  test('keeps every other origin out, without a word about those that may', async () => {
    for (const origin of [
      OTHER,
      'null',
      `${APP}.evil.example`,
      'http://app.example.org',
      `${APP}:444`,
      APP.toUpperCase(),
    ]) {
      const answer = await send(listed, 'POST', '/token', { Origin: origin }, '{}');
      expect([answer.status, answer.json.code, answer.cors]).toEqual([403, 'foreign_origin', { vary: 'Origin' }]);
      const question = await send(listed, 'OPTIONS', '/token', { Origin: origin, ...asks('POST') });
      expect([question.status, question.headers.allow, question.cors]).toEqual([405, 'POST', { vary: 'Origin' }]);
    }
    const image = await send(listed, 'GET', '/user/guessed/keys', { 'Sec-Fetch-Site': 'cross-site' });
    expect([image.status, image.json.code]).toEqual([403, 'foreign_origin']);
  });

  test('with `*` lets everybody in, files and sandboxes too', async () => {
    for (const origin of [OTHER, 'null']) {
      const answer = await send(open, 'GET', '/user/none/keys', { Origin: origin });
      expect([answer.json.code, answer.cors]).toEqual([
        'token_invalid',
        { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED },
      ]);
    }
  });

  test('answers what a browser asks first with the methods of the path and the headers it names', async () => {
    const paths: [string, string][] = [
      ['/token', 'POST'],
      ['/user/some-token', 'DELETE, GET, HEAD'],
      ['/user/me/store/key', 'DELETE, GET, HEAD, POST'],
      ['/api/v1/blobs/', 'GET, HEAD, POST'],
      ['/api/v1/health', 'GET, HEAD'],
    ];
    for (const [path, methods] of paths) {
      const { status, text, cors } = await send(listed, 'OPTIONS', path, { ...fromApp, ...asks('POST') });
      expect([path, status, text]).toEqual([path, 204, '']);
      expect(cors).toEqual({
        ...TOLD,
        'access-control-allow-methods': methods,
        'access-control-allow-headers': 'authorization,content-type',
        'access-control-max-age': '600',
      });
    }
    const bare = await send(listed, 'OPTIONS', '/token', { ...fromApp, ...asks('POST', '') });
    expect([bare.status, 'access-control-allow-headers' in bare.cors]).toEqual([204, false]);
    const odd = await send(listed, 'OPTIONS', '/token', { ...fromApp, ...asks('POST', 'a;b"c') });
    expect([odd.status, 'access-control-allow-headers' in odd.cors]).toEqual([204, false]);
    expect((await send(listed, 'OPTIONS', '/token', fromApp)).status).toBe(405);
    expect((await send(listed, 'OPTIONS', '/nowhere', { ...fromApp, ...asks('GET') })).status).toBe(404);
    expect((await send(listed, 'OPTIONS', '/token', asks('POST'))).status).toBe(405);
  });

  test('is not for pages, nor for what goes with their cookies', async () => {
    for (const served of [listed, open]) {
      for (const path of ['/admin/login', '/admin/api/stats', '/confirm/result', '/nowhere', '/api/v1/auth/confirm']) {
        const { cors } = await send(served, 'GET', path, { ...fromApp, Accept: 'text/html' });
        expect([path, cors['access-control-allow-origin'], cors['access-control-expose-headers']]).toEqual([
          path,
          undefined,
          undefined,
        ]);
      }
      for (const path of ['/admin/login', '/admin/api/users/create', '/api/v1/user/devices/x/revoke']) {
        const { status, cors } = await send(served, 'OPTIONS', path, { ...fromApp, ...asks('POST') });
        expect([path, status, cors]).toEqual([path, 405, {}]);
      }
      const json = { 'Content-Type': 'application/json' };
      const login = await send(served, 'POST', '/admin/login', { ...fromApp, ...json }, '{}');
      expect([login.status, login.json.code]).toEqual([403, 'csrf_invalid']);
      expect(login.headers['access-control-allow-credentials']).toBeUndefined();
    }
  });

  test('is off unless it is configured, and nobody without an origin hears of it', async () => {
    for (const path of ['/livez', '/user/none/keys', '/nowhere']) {
      expect((await send(off, 'GET', path, fromApp)).cors).toEqual({});
      expect((await send(listed, 'GET', path, {})).cors).toEqual({});
      expect((await send(open, 'GET', path, {})).cors).toEqual({});
    }
    const { status, headers, cors } = await send(off, 'OPTIONS', '/token', { ...fromApp, ...asks('POST') });
    expect([status, headers.allow, cors]).toEqual([405, 'POST', {}]);
  });

  test('changes when the configuration is read again', async () => {
    await off.server.configure({ APP_CORS_ORIGINS: APP });
    expect((await send(off, 'GET', '/livez', fromApp)).cors).toEqual(TOLD);
    await off.server.configure({});
    expect((await send(off, 'GET', '/livez', fromApp)).cors).toEqual({});
  });
});

describe('[APP] cors_origins', () => {
  test.each([
    ['', []],
    ['*', ['*']],
    ['https://a.example, http://b.example:8080', ['https://a.example', 'http://b.example:8080']],
    ['HTTPS://A.Example:443', ['https://a.example']],
    ['https://bücher.example http://[::1]:3000', ['https://xn--bcher-kva.example', 'http://[::1]:3000']],
    ['app://obsidian.md,capacitor://localhost', ['app://obsidian.md', 'capacitor://localhost']],
  ])('takes %j', async (text, expected) => {
    expect((await loadText(`[APP]\ncors_origins=${text}\n`)).config.APP.cors_origins).toEqual(expected);
  });

  test.each([
    ['app.example.org', 'write `https://app.example.org`'],
    ['https://app.example.org/', 'write `https://app.example.org`'],
    ['https://app.example.org/path?x', 'write `https://app.example.org`'],
    ['https://ann:s3cret@app.example.org', 'expected `*`, or origins'],
    ['null', 'only `*` lets it in'],
    ['*, https://a.example', 'take the others out'],
    ['https://*.example.org', 'expected `*`, or origins'],
    ['https://', 'expected `*`, or origins'],
    ['https://a.example:port', 'expected `*`, or origins'],
  ])('refuses %j and says: %s', async (text, hint) => {
    const [problem = '', ...more] = await problemsOf(loadText(`[APP]\ncors_origins=${text}\n`));
    expect(more).toEqual([]);
    expect(problem).toMatch(/^store\.cfg:2: \[APP\] cors_origins: found /);
    expect(problem).toContain(hint);
  });
});
