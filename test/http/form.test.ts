import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { formReader, isForm } from '../../src/http/body/form.ts';
import { openApp, route } from './open-app.ts';
import { type RawRequest, rawRequest } from './raw-request.ts';

const FORM = 'application/x-www-form-urlencoded';

async function send(body: RawRequest['body'], headers: Record<string, string> = { 'Content-Type': FORM }) {
  const read = formReader(1000);
  const routes = route('/', async ctx => {
    const before = isForm(ctx);
    const fields = [...(await read(ctx))];
    ctx.body = { before, after: isForm(ctx), fields };
  });
  const request = { method: 'POST', path: '/', headers, ...(body !== undefined && { body }) };
  return rawRequest(await openApp(routes), request);
}

test.each([
  [
    'a=1&b=two',
    [
      ['a', '1'],
      ['b', 'two'],
    ],
  ],
  [
    'a=first&b=x&a=second',
    [
      ['a', 'first'],
      ['b', 'x'],
    ],
  ],
  ['a=one+two%2Bthree%26', [['a', 'one two+three&']]],
  ['name=%D0%BA%D0%BB%D1%8E%D1%87', [['name', 'ключ']]],
  ['name=ключ', [['name', 'ключ']]],
  [
    'a=&b',
    [
      ['a', ''],
      ['b', ''],
    ],
  ],
  [
    '__proto__=x&constructor=y',
    [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ],
  ],
  [
    'a=100%&b=%zz',
    [
      ['a', '100%'],
      ['b', '%zz'],
    ],
  ],
  ['', []],
  [undefined, []],
])('a form is read field by field, the first of each name: %j', async (body, fields) => {
  const answer = await send(body);
  expect([answer.status, answer.json]).toEqual([200, { before: true, after: true, fields }]);
});

test('a form may be compressed, and come in pieces', async () => {
  const compressed = { 'Content-Type': FORM, 'Content-Encoding': 'gzip' };
  expect((await send(gzipSync('a=1'), compressed)).json.fields).toEqual([['a', '1']]);
  expect((await send(['a=', '1&b', '=2'])).json.fields).toEqual([
    ['a', '1'],
    ['b', '2'],
  ]);
});

test('a form that is too long is 413, one that is no UTF-8 is 400', async () => {
  expect((await send(`a=${'x'.repeat(998)}`)).status).toBe(200);
  const long = await send(`a=${'x'.repeat(999)}`);
  expect([long.status, long.json.code]).toEqual([413, 'request_too_large']);
  const bytes = await send(Buffer.from([0x61, 0x3d, 0xff]));
  expect([bytes.status, bytes.json.code]).toEqual([400, 'encoding_invalid']);
});

test.each([
  [FORM, true],
  [`${FORM}; charset=UTF-8`, true],
  ['Application/X-WWW-Form-URLEncoded ;charset=x', true],
  ['application/json', false],
  [`text/plain; ${FORM}`, false],
  ['multipart/form-data; boundary=x', false],
  [undefined, false],
])('the content type %j says whether it is a form: %j', async (type, expected) => {
  const { json } = await send('a=1', type === undefined ? {} : { 'Content-Type': type });
  expect([json.before, json.after]).toEqual([expected, expected]);
});

test('of fields a form has at most a hundred', async () => {
  const form = (fields: number) => Array<string>(fields).fill('a=b').join('&');
  expect((await send(form(100))).status).toBe(200);
  const answer = await send(form(101));
  expect([answer.status, answer.json.code]).toEqual([400, 'form_invalid']);
  expect((await send('&'.repeat(1000))).json.code).toBe('form_invalid');
});
