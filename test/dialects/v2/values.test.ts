import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { scopedHeaders } from './scoped.ts';
import { valueUser } from './values-support.ts';

const TEXT = { 'Content-Type': 'text/plain' };

forEachEngine('values of v2', engine => {
  const served = sharedServer(engine);

  test('come back byte for byte with their type, whatever they are', async () => {
    const user = await valueUser(served);
    const cases: readonly (readonly [string, Uint8Array | string])[] = [
      ['text/plain', 'héllo\u0000'],
      ['text/plain; charset=utf-16', Buffer.from('\ufeffhi', 'utf16le')],
      ['text/html', Buffer.from([0xff, 0xfe, 0x80])],
      ['text/plain', Buffer.from('\ufeffmarked')],
      ['application/json', '{"n": 123456789012345678901, "n": 1.0}'],
      ['application/json', '{"broken"'],
      ['application/json', Buffer.from('\ufeff{}')],
      ['application/json', ''],
      ['text/plain', ''],
      ['image/png', Buffer.from([0x89, 0x50, 0, 1, 2])],
      ['weird', 'x'],
    ];
    for (const [i, [type, body]] of cases.entries()) {
      const key = `case/${i}`;
      expect((await user.put(key, body, { 'Content-Type': type })).status).toBe(201);
      const { status, headers, bytes } = await user.get(key);
      expect([status, headers.get('content-type')]).toEqual([200, type]);
      expect(bytes.equals(Buffer.from(body))).toBe(true);
      expect(headers.get('content-length')).toBe(String(bytes.length));
    }
  });

  test('are created, replaced, told about and removed', async () => {
    const user = await valueUser(served);
    const created = await user.put('a/b', 'one', TEXT);
    expect([created.status, created.text, created.headers.get('content-type')]).toEqual([201, '', null]);
    const made = new Date(served.opened.clock.now()).toISOString();
    served.opened.clock.advance(1000);
    const replaced = await user.put('a/b', 'two!', TEXT);
    expect(replaced.status).toBe(204);
    expect(replaced.headers.get('etag')).toMatch(/^"[^"]+"$/);
    expect(replaced.headers.get('etag')).not.toBe(created.headers.get('etag'));
    const info = await user.info('a/b');
    expect(info.json).toEqual({
      key: 'a/b',
      content_type: 'text/plain',
      size: 4,
      etag: replaced.headers.get('etag'),
      created_at: made,
      updated_at: new Date(served.opened.clock.now()).toISOString(),
      expires_at: null,
      meta: {},
    });
    expect((await user.get('a%2Fb')).text).toBe('two!');
    const head = await user.send('HEAD', '/v2/kv/a/b');
    expect([head.status, head.headers.get('content-length'), head.text]).toEqual([200, '4', '']);
    expect([(await user.del('a/b')).status, (await user.del('a/b')).status]).toEqual([204, 404]);
    expect([(await user.get('a/b')).json.code, (await user.info('a/b')).json.code]).toEqual([
      'key_not_found',
      'key_not_found',
    ]);
  });

  test('have application/octet-stream as their type where none was sent', async () => {
    const user = await valueUser(served);
    expect((await user.put('k', 'x')).status).toBe(201);
    expect((await user.get('k')).headers.get('content-type')).toBe('application/octet-stream');
  });

  test('of one account are nothing to another', async () => {
    const [ann, bob] = [await valueUser(served), await valueUser(served)];
    await ann.put('k', 'secret');
    expect([(await bob.get('k')).status, (await bob.del('k')).status]).toEqual([404, 404]);
  });

  test('keep a Content-Encoding, and the bytes that came with it', async () => {
    const user = await valueUser(served);
    const coded = Buffer.from([1, 2, 3, 4]);
    const sent = { ...TEXT, 'Content-Encoding': 'x-own' };
    expect((await user.put('k', coded, sent)).status).toBe(201);
    const { headers, bytes } = await user.get('k');
    expect([headers.get('content-encoding'), [...bytes]]).toEqual(['x-own', [1, 2, 3, 4]]);
    expect((await user.info('k')).json.content_encoding).toBe('x-own');
    expect((await user.original('k')).json).toEqual({ value: coded.toString('base64'), encoding: 'base64' });
  });

  test('carry metadata, which is replaced as a whole', async () => {
    const user = await valueUser(served);
    await user.put('k', 'x', { 'Keybin-Meta-Color': 'red', 'keybin-meta-__proto__': 'a b' });
    const { headers } = await user.get('k');
    expect([headers.get('keybin-meta-color'), headers.get('keybin-meta-__proto__')]).toEqual(['red', 'a b']);
    expect(Object.entries((await user.info('k')).json.meta)).toEqual([
      ['color', 'red'],
      ['__proto__', 'a b'],
    ]);
    await user.put('k', 'x', { 'Keybin-Meta-Size': '1' });
    expect((await user.info('k')).json.meta).toEqual({ size: '1' });
    const most = { 'Keybin-Meta-ab': 'v'.repeat(1022) };
    expect((await user.put('k', 'x', most)).status).toBe(204);
    const over = await user.put('k', 'x', { 'Keybin-Meta-abc': 'v'.repeat(1022) });
    expect([over.status, over.json.code]).toEqual([400, 'meta_too_large']);
    const odd = await user.put('k', 'x', { 'Keybin-Meta-a': 'é' });
    expect([odd.status, odd.json.code]).toEqual([400, 'meta_invalid']);
  });

  test('are given to browsers so that they are no page', async () => {
    const user = await valueUser(served);
    const types = ['text/html', 'image/svg+xml', 'text/plain', 'application/json', 'image/png', 'text/plainly'];
    const shown = [];
    for (const [i, type] of types.entries()) {
      await user.put(`t${i}`, '1', { 'Content-Type': type });
      const { headers } = await user.get(`t${i}`);
      expect([headers.get('x-content-type-options'), headers.get('content-security-policy')]).toEqual([
        'nosniff',
        'sandbox',
      ]);
      shown.push(headers.get('content-disposition'));
    }
    expect(shown).toEqual(['attachment', 'attachment', null, null, null, 'attachment']);
  });

  test('are given in parts', async () => {
    const user = await valueUser(served);
    const put = await user.put('k', '0123456789', TEXT);
    const etag = put.headers.get('etag') ?? '';
    const part = async (range: string, more = {}) => {
      const { status, text, headers } = await user.get('k', { Range: range, ...more });
      return [status, text, headers.get('content-range')];
    };
    expect(await part('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10']);
    expect(await part('bytes=-3')).toEqual([206, '789', 'bytes 7-9/10']);
    expect(await part('bytes=8-99')).toEqual([206, '89', 'bytes 8-9/10']);
    expect(await part('bytes=0-1', { 'If-Range': etag })).toEqual([206, '01', 'bytes 0-1/10']);
    expect(await part('bytes=0-1', { 'If-Range': '"other"' })).toEqual([200, '0123456789', null]);
    expect(await part('lines=1-2')).toEqual([200, '0123456789', null]);
    const beyond = await user.get('k', { Range: 'bytes=10-' });
    expect([beyond.status, beyond.json.code, beyond.headers.get('content-range')]).toEqual([
      416,
      'range_not_satisfiable',
      'bytes */10',
    ]);
  });

  test.each(['a//b', 'a/', 'a%2F..', '.%2Fa', 'a%20b', 'a%00', '%C3%A9', 'a%', 'k'.repeat(1025)])(
    'have no key %j',
    async key => {
      const user = await valueUser(served);
      const { status, json } = await user.send('GET', `/v2/kv/${key}`);
      expect([status, json.code]).toEqual([400, 'key_invalid']);
    },
  );

  test('are looked for only once it is known that the token may, and then the key comes before conditions', async () => {
    const user = await valueUser(served);
    const narrow = await scopedHeaders(served.server, user.accountId, ['kv:rw:app/']);
    const wrong = { 'If-Match': 'no tag' };
    for (const [method, path] of [
      ['GET', 'kv'],
      ['HEAD', 'kv'],
      ['PUT', 'kv'],
      ['DELETE', 'kv'],
      ['GET', 'info'],
      ['POST', 'touch'],
      ['POST', 'incr'],
    ] as const) {
      const asked = async (key: string, headers = {}) => {
        const { status, json } = await user.send(method, `/v2/${path}/${key}`, undefined, { ...wrong, ...headers });
        return method === 'HEAD' ? [status] : [status, json.code, typeof json.details];
      };
      const answer = (status: number, code: string) => (method === 'HEAD' ? [status] : [status, code, 'object']);
      expect(await asked('other/a%20b', narrow)).toEqual(answer(403, 'scope_insufficient'));
      expect(await asked('app/a%20b', narrow)).toEqual(answer(400, 'key_invalid'));
      expect(await asked('')).toEqual(answer(400, 'key_invalid'));
      expect(await asked('', { Authorization: 'Bearer x' })).toEqual(answer(401, 'unauthorized'));
      expect(await asked('app/a', narrow)).toEqual(answer(400, 'if_match_invalid'));
    }
    const long = await user.send('GET', `/v2/kv/${'k'.repeat(5000)}`, undefined, narrow);
    expect([long.status, long.json.details]).toEqual([403, { scope: 'kv:r' }]);
  });

  test('have keys of 1024 characters, and of all that are allowed', async () => {
    const user = await valueUser(served);
    for (const key of ['k'.repeat(1024), 'A-z0_9.,:@~+=/x']) {
      expect((await user.put(key, key)).status).toBe(201);
      expect((await user.get(key)).text).toBe(key);
    }
    expect((await user.get('A-z0_9.,:@~+=%2Fx')).status).toBe(200);
  });
});
