import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { newUser, sharedUser } from '../dialects/keybin/open-keybin.ts';
import { forEachEngine } from '../support/engines.ts';
import { newName, sharedServer } from '../support/served.ts';
import { exchange, rawRequest } from './raw-request.ts';

const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/json; charset=bogus',
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=UTF-8',
  'text/plain',
  'text/plain; charset=iso-8859-1',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'application/xml',
  'image/png',
  'not a type at all',
  ';;;',
  '',
];

const MIB = 1_048_576;

forEachEngine('a body', engine => {
  const keybin = sharedServer(engine);
  const user = sharedUser(keybin);
  const post = (body: string | Uint8Array | string[], headers: Record<string, string | number> = {}) =>
    rawRequest(keybin.server.url, { method: 'POST', path: `${user.path}/store/a`, headers, body });
  const stored = async () => (await keybin.server.request('GET', `${user.path}/store/a`)).json.value;

  test.each(CONTENT_TYPES)('is read as JSON whatever its content type says: %s', async type => {
    expect((await post(`{"value":"of ${type}"}`, { 'Content-Type': type })).status).toBe(200);
    expect(await stored()).toBe(`of ${type}`);
    const body = JSON.stringify({ username: newName(), password: 'right' });
    const headers = { 'Content-Type': type };
    for (const [method, path] of [
      ['POST', '/register'],
      ['POST', '/token'],
      ['DELETE', '/unregister'],
    ] as const) {
      expect((await rawRequest(keybin.server.url, { method, path, headers, body })).status).toBe(200);
    }
  });

  test('is read as JSON without any content type', async () => {
    expect((await post('{"value":"untyped"}')).status).toBe(200);
    expect(await stored()).toBe('untyped');
  });

  test('may begin with blanks and keeps what is beyond ASCII', async () => {
    expect((await post(' \r\n\t{ "value" : "ё😀" } \n', { 'Content-Type': 'text/plain; charset=latin1' })).status).toBe(
      200,
    );
    expect(await stored()).toBe('ё😀');
  });

  test.each([
    ['[]'],
    ['[{"value":1}]'],
    ['"text"'],
    ['5'],
    ['null'],
    ['true'],
    ['{'],
    ['{"value":1}}'],
    ["{'value':1}"],
    ['{"value":}'],
    ['{"value":undefined}'],
    ['{"value":NaN}'],
    ['{"value":01}'],
    ['{"value":1,}'],
    ['{"value":"\n"}'],
    ['value=1'],
    ['username=ann&password=right'],
    ['<xml/>'],
    [' '],
  ])('that is no JSON object is 400, never 415: %s', async body => {
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/xml']) {
      const answer = await post(body, { 'Content-Type': type });
      expect([answer.status, answer.json.code]).toEqual([400, 'json_invalid']);
      expect(answer.json.error).not.toContain(body.trim() || '\0');
    }
    expect((await rawRequest(keybin.server.url, { method: 'POST', path: '/register', body })).json.code).toBe(
      'json_invalid',
    );
  });

  test('is required', async () => {
    for (const [method, path] of [
      ['POST', '/register'],
      ['POST', '/token'],
      ['DELETE', '/unregister'],
      ['POST', `${user.path}/store/a`],
    ] as const) {
      for (const body of [undefined, '']) {
        const answer = await keybin.server.request(method, path, body);
        expect([path, answer.status, answer.json.code]).toEqual([path, 400, 'body_required']);
      }
    }
  });

  test.each([
    ['a byte that never occurs', [0xff]],
    ['half a character', [0xe2, 0x82]],
    ['an overlong form', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a character beyond the last', [0xf4, 0x90, 0x80, 0x80]],
    ['Latin-1', [0xe9]],
  ])('with %s is no UTF-8, which is 400', async (_, bytes) => {
    await post('{"value":"before"}');
    const body = Buffer.concat([Buffer.from('{"value":"x'), Buffer.from(bytes), Buffer.from('"}')]);
    for (const type of ['application/json', 'application/json; charset=latin1']) {
      const answer = await post(body, { 'Content-Type': type });
      expect([answer.status, answer.json.code]).toEqual([400, 'encoding_invalid']);
    }
    expect(await stored()).toBe('before');
  });

  test.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['x-Gzip', gzipSync],
    ['identity, gzip', gzipSync],
    ['deflate', deflateSync],
    ['Deflate', deflateSync],
    ['br', brotliCompressSync],
    ['BR', brotliCompressSync],
  ])('may be compressed, whatever the letter case of the coding: %s', async (encoding, compress) => {
    expect((await post(compress(`{"value":"by ${encoding}"}`), { 'Content-Encoding': encoding })).status).toBe(200);
    expect(await stored()).toBe(`by ${encoding}`);
    expect((await post('{"value":"plain"}', { 'Content-Encoding': 'identity' })).status).toBe(200);
  });

  test.each([
    ['damaged', 'gzip', Buffer.from('this is not gzip')],
    ['cut short', 'gzip', gzipSync('{"value":"cut short"}').subarray(0, 25)],
    ['altered', 'gzip', gzipSync('{"value":"altered"}').fill(0xaa, 12, 20)],
    ['damaged', 'deflate', Buffer.from([1, 2, 3, 4])],
    ['damaged', 'br', Buffer.alloc(100, 0xff)],
    ['plain', 'br', Buffer.from('{"a":1}')],
    ['plain', 'gzip', Buffer.from('{"value":1}')],
    ['unknown', 'zstd-9000', Buffer.from('{"value":1}')],
    ['layered', 'gzip, gzip', gzipSync(gzipSync('{"value":1}'))],
    ['another', 'gzip', deflateSync('{"value":1}')],
    ['another', 'deflate', gzipSync('{"value":1}')],
  ])('whose compression is %s (%s) is 400, never 415', async (_, encoding, body) => {
    const answer = await post(body, { 'Content-Encoding': encoding });
    expect([answer.status, answer.json.code]).toEqual([400, 'encoding_invalid']);
  });

  test('that is large only when decompressed is 413', async () => {
    const bomb = gzipSync(`{"value":"${'x'.repeat(20 * MIB)}"}`);
    expect(bomb.byteLength).toBeLessThan(65_536);
    const answer = await post(bomb, { 'Content-Encoding': 'gzip' });
    expect([answer.status, answer.json.code]).toEqual([413, 'request_too_large']);
  });

  test('of a credential is small, compressed or not', async () => {
    const credential = { username: newName(), password: 'right' };
    const send = (body: object, Coding: string) =>
      rawRequest(keybin.server.url, {
        method: 'POST',
        path: '/register',
        headers: { 'Content-Encoding': Coding },
        body: gzipSync(JSON.stringify(body)),
      });
    expect((await send({ ...credential, more: 'x'.repeat(17_000) }, 'gzip')).status).toBe(413);
    expect((await send({ ...credential, more: randomBytes(17_000).toString('hex') }, 'gzip')).status).toBe(413);
    expect((await send({ ...credential, more: 'x'.repeat(16_000) }, 'GZIP')).status).toBe(200);
  });

  test('may begin with a byte order mark, compressed too', async () => {
    expect((await post('\ufeff{"value":"marked"}')).status).toBe(200);
    expect(await stored()).toBe('marked');
    expect((await post(gzipSync('\ufeff{"value":"\ufeff"}'), { 'Content-Encoding': 'gzip' })).status).toBe(200);
    expect(await stored()).toBe('\ufeff');
    expect((await post('\ufeff\ufeff{"value":1}')).json.code).toBe('json_invalid');
    expect((await post('\ufeff')).json.code).toBe('body_required');
  });

  test.each([
    ['value=1', 'application/x-www-form-urlencoded'],
    ['username=ann&password=right', 'application/json'],
    ['username=ann&password=right', ''],
    ['--x\r\nContent-Disposition: form-data; name="value"\r\n\r\n1\r\n--x--', 'multipart/form-data; boundary=x'],
  ])('that is a form is told that JSON is meant: %s as %s', async (body, type) => {
    for (const path of [`${user.path}/store/a`, '/token']) {
      const request = { method: 'POST', path, headers: { 'Content-Type': type }, body };
      const { json } = await rawRequest(keybin.server.url, request);
      expect([json.code, json.error]).toEqual(['json_invalid', expect.stringMatching(/form.*JSON is meant/)]);
    }
  });

  test('that is JSON with a mistake is not called a form, though programs type it as one', async () => {
    const { json } = await post('{"value":}', { 'Content-Type': 'application/x-www-form-urlencoded' });
    expect(json).toEqual({ error: 'the body is not valid JSON', code: 'json_invalid' });
  });

  test('that lacks a field is told that it is missing, and one of another type is not', async () => {
    for (const [body, error] of [
      ['{"password":"a"}', 'username: it is missing; expected a string'],
      ['{"username":7,"password":"a"}', 'username: expected a string'],
      ['{"username":"a","__proto__":{"password":"a"}}', 'password: it is missing; expected a string'],
    ] as const) {
      const answer = await rawRequest(keybin.server.url, { method: 'POST', path: '/token', body });
      expect([answer.status, answer.json.error]).toEqual([400, error]);
    }
    expect((await post('{"val":1}')).json.error).toMatch(/^value: it is missing/);
  });

  test('may come in chunks, and has the same limit then', async () => {
    expect((await post(['{"val', 'ue":"in ', 'chunks"}'])).status).toBe(200);
    expect(await stored()).toBe('in chunks');
    const answer = await post(['{"value":"', ...Array<string>(20).fill('x'.repeat(65_536)), '"}']).catch(
      () => undefined,
    );
    if (answer !== undefined) expect([answer.status, answer.json.code]).toEqual([413, 'request_too_large']);
    expect(await stored()).toBe('in chunks');
  });

  test('may be waited for with Expect: 100-continue', async () => {
    const body = `{"value":"${'x'.repeat(100_000)}"}`;
    const headers = { Expect: '100-continue', 'Content-Length': body.length };
    expect((await post(body, headers)).status).toBe(200);
  });

  test('that is cut off changes nothing, and the server goes on', async () => {
    await post('{"value":"before"}');
    const head = (extra: string) =>
      `POST ${user.path}/store/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${extra}\r\n\r\n`;
    for (const cutOff of [
      `${head('Content-Length: 100')}{"value":"after"}`,
      `${head('Transfer-Encoding: chunked')}11\r\n{"value":"after"}`,
      `${head('Transfer-Encoding: chunked')}11\r\n{"value":"after"}\r\nzz\r\n`,
    ]) {
      const { statuses } = await exchange(keybin.server.url, cutOff, { hangUp: true });
      expect(statuses.filter(status => status !== 400)).toEqual([]);
    }
    expect(await stored()).toBe('before');
  });

  test('goes with a GET without harm', async () => {
    const { path } = await newUser(keybin.server);
    for (const body of ['{', '{"value":1}', 'x'.repeat(100_000)]) {
      const answer = await rawRequest(keybin.server.url, {
        path: `${path}/keys`,
        headers: { 'Content-Length': body.length },
        body,
      });
      expect([answer.status, answer.json]).toEqual([200, { keys: [] }]);
    }
  });
});
