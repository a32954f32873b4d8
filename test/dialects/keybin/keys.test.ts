import { expect, test } from 'vitest';
import { rawRequest } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { newUser, sharedUser } from './open-keybin.ts';

const ALLOWED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.,';
const METHODS = ['GET', 'POST', 'DELETE'];

/** Characters of ASCII that no key holds, percent-encoded. */
const FORBIDDEN = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))
  .filter(character => !ALLOWED.includes(character))
  .map(character => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

forEachEngine('a key', engine => {
  const keybin = sharedServer(engine);
  const user = sharedUser(keybin);

  /** Stores, reads, lists and deletes under the key exactly as it stands in the path. */
  async function roundTrip(inPath: string, key: string): Promise<void> {
    const { url } = keybin.server;
    const { path } = user;
    const body = JSON.stringify({ value: `of ${key}` });
    const at = `${path}/store/${inPath}`;
    expect((await rawRequest(url, { method: 'POST', path: at, body })).json).toEqual({ result: 'ok' });
    expect((await rawRequest(url, { path: at })).json).toEqual({ value: `of ${key}` });
    expect((await rawRequest(url, { path: `${path}/keys` })).json.keys).toContain(key);
    expect((await rawRequest(url, { method: 'DELETE', path: at })).json).toEqual({ result: 'ok' });
    expect((await rawRequest(url, { path: at })).json.code).toBe('key_not_found');
  }

  test('holds every character of the alphabet', async () => {
    await roundTrip(ALLOWED, ALLOWED);
  });

  test.each([
    ['one character', 'a'],
    ['1024 characters', 'k'.repeat(1024)],
    ['a dot', '.'],
    ['two dots', '..'],
    ['a comma', ','],
    ['the name of a prototype', '__proto__'],
    ['the name of a method', 'constructor'],
    ['a word of the paths', 'keys'],
    ['a number', '007'],
  ])('may be %s', async (_, key) => {
    await roundTrip(key, key);
  });

  test.each([
    ['%2C', ','],
    ['a%2cb', 'a,b'],
    ['%2E', '.'],
    ['%2e%2E', '..'],
    ['%6B%65%79', 'key'],
    ['%5F', '_'],
  ])('is decoded once: %s is %s', async (inPath, key) => {
    await roundTrip(inPath, key);
  });

  test('is compared exactly: letter case matters', async () => {
    const { path } = await newUser(keybin.server);
    for (const key of ['Key', 'key', 'KEY']) {
      await keybin.server.request('POST', `${path}/store/${key}`, { value: key });
    }
    for (const key of ['Key', 'key', 'KEY']) {
      expect((await keybin.server.request('GET', `${path}/store/${key}`)).json).toEqual({ value: key });
    }
    expect((await keybin.server.request('GET', `${path}/store/kEY`)).status).toBe(404);
  });

  test('that is unknown is 404 to read and to delete', async () => {
    const { path } = await newUser(keybin.server);
    for (const method of ['GET', 'DELETE']) {
      const answer = await keybin.server.request(method, `${path}/store/unknown`);
      expect([answer.status, answer.json]).toEqual([404, { error: expect.any(String), code: 'key_not_found' }]);
    }
  });

  test('of one account is no key of another', async () => {
    const ann = await newUser(keybin.server);
    const bob = await newUser(keybin.server);
    await keybin.server.request('POST', `${ann.path}/store/shared`, { value: 'of ann' });
    expect((await keybin.server.request('GET', `${bob.path}/store/shared`)).status).toBe(404);
    expect((await keybin.server.request('DELETE', `${bob.path}/store/shared`)).status).toBe(404);
    await keybin.server.request('POST', `${bob.path}/store/shared`, { value: 'of bob' });
    expect((await keybin.server.request('GET', `${ann.path}/store/shared`)).json).toEqual({ value: 'of ann' });
    await keybin.server.request('DELETE', `${bob.path}/store/shared`);
    expect((await keybin.server.request('GET', `${ann.path}/keys`)).json).toEqual({ keys: ['shared'] });
  });

  test.each([
    ['1025 characters', 'k'.repeat(1025)],
    ['a trailing newline', 'key%0A'],
    ['a trailing carriage return and newline', 'key%0D%0A'],
    ['a leading newline', '%0Akey'],
    ['only a newline', '%0A'],
    ['an encoded slash', 'a%2Fb'],
    ['a way out', '..%2F..%2Fetc'],
    ['a letter beyond ASCII', '%C3%A9'],
    ['a full-width comma', '%EF%BC%8C'],
    ['U+0000', 'key%00'],
    ['a percent sign', '%25'],
    ['an encoding of an encoding', '%252C'],
    ['a plus', 'a+b'],
    ['a semicolon', 'a;b=c'],
    ['a dollar', '$where'],
    ['bad percent-encoding', '%zz'],
    ['half a percent-encoding', 'a%2'],
    ['only a percent sign', '%'],
    ['half a character of UTF-8', '%E0%A4'],
    ['what is no UTF-8', '%FF'],
    ['overlong UTF-8', '%C0%AE'],
  ])('that has %s is 400 on every route', async (_, inPath) => {
    const { path } = user;
    for (const method of METHODS) {
      const answer = await rawRequest(keybin.server.url, { method, path: `${path}/store/${inPath}` });
      expect([method, answer.status, answer.json.code]).toEqual([method, 400, 'key_invalid']);
      expect(answer.json.error).toMatch(/key/);
    }
  });

  test('holds no other character of ASCII', async () => {
    const { path } = user;
    for (const character of FORBIDDEN) {
      const answer = await rawRequest(keybin.server.url, { path: `${path}/store/a${character}b` });
      expect([character, answer.status, answer.json.code]).toEqual([character, 400, 'key_invalid']);
    }
  });

  test('that is empty or has a slash makes another path, which is 404', async () => {
    const { path } = await newUser(keybin.server);
    for (const key of ['', 'a/b', 'a/', '/a', './a', '../keys']) {
      const answer = await rawRequest(keybin.server.url, { path: `${path}/store/${key}` });
      expect([key, answer.status, answer.json.code]).toEqual([key, 404, 'not_found']);
    }
  });

  test('ends before the query', async () => {
    const { path } = await newUser(keybin.server);
    await keybin.server.request('POST', `${path}/store/a?b=c`, { value: 1 });
    expect((await keybin.server.request('GET', `${path}/keys`)).json).toEqual({ keys: ['a'] });
    expect((await keybin.server.request('GET', `${path}/store/a?x=%zz`)).json).toEqual({ value: 1 });
  });
});
