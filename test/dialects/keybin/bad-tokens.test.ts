import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { rawRequest } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { newUser, TOKEN_REFUSED } from './open-keybin.ts';
import { TOKEN_ROUTES } from './token-routes.ts';

const SHAPES: readonly [string, (good: string) => string][] = [
  ['an unknown UUID', () => randomUUID()],
  ['a UUID that is no v4', () => '00000000-0000-0000-0000-000000000000'],
  ['a letter', () => 'x'],
  ['the good one in upper case', good => good.toUpperCase()],
  ['the good one without its dashes', good => good.replaceAll('-', '')],
  ['the good one in braces', good => `%7B${good}%7D`],
  ['the good one and a blank', good => `${good}%20`],
  ['the good one and a newline', good => `${good}%0A`],
  ['the good one and U+0000', good => `${good}%00`],
  ['the beginning of the good one', good => good.slice(0, 35)],
  ['the good one twice', good => good + good],
  ['an operator', () => '%7B%22$gt%22:%22%22%7D'],
  ['a pattern', () => '.*'],
  ['a dot', () => '.'],
  ['two dots', () => '..'],
  ['a slash inside', () => 'a%2Fb'],
  ['"me" without a header', () => 'me'],
  ['"ME"', () => 'ME'],
  ['"null"', () => 'null'],
  ['the name of a prototype', () => '__proto__'],
  ['bad percent-encoding', () => '%zz'],
  ['a half percent-encoding', good => `${good}%`],
  ['what is no UTF-8', () => '%FF%FE'],
  ['4000 characters', () => 'x'.repeat(4000)],
];

forEachEngine('a bad token', engine => {
  const keybin = sharedServer(engine);

  test.each(SHAPES)('that is %s is the same 403 on every route', async (_, shape) => {
    const { server } = keybin;
    const { token } = await newUser(server);
    for (const [method, sub, body] of TOKEN_ROUTES) {
      const answer = await rawRequest(server.url, {
        method,
        path: `/user/${shape(token)}${sub}`,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      expect([method, sub, answer.status]).toEqual([method, sub, 403]);
      if (method !== 'HEAD') expect(answer.json).toEqual(TOKEN_REFUSED);
    }
    expect((await server.request('GET', `/user/${token}/keys`)).json).toEqual({ keys: [] });
  });

  test('is found out before a bad key', async () => {
    for (const key of ['a!b', '%zz', 'x'.repeat(1025), '%0A']) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const answer = await rawRequest(keybin.server.url, { method, path: `/user/${randomUUID()}/store/${key}` });
        expect([answer.status, answer.json]).toEqual([403, TOKEN_REFUSED]);
      }
    }
  });

  test('is found out before a bad body', async () => {
    const oversized = JSON.stringify({ value: 'x'.repeat(2_000_000) });
    for (const body of ['', '{', '[]', '{}', '\xff', oversized]) {
      for (const path of [`/user/${randomUUID()}/store/a`, '/user/me/store/a', `/user/${randomUUID()}/renew`]) {
        const answer = await keybin.server.request('POST', path, body);
        expect([answer.status, answer.json]).toEqual([403, TOKEN_REFUSED]);
      }
    }
  });

  test('is found out before bad query parameters', async () => {
    const answer = await keybin.server.request('GET', `/user/${randomUUID()}/keys?limit=0&cursor=x&prefix=!`);
    expect([answer.status, answer.json]).toEqual([403, TOKEN_REFUSED]);
  });

  test('is found out without waiting for its body', async () => {
    const answer = await rawRequest(keybin.server.url, {
      method: 'POST',
      path: `/user/${randomUUID()}/store/a`,
      headers: { 'Content-Length': 1_000_000, Connection: 'close' },
      body: '{"value":"the rest never comes',
    }).catch(error => ({ status: error.message }));
    expect(answer.status).toBe(403);
  });

  test('leaves a bad key to be found out before a bad body', async () => {
    const { path } = await newUser(keybin.server);
    for (const body of ['', '{', '{}', JSON.stringify({ value: 'x'.repeat(2_000_000) })]) {
      const answer = await keybin.server.request('POST', `${path}/store/a!b`, body);
      expect([answer.status, answer.json.code]).toEqual([400, 'key_invalid']);
    }
  });
});
