import { expect, test } from 'vitest';
import { sharedUser } from '../dialects/keybin/open-keybin.ts';
import { forEachEngine } from '../support/engines.ts';
import { sharedServer } from '../support/served.ts';

const ID = /^[\w-]{11}-[0-9a-z]+$/;

forEachEngine('the headers of an answer', engine => {
  const keybin = sharedServer(engine);
  const user = sharedUser(keybin);

  const answers = async () => [
    await keybin.server.request('POST', '/token', { ...user.login, client_id: 'headers' }),
    await keybin.server.request('GET', `${user.path}/keys`),
    await keybin.server.request('HEAD', `${user.path}/keys`),
    await keybin.server.request('GET', '/user/bad/keys'),
    await keybin.server.request('POST', '/register', '{'),
    await keybin.server.request('PUT', '/register'),
    await keybin.server.request('GET', '/nowhere'),
    await keybin.server.request('GET', '/nowhere', undefined, { Accept: 'text/html' }),
    await keybin.server.request('GET', '/api/v1/health'),
  ];

  test('keep it out of caches and from being taken for another type', async () => {
    for (const { headers } of await answers()) {
      expect(headers.get('Cache-Control')).toBe('no-store');
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    }
  });

  test('of a page keep the path, in which a token may stand, from being passed on to others', async () => {
    const page = await keybin.server.request('GET', '/nowhere', undefined, { Accept: 'text/html' });
    expect(page.headers.get('Referrer-Policy')).toBe('same-origin');
  });

  test('hold an id of the request, another one each time', async () => {
    const ids = (await answers()).map(({ headers }) => headers.get('X-Request-Id'));
    for (const id of ids) expect(id).toMatch(ID);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('do not tell what the server is made of, and set no cookie', async () => {
    for (const { headers } of await answers()) {
      for (const name of ['Server', 'X-Powered-By', 'Set-Cookie', 'ETag', 'Location'])
        expect(headers.has(name)).toBe(false);
    }
  });
});
