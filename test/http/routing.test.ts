import { expect, test } from 'vitest';
import { dispatch, type Method, type Mount, type Route } from '../../src/http/routing.ts';
import { sharedUser } from '../dialects/keybin/open-keybin.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import { openApp } from './open-app.ts';
import { rawRequest } from './raw-request.ts';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

/** Paths below an account's own, with what they allow. */
const ALLOWED: readonly (readonly [string, string])[] = [
  ['', 'DELETE, GET, HEAD'],
  ['/keys', 'GET, HEAD'],
  ['/store/a', 'DELETE, GET, HEAD, POST'],
  ['/renew', 'POST'],
];

forEachEngine('a path', engine => {
  const keybin = sharedServer(engine);
  const user = sharedUser(keybin);
  const get = (path: string, headers = {}) => rawRequest(keybin.server.url, { path, headers });

  test.each([
    '/x',
    '/registered',
    '/register/',
    '/Register',
    '/TOKEN',
    '/token/',
    '//token',
    '/user',
    '/user/',
    '/users/x/keys',
    '/livez/',
    '/LIVEZ',
    '/api',
    '/api/v1',
    '/api/v1/health/',
    '/api/v1/Health',
    '/v1/x',
    '/v2/x',
    '/favicon.ico',
    '/%',
    '/%zz/%FF',
    '/..',
    '/../register',
    '/.',
    '/register%2F',
    '/register;x',
    '/*',
    '/user//keys',
    '/user//store/a',
  ])('that nobody has is 404 in JSON: %s', async path => {
    for (const method of ['GET', 'POST', 'DELETE', 'PUT', 'OPTIONS']) {
      const answer = await rawRequest(keybin.server.url, { method, path });
      expect([method, answer.status, answer.json]).toEqual([
        method,
        404,
        {
          error: expect.any(String),
          code: 'not_found',
          ...(/^\/v2\//.test(path) && { request_id: expect.any(String), details: {} }),
        },
      ]);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
    }
  });

  test('below a token is another one with a slash at its end or in another letter case', async () => {
    for (const sub of ['/', '/keys/', '/Keys', '/KEYS', '/store', '/store/a/', '/Store/a', '/renew/', '/Renew', '/x']) {
      const answer = await get(user.path + sub);
      expect([sub, answer.status, answer.json.code]).toEqual([sub, 404, 'not_found']);
    }
    expect((await get(`${user.path.replace('/user', '/User')}/keys`)).status).toBe(404);
  });

  test.each([
    ['/register', 'GET, HEAD, POST'],
    ['/token', 'POST'],
    ['/unregister', 'DELETE'],
    ['/livez', 'GET, HEAD'],
    ['/readyz', 'GET, HEAD'],
    ['/api/v1/health', 'GET, HEAD'],
  ])('with another method is 405 and says which it takes: %s', async (path, allow) => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      if (allow.split(', ').includes(method)) continue;
      const answer = await rawRequest(keybin.server.url, { method, path });
      expect([method, answer.status, answer.headers.allow]).toEqual([method, 405, allow]);
      if (method !== 'HEAD') expect(answer.json).toEqual({ error: expect.any(String), code: 'method_not_allowed' });
    }
  });

  test('below a token with another method is 405 and says which it takes', async () => {
    for (const [sub, allow] of ALLOWED) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        if (allow.split(', ').includes(method)) continue;
        for (const path of [user.path + sub, `/user/me${sub}`]) {
          const answer = await rawRequest(keybin.server.url, { method, path });
          expect([method, path, answer.status, answer.headers.allow]).toEqual([method, path, 405, allow]);
          expect(answer.text).not.toContain(user.path);
        }
      }
    }
  });

  test('answers HEAD as it answers GET, without the body', async () => {
    await keybin.server.request('POST', `${user.path}/store/a`, { value: 'x' });
    for (const sub of ['', '/keys', '/store/a', '/store/unknown', '/store/!', '/x']) {
      const path = user.path + sub;
      const one = await get(path);
      const head = await rawRequest(keybin.server.url, { method: 'HEAD', path });
      expect([sub, head.status, head.text]).toEqual([sub, one.status, '']);
      for (const name of ['content-type', 'content-length', 'cache-control']) {
        expect([name, head.headers[name]]).toEqual([name, one.headers[name]]);
      }
    }
  });

  test('that nobody has is a page for browsers, except below the paths of the APIs', async () => {
    for (const path of ['/x', '/about/us', '/userx', '/apix/y', '/v10/x']) {
      const answer = await get(path, { Accept: BROWSER });
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.headers['content-type']).toMatch(/^text\/html/);
      expect(answer.text).not.toContain(path);
    }
    for (const path of ['/api/x', '/v1/x', '/v2/x', '/user/x/y', `${user.path}/store/unknown`, `${user.path}/x`]) {
      const answer = await get(path, { Accept: BROWSER });
      const { request_id, details, ...rest } = answer.json;
      expect([path, answer.status, Object.keys(rest)]).toEqual([path, 404, ['error', 'code']]);
      const isV2 = path.startsWith('/v2/'); // whose errors name the request
      expect([request_id !== undefined, details]).toEqual([isV2, isV2 ? {} : undefined]);
    }
  });

  test.each(['*/*', 'application/json', 'application/json, text/html;q=0.9', 'text/plain', 'image/*', '', ';;q=x'])(
    'that nobody has is JSON for whoever does not prefer HTML: Accept: %s',
    async Accept => {
      const answer = await get('/x', { Accept });
      expect([answer.status, answer.json?.code]).toEqual([404, 'not_found']);
    },
  );

  test('is gone when its API is switched off', async () => {
    const { server } = await openServer(engine, { options: { KEYBIN_ENABLED: 'false' } });
    for (const [method, path] of [
      ['POST', '/register'],
      ['POST', '/token'],
      ['DELETE', '/unregister'],
      ['GET', '/user/me/keys'],
    ] as const) {
      expect((await rawRequest(server.url, { method, path, body: '{}' })).json.code).toBe('not_found');
    }
    expect((await server.request('GET', '/livez')).status).toBe(200);
  });
});

