import { expect, test } from 'vitest';
import { type EntryDoc, entriesSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { valueUser } from './values-support.ts';

forEachEngine('values of v2 and of the original API', engine => {
  const served = sharedServer(engine);

  test.each([
    ['text/plain', 'héllo\u0000"\\', 'héllo\u0000"\\'],
    ['text/html; charset=iso-8859-1', '<b>é</b>', '<b>é</b>'],
    ['TEXT/Markdown', '\ufeff# x', '\ufeff# x'],
    ['text/plain', '', ''],
    ['application/json', ' {"a":[1,"é"]}\n', { a: [1, 'é'] }],
    ['application/json; charset=utf-8', 'null', null],
  ])('%s %j of v2 is the value there that it says', async (type, body, value) => {
    const user = await valueUser(served);
    await user.put('k', body, { 'Content-Type': type });
    expect((await user.original('k')).json).toEqual({ value });
  });

  test('JSON of v2 is spliced in as it was sent', async () => {
    const user = await valueUser(served);
    await user.put('k', '{"n":123456789012345678901,"x":1.0}', { 'Content-Type': 'application/json' });
    expect((await user.original('k')).text).toBe('{"value":{"n":123456789012345678901,"x":1.0}}');
  });

  test.each([
    ['application/octet-stream', 'plain'],
    ['text/plain', Buffer.from([0xff, 0x41])],
    ['application/json', '{"broken'],
    ['application/json', ''],
    ['application/json', Buffer.from([0x22, 0xff, 0x22])],
    ['application/json', `${'['.repeat(1001)}${']'.repeat(1001)}`],
    ['application/ld+json', '{}'],
  ])('%s %j of v2 is base64 there', async (type, body) => {
    const user = await valueUser(served);
    await user.put('k', body, { 'Content-Type': type });
    const value = Buffer.from(body as string).toString('base64');
    expect((await user.original('k')).json).toEqual({ value, encoding: 'base64' });
  });

  test.each([
    ['héllo', 'text/plain; charset=utf-8', 'héllo'],
    ['', 'text/plain; charset=utf-8', ''],
    [{ a: [1, null] }, 'application/json', '{"a":[1,null]}'],
    [7, 'application/json', '7'],
    [null, 'application/json', 'null'],
  ])('%j of the original API has a type and bytes in v2', async (value, type, text) => {
    const user = await valueUser(served);
    await user.setOriginal('k', value);
    const got = await user.get('k');
    expect([got.headers.get('content-type'), got.text, got.headers.get('content-length')]).toEqual([
      type,
      text,
      String(Buffer.byteLength(text)),
    ]);
    expect((await user.info('k')).json).toMatchObject({ content_type: type, size: Buffer.byteLength(text) });
  });

  test('a write through the original API changes the ETag, and clears metadata, type and expiry', async () => {
    const user = await valueUser(served);
    const sent = { 'Content-Type': 'text/html', 'Keybin-Meta-A': 'b', 'Content-Encoding': 'x' };
    const put = await user.put('k', 'x', sent, '?ttl=60');
    expect((await user.setOriginal('k', 'x')).status).toBe(200);
    const info = (await user.info('k')).json;
    expect(info).toMatchObject({ content_type: 'text/plain; charset=utf-8', expires_at: null, meta: {} });
    expect(info.content_encoding).toBeUndefined();
    expect(info.etag).not.toBe(put.headers.get('etag'));
    expect((await user.put('k', 'y', { 'If-Match': put.headers.get('etag') ?? '' })).status).toBe(412);
    await user.send('DELETE', `/user/${user.token}/store/k`);
    expect((await user.get('k')).status).toBe(404);
  });

  test('a key that the original API cannot name is neither listed nor read there', async () => {
    const user = await valueUser(served);
    for (const key of ['a/b', 'a', 'b-c', 'b.c']) await user.put(key, 'x');
    expect((await user.send('GET', `/user/${user.token}/keys`)).json).toEqual({ keys: ['a', 'b.c'] });
    const first = await user.send('GET', `/user/${user.token}/keys?limit=1`);
    expect(first.json.keys).toEqual(['a']);
    const second = await user.send('GET', `/user/${user.token}/keys?limit=1&cursor=${first.json.cursor}`);
    expect(second.json.keys).toEqual(['b.c']);
    for (const key of ['a%2Fb', 'b-c']) expect((await user.original(key)).json.code).toBe('key_invalid');
  });

  test('a document of the original service can be read, and changed under its ETag', async () => {
    const user = await valueUser(served);
    const entries = served.server.core.storage.collection(entriesSpec);
    const old = async (key: string, value: unknown) => {
      await entries.put({ user_id: user.accountId, key, value } as EntryDoc);
      const { headers, text } = await user.get(key);
      return [headers.get('content-type'), text, headers.get('etag') ?? ''] as const;
    };
    const [type, text, etag] = await old('s', 'old');
    expect([type, text]).toEqual(['text/plain; charset=utf-8', 'old']);
    expect((await old('o', { a: [1] })).slice(0, 2)).toEqual(['application/json', '{"a":[1]}']);
    const [, , ofOne] = await old('n', 1);
    const [, , ofTwo] = await old('n', 2);
    expect(ofOne).not.toBe(ofTwo);
    expect(etag).toMatch(/^"[^"]+"$/);
    expect((await user.get('s')).headers.get('etag')).toBe(etag);
    expect((await user.info('s')).json).toMatchObject({ etag, size: 3, created_at: null, updated_at: null });
    expect((await user.get('s', { 'If-None-Match': etag })).status).toBe(304);
    expect((await user.put('s', 'new', { 'If-Match': ofTwo })).status).toBe(412);
    const writes = await Promise.all([1, 2, 3].map(i => user.put('s', `${i}`, { 'If-Match': etag })));
    expect(writes.map(({ status }) => status).sort()).toEqual([204, 412, 412]);
    expect((await user.incr('n', {}, { 'If-Match': ofTwo })).json.value).toBe(3);
    expect((await user.touch('o', { ttl: 60 })).json).toMatchObject({ content_type: 'application/json', size: 9 });
    expect((await user.get('o')).text).toBe('{"a":[1]}');
    expect((await user.original('o')).json).toEqual({ value: { a: [1] } });
  });
});
