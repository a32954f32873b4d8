import { expect, test } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { newUser, sharedServer } from '../support/served.ts';
import { rawRequest } from './raw-request.ts';

const EVIL = 'https://evil.example';
const FOREIGN: Record<string, string>[] = [
  { Origin: EVIL, 'Sec-Fetch-Site': 'cross-site' },
  { Origin: EVIL },
  { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' },
  { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' },
  { Origin: EVIL, 'Sec-Fetch-Site': 'same-site' },
  { Host: 'a.example', Origin: 'https://a.example' },
  { Host: 'a.example', Origin: 'http://a.example:81' },
  { Host: 'a.example', Origin: 'http://a.example, http://a.example' },
  { Host: 'evil.example', Origin: 'http://evil.example', 'Sec-Fetch-Site': 'cross-site' },
];

const LOGIN = { username: 'ann', password: 's3cret-s3cret' };
const TOKEN = 'a'.repeat(48);

const guarded: [string, string, unknown?][] = [
  ['POST', '/register', LOGIN],
  ['POST', '/token', LOGIN],
  ['DELETE', '/unregister', LOGIN],
  ['GET', '/user/guessed/keys'],
  ['GET', '/user/me'],
  ['POST', '/user/guessed/store/key', { value: 1 }],
  ['DELETE', '/user/guessed'],
  ['GET', '/api/v1/punches/manifest'],
  ['GET', '/v1/config'],
  ['POST', '/v1/sync', {}],
  ['GET', '/api/v1/events'],
  ['POST', '/api/v1/auth/token', LOGIN],
  ['POST', '/api/client/pair', LOGIN],
  ['POST', '/api/auth/test', LOGIN],
  ['POST', '/api/v1/auth/register', { ...LOGIN, email: 'ann@example.org' }],
  ['POST', '/api/v1/auth/login', LOGIN],
  ['POST', '/api/v1/auth/forgot', { email: 'ann@example.org' }],
  ['POST', '/api/v1/auth/reset', { token: TOKEN, new_password: 'another one' }],
  ['POST', '/api/v1/auth/confirm', { token: TOKEN }],
  ['GET', `/api/v1/auth/confirm?token=${TOKEN}`],
  ['GET', '/api/v1/user/devices'],
  ['GET', `/api/v1/blobs/${'0'.repeat(64)}`],
];

const free: [string, string, number][] = [
  ['GET', '/livez', 200],
  ['GET', '/api/v1/health', 200],
  ['GET', '/admin/login', 200],
  ['GET', '/confirm/result', 200],
  ['GET', '/nowhere', 404],
  ['PUT', '/token', 405],
  ['OPTIONS', '/token', 405],
];

forEachEngine('what a page of another origin sends', engine => {
  const keybin = sharedServer(engine);
  const send = (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
    rawRequest(keybin.server.url, { method, path, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });

  test.each(guarded)(
    'is refused where it changes something or looks at a credential: %s %s',
    async (method, path, body) => {
      for (const headers of FOREIGN) {
        const { status, json } = await send(method, path, headers, body);
        expect([headers, status, json]).toEqual([headers, 403, { error: expect.any(String), code: 'foreign_origin' }]);
      }
      expect((await send(method, path, {}, body)).json?.code).not.toBe('foreign_origin');
    },
  );

  test.each(free)('is answered where it does neither: %s %s', async (method, path, status) => {
    for (const headers of FOREIGN) expect((await send(method, path, headers)).status).toBe(status);
  });

  test('registers nobody, and locks nobody out', async () => {
    const { server } = keybin;
    const { account } = await newUser(server, { password: 'right' });
    const login = { username: account.username, password: 'right' };
    for (let i = 0; i < 20; i++) await send('POST', '/token', FOREIGN[0] ?? {}, { ...login, password: 'wrong' });
    expect((await send('POST', '/token', {}, login)).status).toBe(200);
    await send('POST', '/register', FOREIGN[0] ?? {}, { username: 'spam', password: 'x' });
    expect((await send('POST', '/token', {}, { username: 'spam', password: 'x' })).status).toBe(403);
  });

  test('has no hold on pages of the server itself, on programs, and on what people type', async () => {
    const { account } = await newUser(keybin.server, { password: 'right' });
    const own: Record<string, string>[] = [
      {},
      { Origin: keybin.server.url },
      { Origin: keybin.server.url, 'Sec-Fetch-Site': 'same-origin' },
      { Host: 'a.example:5000', Origin: 'http://a.example:5000' },
      { 'Sec-Fetch-Site': 'none' },
      { 'Sec-Fetch-Site': 'same-site' },
    ];
    for (const headers of own) {
      const { status } = await send('POST', '/token', headers, { username: account.username, password: 'right' });
      expect([headers, status]).toEqual([headers, 200]);
    }
  });

  test('by a link in a mail at a website opens the page with the button, and confirms nothing', async () => {
    const link = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
    const path = `/api/v1/auth/confirm?token=${TOKEN}`;
    const page = await send('GET', path, { ...link, Accept: 'text/html,*/*;q=0.8' });
    expect([page.status, page.headers['content-type']]).toEqual([400, 'text/html; charset=utf-8']);
    expect((await send('GET', path, { ...link, Accept: '*/*' })).json.code).toBe('foreign_origin');
    const image = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', Accept: 'image/*' };
    expect((await send('GET', path, image)).json.code).toBe('foreign_origin');
  });

  test('is refused before its body is read', async () => {
    const headers = { ...FOREIGN[0], 'Content-Length': '100000' };
    const { status } = await send('POST', '/token', headers, undefined);
    expect(status).toBe(403);
  });

  test('at the forms of admins is refused by their own rules', async () => {
    for (const headers of FOREIGN) {
      const type = { 'Content-Type': 'application/json' };
      const answer = await send('POST', '/admin/login', { ...headers, ...type }, LOGIN);
      expect([answer.status, answer.json.code]).toEqual([403, 'csrf_invalid']);
    }
  });
});
