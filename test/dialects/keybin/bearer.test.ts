import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { newUser, TOKEN_REFUSED } from './open-keybin.ts';
import { TOKEN_ROUTES } from './token-routes.ts';

forEachEngine('/user/me with Authorization: Bearer', engine => {
  const keybin = sharedServer(engine);
  const request = (method: string, path: string, authorization: string, body?: unknown) =>
    keybin.server.request(method, path, body, { Authorization: authorization });

  test('answers on every route as the token in the path does', async () => {
    const inPath = await newUser(keybin.server);
    const inHeader = await newUser(keybin.server);
    for (const [method, sub, body] of TOKEN_ROUTES) {
      const one = await keybin.server.request(method, inPath.path + sub, body);
      const twin = await request(method, `/user/me${sub}`, `Bearer ${inHeader.token}`, body);
      const text = twin.text
        .replaceAll(inHeader.token, inPath.token)
        .replaceAll(inHeader.login.username, inPath.login.username);
      expect([method, sub, twin.status, text]).toEqual([method, sub, one.status, one.text]);
      expect(one.status).toBe(200);
    }
    expect((await request('GET', '/user/me', `Bearer ${inHeader.token}`)).json).toEqual(TOKEN_REFUSED);
  });

  test.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('takes the scheme in any letter case: %s', async scheme => {
    const { token } = await newUser(keybin.server);
    expect((await request('GET', '/user/me/keys', `${scheme} ${token}`)).json).toEqual({ keys: [] });
  });

  test('takes more than one blank behind the scheme', async () => {
    const { token } = await newUser(keybin.server);
    expect((await request('GET', '/user/me/keys', `Bearer   ${token}`)).status).toBe(200);
  });

  test.each<[string, (token: string) => string]>([
    ['is empty', () => ''],
    ['has only a scheme', () => 'Bearer'],
    ['has only a scheme and a blank', () => 'Bearer '],
    ['has no scheme', token => token],
    ['has another scheme', token => `Token ${token}`],
    ['is Basic', token => `Basic ${Buffer.from(`ann:${token}`).toString('base64')}`],
    ['has no blank', token => `Bearer${token}`],
    ['has a colon', token => `Bearer: ${token}`],
    ['has quotes', token => `Bearer "${token}"`],
    ['goes on behind the token', token => `Bearer ${token} x`],
    ['holds two tokens', token => `Bearer ${token}, Bearer ${token}`],
    ['holds an unknown token', () => `Bearer ${randomUUID()}`],
    ['holds the token in upper case', token => `Bearer ${token.toUpperCase()}`],
    ['holds "me"', () => 'Bearer me'],
  ])('refuses a header that %s with the same 403', async (_, header) => {
    const { token } = await newUser(keybin.server);
    for (const [method, sub, body] of TOKEN_ROUTES) {
      const answer = await request(method, `/user/me${sub}`, header(token), body);
      expect([method, sub, answer.status]).toEqual([method, sub, 403]);
      if (method !== 'HEAD') expect(answer.json).toEqual(TOKEN_REFUSED);
    }
  });

  test('refuses a request without the header', async () => {
    const answer = await keybin.server.request('GET', '/user/me/keys');
    expect([answer.status, answer.json]).toEqual([403, TOKEN_REFUSED]);
  });

  test('is not looked at where the path holds a token', async () => {
    const ann = await newUser(keybin.server);
    const bob = await newUser(keybin.server);
    await keybin.server.request('POST', `${ann.path}/store/mine`, { value: 'ann' });
    const good = `Bearer ${ann.token}`;
    expect((await request('GET', `/user/${randomUUID()}/keys`, good)).status).toBe(403);
    expect((await request('GET', `/user/ME/keys`, good)).status).toBe(403);
    expect((await request('GET', `${bob.path}/keys`, good)).json).toEqual({ keys: [] });
    expect((await request('GET', `${ann.path}/keys`, 'Bearer rubbish')).json).toEqual({ keys: ['mine'] });
  });

  test('does not take the token from the query', async () => {
    const { token } = await newUser(keybin.server);
    const answer = await keybin.server.request('GET', `/user/me/keys?access_token=${token}&token=${token}`);
    expect(answer.status).toBe(403);
  });
});