test('one method and path that two APIs claim stops the start with both names', () => {
  const mount = (name: string, path: string): Mount => ({
    name,
    routes: [{ method: 'GET', path, handle: async () => {} }],
  });
  expect(() => dispatch([mount('keybin', '/a/:token/b'), mount('punch', '/a/:id/b')])).toThrow(/keybin.*punch/);
  expect(() => dispatch([mount('keybin', '/a/:token/b'), mount('punch', '/a/:id/c')])).not.toThrow();
});

test('a path with a slash at its end is another one than without, and than one with a parameter there', async () => {
  const named = (method: Method, path: string): Route => ({
    method,
    path,
    handle: async (ctx, params) => {
      ctx.body = { path, params };
    },
  });
  const url = await openApp([
    named('POST', '/api/v1/blobs'),
    named('POST', '/api/v1/blobs/'),
    named('GET', '/api/v1/blobs/:sha256'),
  ]);
  const ask = async (method: Method, path: string) => {
    const { status, json, headers } = await rawRequest(url, { method, path });
    return status === 200 ? [json.path, json.params] : [status, headers.allow];
  };
  expect(await ask('POST', '/api/v1/blobs')).toEqual(['/api/v1/blobs', {}]);
  expect(await ask('POST', '/api/v1/blobs/')).toEqual(['/api/v1/blobs/', {}]);
  expect(await ask('GET', '/api/v1/blobs/x')).toEqual(['/api/v1/blobs/:sha256', { sha256: 'x' }]);
  expect(await ask('GET', '/api/v1/blobs')).toEqual([405, 'POST']);
  expect(await ask('GET', '/api/v1/blobs/')).toEqual([405, 'POST']);
  expect(await ask('POST', '/api/v1/blobs/x')).toEqual([405, 'GET, HEAD']);
  expect(await ask('GET', '/api/v1/blobs/x/')).toEqual([404, undefined]);
});

test('what 405 names may be fixed for a path', async () => {
  const allow = 'GET, POST';
  const handle = async () => {};
  const url = await openApp([
    { method: 'POST', path: '/a/', allow, handle },
    { method: 'GET', path: '/a/:b', allow, handle },
    { method: 'GET', path: '/c', handle },
  ]);
  for (const [path, expected] of [
    ['/a/', 'GET, POST'],
    ['/a/b', 'GET, POST'],
    ['/c', 'GET, HEAD'],
  ] as const) {
    const answer = await rawRequest(url, { method: 'DELETE', path });
    expect([path, answer.status, answer.headers.allow]).toEqual([path, 405, expected]);
  }
});
