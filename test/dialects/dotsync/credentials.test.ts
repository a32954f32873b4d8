import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { exchange, rawRequest } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, sharedServer } from '../../support/served.ts';
import { userWith } from './open-dotsync.ts';

/** Every route, with the answer for an account whose one config is `:id`. */
const ROUTES = [
  ['POST', '/v1/config', '{"files":[]}', 201],
  ['GET', '/v1/config', undefined, 200],
  ['GET', '/v1/config/:id', undefined, 200],
  ['PUT', '/v1/config/:id', '{"files":[]}', 204],
  ['GET', '/v1/file/.vimrc', undefined, 200],
  ['POST', '/v1/sync', undefined, 200],
  ['POST', '/v1/sync/:id', undefined, 200],
  ['DELETE', '/v1/config/:id', undefined, 204],
] as const;

forEachEngine('the routes of dotsync', engine => {
  const dotsync = sharedServer(engine);

  test('open with a Keybin token of the account', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/.vimrc']);
    for (const [method, path, body, status] of ROUTES) {
      const answer = await dotsync.server.request(method, path.replace(':id', id), body, headers);
      expect([method, path, answer.status]).toEqual([method, path, status]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  test('open with a token that POST /token gave', async () => {
    const login = { username: randomUUID(), password: 'right' };
    await dotsync.server.request('POST', '/register', login);
    const { token } = (await dotsync.server.request('POST', '/token', login)).json.token;
    const answer = await dotsync.server.request('GET', '/v1/config', undefined, { Authorization: `bearer ${token}` });
    expect([answer.status, answer.json]).toEqual([200, []]);
  });

  test.each<[string, (token: string) => Record<string, string>]>([
    ['no credential', () => ({})],
    ['an unknown token', () => ({ Authorization: `Bearer ${randomUUID()}` })],
    ['no token at all', () => ({ Authorization: 'Bearer' })],
    ['another scheme', token => ({ Authorization: `Basic ${token}` })],
    ['a bare token', token => ({ Authorization: token })],
    ['the token in another header', token => ({ 'X-API-Key': token })],
  ])('answer 401 to %s, whatever the path and the body', async (_, headersWith) => {
    const { token, id } = await userWith(dotsync.server, ['~/.vimrc']);
    for (const [method, path] of ROUTES) {
      for (const place of [id, randomUUID(), 'x', '%ff']) {
        const body = method === 'GET' || method === 'DELETE' ? undefined : '{"files":';
        const target = { method, path: path.replace(':id', place), headers: headersWith(token) };
        const answer = await rawRequest(dotsync.server.url, { ...target, ...(body && { body }) });
        expect([method, path, answer.status]).toEqual([method, path, 401]);
        expect(answer.json).toEqual({ error: expect.any(String), code: 'unauthorized' });
        expect(answer.headers['www-authenticate']).toBe('Bearer');
      }
    }
  });

  test('refuse a stranger before the body is there', async () => {
    for (const path of ['/v1/config', '/v1/sync', `/v1/sync/${randomUUID()}`]) {
      const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 16000000\r\n\r\n`;
      const { statuses } = await exchange(dotsync.server.url, head);
      expect([path, statuses]).toEqual([path, [401]]);
    }
  });

  test('refuse a token from the moment it ends', async () => {
    const { headers, token } = await userWith(dotsync.server, []);
    await dotsync.server.request('DELETE', `/user/${token}`);
    expect((await dotsync.server.request('GET', '/v1/config', undefined, headers)).status).toBe(401);
    const other = await userWith(dotsync.server, []);
    dotsync.opened.clock.advance(300_000);
    expect((await dotsync.server.request('POST', '/v1/sync', undefined, other.headers)).status).toBe(401);
  });

  test('answer 405 to other methods and name the right ones', async () => {
    for (const [path, allow] of [
      ['/v1/config', 'GET, HEAD, POST'],
      ['/v1/config/x', 'DELETE, GET, HEAD, PUT'],
      ['/v1/file/x', 'GET, HEAD'],
      ['/v1/sync', 'POST'],
      ['/v1/sync/x', 'POST'],
    ] as const) {
      const answer = await dotsync.server.request('PATCH', path);
      expect([path, answer.status, answer.json.code]).toEqual([path, 405, 'method_not_allowed']);
      expect([path, answer.headers.get('allow')]).toEqual([path, allow]);
    }
  });

  test('answer 404 to other paths, as JSON also for browsers', async () => {
    const { headers } = await newUser(dotsync.server);
    const html = { ...headers, Accept: 'text/html' };
    for (const path of [
      '/v1',
      '/v1/',
      '/v1/sync/',
      '/v1/config/',
      '/v1/configs',
      '/v1/config/a/b',
      '/V1/config',
      '/v1/file',
    ]) {
      const answer = await dotsync.server.request('GET', path, undefined, path === '/V1/config' ? headers : html);
      expect([path, answer.status, answer.json?.code]).toEqual([path, 404, 'not_found']);
    }
  });

  test.each(['%', '%ff', '%C3', '%zz'])('answer 400 to a path that cannot be decoded: %s', async segment => {
    const { headers } = await newUser(dotsync.server);
    for (const [method, path] of [
      ['GET', `/v1/config/${segment}`],
      ['PUT', `/v1/config/${segment}`],
      ['DELETE', `/v1/config/${segment}`],
      ['POST', `/v1/sync/${segment}`],
    ] as const) {
      const answer = await rawRequest(dotsync.server.url, { method, path, headers });
      expect([method, answer.status, answer.json.code]).toEqual([method, 400, 'path_invalid']);
    }
  });

  test('HEAD answers as GET does, without the body', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/.vimrc']);
    for (const path of ['/v1/config', `/v1/config/${id}`, '/v1/file/.vimrc']) {
      const answer = await dotsync.server.request('HEAD', path, undefined, headers);
      expect([path, answer.status, answer.text]).toEqual([path, 200, '']);
    }
  });
});
