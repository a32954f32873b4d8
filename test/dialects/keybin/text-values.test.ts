import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { newUser, sharedUser } from './open-keybin.ts';

forEachEngine('a value that is a string', engine => {
  const keybin = sharedServer(engine);
  const user = sharedUser(keybin);

  async function readBack(value: string): Promise<unknown> {
    const { path } = user;
    const stored = await keybin.server.request('POST', `${path}/store/a`, { value });
    expect([stored.status, stored.json]).toEqual([200, { result: 'ok' }]);
    const answer = await keybin.server.request('GET', `${path}/store/a`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type')).toMatch(/^application\/json/);
    expect(Object.keys(answer.json)).toEqual(['value']);
    return answer.json.value;
  }

  test.each([
    ['nothing', ''],
    ['a blank', ' '],
    ['U+0000', '\0'],
    ['U+0000 inside', 'a\0b\0'],
    ['all control characters', String.fromCharCode(...Array(32).keys(), 127, 0x85)],
    ['line ends of every kind', 'a\r\nb\nc\rd\u2028e\u2029'],
    ['blanks around', ' \t value \n'],
    ['a byte order mark', '\ufeffx'],
    ['what JSON looks like', '{"value":[1,null]}'],
    ['a JSON string', '"quoted"'],
    ['a number', '5'],
    ['the word null', 'null'],
    ['quotes and backslashes', '\\"\\\\u0041/'],
    ['both forms of an accent', '\u00e9 e\u0301'],
    ['characters of four bytes', '😀 \u{10ffff}'],
    ['non-characters', '\ufffe\uffff\u{1ffff}'],
    ['the replacement character', '\ufffd'],
    ['an operator', '$where: 1'],
    ['markup', '</script><!--'],
  ])('comes back as it was: %s', async (_, value) => {
    expect(await readBack(value)).toBe(value);
  });

  test('comes back byte for byte with every character of the first plane', async () => {
    const codes = Array.from({ length: 0x10000 }, (_, code) => code).filter(code => code < 0xd800 || code > 0xdfff);
    const value = codes.map(code => String.fromCharCode(code)).join('');
    expect((await readBack(value)) === value).toBe(true);
  });

  test('replaces what was there, whatever type that had', async () => {
    const { path } = await newUser(keybin.server);
    for (const value of ['first', { a: 1 }, 'second', '', [1], 'third']) {
      await keybin.server.request('POST', `${path}/store/a`, { value });
      expect((await keybin.server.request('GET', `${path}/store/a`)).json).toEqual({ value });
    }
    expect((await keybin.server.request('GET', `${path}/keys`)).json).toEqual({ keys: ['a'] });
  });

  test('written with escapes is the string that they mean', async () => {
    const { path } = await newUser(keybin.server);
    await keybin.server.request('POST', `${path}/store/a`, '{"val\\u0075e":"\\u0041\\ud83d\\ude00\\/\\u0000"}');
    expect((await keybin.server.request('GET', `${path}/store/a`)).json).toEqual({ value: 'A😀/\0' });
  });

  test.each([
    ['a high one', '"\\ud800"'],
    ['a low one', '"a\\udc00b"'],
    ['two in the wrong order', '"\\ude00\\ud83d"'],
    ['one inside a list', '["\\ud800"]'],
    ['one deep inside', '{"a":[{"b":"\\udfff"}]}'],
    ['one in a name', '{"\\ud800":1}'],
  ])('with a lone surrogate, %s, is 400 and leaves what was there', async (_, value) => {
    const { path } = user;
    await keybin.server.request('POST', `${path}/store/a`, { value: 'before' });
    const answer = await keybin.server.request('POST', `${path}/store/a`, `{"value":${value}}`);
    expect([answer.status, answer.json.code]).toEqual([400, 'value_invalid']);
    expect((await keybin.server.request('GET', `${path}/store/a`)).json).toEqual({ value: 'before' });
  });
});
