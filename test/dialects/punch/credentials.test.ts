import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { accountsSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, sharedServer } from '../../support/served.ts';
import { apiOf, punchOf, REFUSED } from './open-punch.ts';

const KEY = 'laptop-key-0123456789';
const ACCENTED = 'clé-ßüàÀ-0123456789-Ω';

/** Text as a header carries it: its UTF-8 bytes, one character each. */
const asHeader = (text: string) => Buffer.from(text).toString('latin1');

const ROUTES = [
  ['GET', 'manifest'],
  ['POST', 'upload'],
  ['POST', 'download'],
  ['POST', 'delete'],
] as const;

forEachEngine('the credential of a Punch request', engine => {
  const punch = sharedServer(engine, {
    options: { PUNCH_KEYS_LAPTOP: `keyed:${KEY}`, PUNCH_KEYS_ACCENTED: `keyed:${ACCENTED}` },
  });
  const status = async (headers: Record<string, string>, name = 'manifest', method = 'GET') =>
    (await punch.server.request(method, `/api/v1/punches/${name}`, undefined, headers)).status;

  test.each<[string, Record<string, string>]>([
    ['Authorization: Bearer', { Authorization: `Bearer ${KEY}` }],
    ['Authorization with the scheme in another letter case', { Authorization: `bEARER   ${KEY}` }],
    ['X-API-Key', { 'X-API-Key': KEY }],
    ['x-api-key', { 'x-api-key': KEY }],
    ['Authorization before a wrong X-API-Key', { Authorization: `Bearer ${KEY}`, 'X-API-Key': 'wrong' }],
    ['Authorization, beyond ASCII', { Authorization: `Bearer ${asHeader(ACCENTED)}` }],
    ['X-API-Key, beyond ASCII', { 'X-API-Key': asHeader(ACCENTED) }],
  ])('may be a key in %s', async (_, headers) => {
    const api = apiOf(punch.server, headers);
    const one = punchOf();
    await api.upload(one);
    expect(await api.download(one.id)).toEqual([one]);
    expect(await api.manifest()).toMatchObject({ [one.id]: one.updated });
    await api.remove(one.id);
    expect(await api.manifest()).not.toHaveProperty(one.id);
  });

  test('may be an account token in Authorization', async () => {
    const api = apiOf(punch.server, (await newUser(punch.server)).headers);
    const one = punchOf();
    await api.upload(one);
    expect(await api.download(one.id)).toEqual([one]);
  });

  test.each<[string, (token: string) => Record<string, string>]>([
    ['is missing', () => ({})],
    ['is empty', () => ({ Authorization: '' })],
    ['is an empty X-API-Key', () => ({ 'X-API-Key': '' })],
    ['has only the scheme', () => ({ Authorization: 'Bearer' })],
    ['has no scheme', () => ({ Authorization: KEY })],
    ['has another scheme', () => ({ Authorization: `Basic ${Buffer.from(`keyed:${KEY}`).toString('base64')}` })],
    ['is a key with something behind it', () => ({ Authorization: `Bearer ${KEY} x` })],
    ['is a key with one character more', () => ({ Authorization: `Bearer ${KEY}x` })],
    ['is a key with one character less', () => ({ 'X-API-Key': KEY.slice(0, -1) })],
    ['is a key in other letters', () => ({ 'X-API-Key': KEY.toUpperCase() })],
    ['is the key with the user name', () => ({ 'X-API-Key': `keyed:${KEY}` })],
    ['is a bearer in X-API-Key', () => ({ 'X-API-Key': `Bearer ${KEY}` })],
    ['is two keys', () => ({ 'X-API-Key': `${KEY}, ${KEY}` })],
    ['is a name of the prototype', () => ({ 'X-API-Key': '__proto__' })],
    ['is an unknown token', () => ({ Authorization: `Bearer ${randomUUID()}` })],
    ['is a token in X-API-Key', token => ({ 'X-API-Key': token })],
    ['is a token in capitals', token => ({ Authorization: `Bearer ${token.toUpperCase()}` })],
    ['is an empty Authorization beside a key', () => ({ Authorization: '', 'X-API-Key': KEY })],
    ['is a bad Authorization beside a key', () => ({ Authorization: 'Token x', 'X-API-Key': KEY })],
    ['is a wrong Authorization beside a key', () => ({ Authorization: 'Bearer wrong', 'X-API-Key': KEY })],
  ])('is refused with one and the same 401 on every route when it %s', async (_, headersOf) => {
    const headers = headersOf((await newUser(punch.server)).token);
    for (const base of ['/api/v1/punches', '/api/v1/sync']) {
      for (const [method, name] of ROUTES) {
        const answer = await punch.server.request(method, `${base}/${name}`, undefined, headers);
        expect([base, name, answer.status, answer.json]).toEqual([base, name, 401, REFUSED]);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
        expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
      }
    }
  });

  test('is looked at before the body', async () => {
    for (const body of ['{', '{"punches":5,"ids":5}', 'x'.repeat(17 * 1024 * 1024)]) {
      for (const name of ['upload', 'download', 'delete']) {
        const answer = await punch.server
          .request('POST', `/api/v1/punches/${name}`, body, { 'X-API-Key': 'wrong' })
          .catch(() => undefined); // the server may hang up on what it will not read
        if (answer) expect([name, answer.status, answer.json]).toEqual([name, 401, REFUSED]);
        else expect(body.length).toBeGreaterThan(16 * 1024 * 1024);
      }
    }
  });

  test('opens nothing when the token expired, was replaced, or its account was ended', async () => {
    const { server } = punch;
    const expiring = await newUser(server);
    expect(await status(expiring.headers)).toBe(200);
    server.clock.advance(300_000);
    expect(await status(expiring.headers)).toBe(401);

    const { account, headers } = await newUser(server);
    const login = { username: account.username, password: 'right' };
    await server.request('POST', '/token', login);
    expect(await status(headers)).toBe(401);
    const { token } = (await server.request('POST', '/token', login)).json.token;
    expect(await status({ Authorization: `Bearer ${token}` })).toBe(200);
    await server.request('DELETE', '/unregister', login);
    expect(await status({ Authorization: `Bearer ${token}` })).toBe(401);
  });

  test('opens nothing while its account is blocked, or waits for the confirmation of its e-mail', async () => {
    const { server } = punch;
    const accounts = server.core.storage.collection(accountsSpec);
    const { account, headers } = await newUser(server);
    const keyed = await accounts.find('username', ['keyed']);
    for (const [id, credential] of [
      [account.user_id, headers],
      [keyed?.user_id ?? '', { 'X-API-Key': KEY }],
    ] as const) {
      for (const mark of ['blocked_at', 'unconfirmed_at'] as const) {
        await accounts.update([id], { set: { [mark]: new Date(0) } });
        expect(await status(credential)).toBe(401);
        await accounts.update([id], { unset: [mark] });
        expect(await status(credential)).toBe(200);
      }
    }
  });

  test('that is a key opens the four calls only', async () => {
    const headers = { Authorization: `Bearer ${KEY}`, 'X-API-Key': KEY };
    for (const [method, path] of [
      ['GET', '/user/me'],
      ['GET', '/user/me/keys'],
      ['GET', `/user/${encodeURIComponent(KEY)}/keys`],
      ['POST', '/user/me/renew'],
    ] as const) {
      expect([path, (await punch.server.request(method, path, undefined, headers)).status]).toEqual([path, 403]);
    }
  });
});
