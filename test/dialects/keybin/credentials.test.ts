import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newName, sharedServer } from '../../support/served.ts';
import { newAccount, newToken } from './open-keybin.ts';

/** The routes that take a name and a password. */
const ROUTES = [
  ['POST', '/register'],
  ['DELETE', '/unregister'],
  ['POST', '/token'],
] as const;

const NOT_STRINGS = [{ $gt: '' }, { $ne: null }, ['ann'], [], null, 5, 0, true, false];

forEachEngine('a username', engine => {
  const keybin = sharedServer(engine);
  const register = (username: unknown) => keybin.server.request('POST', '/register', { username, password: 'right' });

  test.each([
    ['one character', 'a'],
    ['128 characters', 'x'.repeat(128)],
    ['128 code points of two UTF-16 units', '😀'.repeat(128)],
    ['a blank', ' '],
    ['markup', '<script>alert(1)</script>'],
    ['the name of an operator', '$gt'],
    ['the name of a prototype', '__proto__'],
    ['dots and slashes', '../../etc/passwd'],
    ['right-to-left text', 'שלום‮'],
    ['an unpaired regular expression', '.*('],
  ])('may be %s', async (_, username) => {
    expect((await register(username)).status).toBe(200);
    await newToken(keybin.server, { username, password: 'right' });
  });

  test('is compared exactly: letter case, blanks and the form of an accent make another', async () => {
    const names = ['Ann', 'ann', ' ann', 'ann ', 'ann\u00a0', '\u00e9', 'e\u0301', 'ß', 'ss'];
    for (const [i, username] of names.entries()) {
      const answer = await keybin.server.request('POST', '/register', { username, password: `password ${i}` });
      expect([username, answer.status]).toEqual([username, 200]);
    }
    for (const [i, username] of names.entries()) {
      await newToken(keybin.server, { username, password: `password ${i}` });
      const other = { username, password: `password ${i + 1}` };
      expect((await keybin.server.request('POST', '/token', other)).status).toBe(403);
    }
  });

  test.each([
    ['empty', ''],
    ['129 characters', 'x'.repeat(129)],
    ['129 code points', '😀'.repeat(129)],
    ['a lone surrogate', 'a\ud800'],
    ...['\0', '\t', '\n', '\r', '\u001b', '\u007f', '\u0085', '\u009f'].map(c => [
      `with U+${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
      `a${c}b`,
    ]),
  ])('that is %s is 400 on every route', async (_, username) => {
    for (const [method, path] of ROUTES) {
      const answer = await keybin.server.request(method, path, { username, password: 'right' });
      expect([path, answer.status, answer.json.code]).toEqual([path, 400, 'username_invalid']);
    }
  });

  test.each([...NOT_STRINGS, undefined])('that is no string (%j) is 400, never a query', async username => {
    for (const [method, path] of ROUTES) {
      const answer = await keybin.server.request(method, path, { username, password: 'right' });
      expect([path, answer.status, answer.json.code]).toEqual([path, 400, 'username_invalid']);
    }
  });
});

forEachEngine('a password', engine => {
  const keybin = sharedServer(engine);

  test.each([
    ['1 byte', 'x'],
    ['1024 bytes', 'x'.repeat(1024)],
    ['1024 bytes of 256 characters', '😀'.repeat(256)],
    ['a blank', ' '],
    ['control characters', '\u0001\n\r\u007f'],
  ])('may be %s', async (_, password) => {
    const login = await newAccount(keybin.server, { password });
    await newToken(keybin.server, login);
  });

  test.each([
    ['empty', ''],
    ['1025 bytes', 'x'.repeat(1025)],
    ['1026 bytes of 513 characters', 'é'.repeat(513)],
    ['a lone surrogate', 'a\udc00'],
  ])('that is %s is 400 on every route', async (_, password) => {
    const { username } = await newAccount(keybin.server);
    for (const [method, path] of ROUTES) {
      const answer = await keybin.server.request(method, path, { username, password });
      expect([path, answer.status, answer.json.code]).toEqual([path, 400, 'password_invalid']);
    }
  });

  test.each([...NOT_STRINGS, undefined])('that is no string (%j) is 400, never a query', async password => {
    const { username } = await newAccount(keybin.server);
    for (const [method, path] of ROUTES) {
      const answer = await keybin.server.request(method, path, { username, password });
      expect([path, answer.status, answer.json.code]).toEqual([path, 400, 'password_invalid']);
    }
  });

  test('is not trimmed, and letter case matters', async () => {
    const login = await newAccount(keybin.server, { password: 'Secret' });
    for (const password of ['secret', ' Secret', 'Secret ', 'Secret\n']) {
      expect((await keybin.server.request('POST', '/token', { ...login, password })).status).toBe(403);
    }
    await newToken(keybin.server, login);
  });

  test('that is wrong and a name that is unknown get the same answer', async () => {
    const { username } = await newAccount(keybin.server);
    for (const [method, path] of [ROUTES[1], ROUTES[2]]) {
      const wrong = await keybin.server.request(method, path, { username, password: 'wrong' });
      const unknown = await keybin.server.request(method, path, { username: newName(), password: 'wrong' });
      expect(wrong.status).toBe(403);
      expect(wrong.json).toEqual({ error: expect.any(String), code: 'credentials_invalid' });
      expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
    }
  });
});
