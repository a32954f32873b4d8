import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { allOrFirst, forEachEngine } from '../../../support/engines.ts';
import { sharedServer } from '../../../support/served.ts';
import { pairedDevice, ROOMY } from '../open-verstak.ts';
import { BOUNDARY, cut, formOf, PART, sendForm, sha256 } from './form.ts';

const named = (parameters: string) => `Content-Disposition: form-data; ${parameters}`;
const bytesOf = (text: string) => Buffer.from(text.replaceAll('BOUNDARY', BOUNDARY));
const end = `\r\n--${BOUNDARY}--\r\n`;

const parts: [string, string][] = [
  ['as the desktop sends it', PART],
  ['without a type', named('name="file"; filename="a"')],
  ['with a type that is text', `${named('name="file"; filename="a"')}\r\nContent-Type: text/plain; charset=utf-8`],
  ['with its parameters the other way round', named('filename="a"; name="file"')],
  ['with parameters without quotes', named('name=file; filename=a')],
  ['with headers in capitals', 'CONTENT-DISPOSITION: FORM-DATA; NAME="file"; FILENAME="a"'],
  ['with a filename that would be a path', named('name="file"; filename="../../../../etc/passwd"')],
  ['with a filename that is no name', named('name="file"; filename=".."')],
  ['with a filename that no disk takes', named(`name="file"; filename="${'x'.repeat(1000)}"`)],
  ['with a filename in another alphabet', named('name="file"; filename="Отчёт.md"')],
  ['with a filename in the extended form', named('name="file"; filename*=UTF-8\'\'%D0%9E.md')],
  ['with quotes in its filename', named('name="file"; filename="a\\"b.txt"')],
  ['with an encoding that says nothing', `${PART}\r\nContent-Transfer-Encoding: binary`],
];

const forms: [string, (form: string) => string][] = [
  ['a line before it', form => `This is a form.\r\n${form}`],
  ['an empty line before it', form => `\r\n${form}`],
  ['no line break at its end', form => form.slice(0, -2)],
  ['text behind it', form => `${form}That was a form.`],
  ['something like another form behind it', form => `${form}${form}`],
  ['much text behind it', form => form + 'x'.repeat(200_000)],
];

const types = [
  `multipart/form-data; boundary="${BOUNDARY}"`,
  `Multipart/Form-Data;boundary=${BOUNDARY}`,
  `multipart/form-data; charset=utf-8; boundary=${BOUNDARY}`,
  `multipart/form-data; boundary=${BOUNDARY}; charset=utf-8`,
];

const wrongTypes: (string | undefined)[] = [
  undefined,
  '',
  'application/octet-stream',
  'application/json',
  'application/x-www-form-urlencoded',
  `multipart/mixed; boundary=${BOUNDARY}`,
  `multipart/form-data-x; boundary=${BOUNDARY}`,
  `text/plain; multipart/form-data; boundary=${BOUNDARY}`,
  'multipart/form-data',
  'multipart/form-data;',
  'multipart/form-data; boundary',
  'multipart/form-data; boundary=',
  'multipart/form-data; boundary=""',
  `multipart/form-data; x="; boundary=${BOUNDARY}"`,
  `multipart/form-data; boundary=${'x'.repeat(300)}`,
  'multipart/form-data; boundary=Another',
];

/** Each with the content `abc`, so that it can be looked for. */
const wrongForms: [string, string][] = [
  ['nothing', ''],
  ['a text', 'abc'],
  ['only a line', '--BOUNDARY'],
  ['only the beginning', '--BOUNDARY\r\n'],
  ['no part', '--BOUNDARY--\r\n'],
  ['no part, and text around', 'x\r\n--BOUNDARY--\r\nx'],
  ['a part without headers', `--BOUNDARY\r\n\r\nabc${end}`],
  ['a part that is empty altogether', `--BOUNDARY${end}`],
  ['a part without a name', `--BOUNDARY\r\nContent-Type: text/plain\r\n\r\nabc${end}`],
  ['another name', `--BOUNDARY\r\n${named('name="blob"; filename="a"')}\r\n\r\nabc${end}`],
  ['another letter case of the name', `--BOUNDARY\r\n${named('name="File"; filename="a"')}\r\n\r\nabc${end}`],
  ['an empty name', `--BOUNDARY\r\n${named('name=""; filename="a"')}\r\n\r\nabc${end}`],
  ['a filename alone', `--BOUNDARY\r\n${named('filename="a"')}\r\n\r\nabc${end}`],
  ['no filename', `--BOUNDARY\r\n${named('name="file"')}\r\n\r\nabc${end}`],
  ['no filename, and a type of files', `--BOUNDARY\r\n${PART.replace('; filename="blob.bin"', '')}\r\n\r\nabc${end}`],
  ['an empty filename', `--BOUNDARY\r\n${named('name="file"; filename=""')}\r\n\r\nabc${end}`],
  ['a filename without a value', `--BOUNDARY\r\n${named('name="file"; filename')}\r\n\r\nabc${end}`],
  ['another disposition', `--BOUNDARY\r\n${PART.replace('form-data', 'attachment')}\r\n\r\nabc${end}`],
  ['a second file', `--BOUNDARY\r\n${PART}\r\n\r\nabc\r\n--BOUNDARY\r\n${PART}\r\n\r\nabd${end}`],
  [
    'a second file of another name',
    `--BOUNDARY\r\n${PART}\r\n\r\nabc\r\n--BOUNDARY\r\n${named('name="b"; filename="b"')}\r\n\r\nx${end}`,
  ],
  ['a field before it', `--BOUNDARY\r\n${named('name="note"')}\r\n\r\nx\r\n--BOUNDARY\r\n${PART}\r\n\r\nabc${end}`],
  ['a field behind it', `--BOUNDARY\r\n${PART}\r\n\r\nabc\r\n--BOUNDARY\r\n${named('name="note"')}\r\n\r\nx${end}`],
  ['a part without a name before it', `--BOUNDARY\r\n\r\nx\r\n--BOUNDARY\r\n${PART}\r\n\r\nabc${end}`],
  ['a part without a name behind it', `--BOUNDARY\r\n${PART}\r\n\r\nabc\r\n--BOUNDARY\r\n\r\nx${end}`],
  ['an empty part behind it', `--BOUNDARY\r\n${PART}\r\n\r\nabc\r\n--BOUNDARY\r\n${end}`],
  ['headers that do not end', `--BOUNDARY\r\n${PART}`],
  ['headers cut off by the end', `--BOUNDARY\r\n${PART}${end}`],
  ['a name behind more headers than are read', `--BOUNDARY\r\n${'X-More: 1\r\n'.repeat(40)}${PART}\r\n\r\nabc${end}`],
  ['a name behind longer headers than are read', `--BOUNDARY\r\nX: ${'x'.repeat(9_000)}\r\n${PART}\r\n\r\nabc${end}`],
  ['no end', `--BOUNDARY\r\n${PART}\r\n\r\nabc`],
  ['no end but a line break', `--BOUNDARY\r\n${PART}\r\n\r\nabc\r\n`],
  ['an end that is half there', `--BOUNDARY\r\n${PART}\r\n\r\nabc\r\n--BOUND`],
  ['an end without its dashes', `--BOUNDARY\r\n${PART}\r\n\r\nabc\r\n--BOUNDARY`],
  ['an end with one dash', `--BOUNDARY\r\n${PART}\r\n\r\nabc\r\n--BOUNDARY-`],
  ['line breaks of one character', `--BOUNDARY\r\n${PART}\r\n\r\nabc${end}`.replaceAll('\r\n', '\n')],
];

forEachEngine('the form of an upload', engine => {
  const verstak = sharedServer(engine, { options: ROOMY });

  test.each(allOrFirst(engine, parts))('may have a part %s', async (_, part) => {
    const device = await pairedDevice(verstak.server);
    const content = randomBytes(100);
    const form = formOf(content, part);
    for (const pieces of [[form], cut(form, 1)]) {
      const answer = await sendForm(verstak.server, device, pieces);
      expect([answer.status, answer.json]).toEqual([200, { sha256: sha256(content), size: 100 }]);
    }
  });

  test.each(allOrFirst(engine, forms))('may have %s', async (_, change) => {
    const device = await pairedDevice(verstak.server);
    const form = Buffer.from(change(formOf('abc').toString()));
    for (const pieces of [[form], cut(form, form.length > 1000 ? 10_000 : 1)]) {
      const answer = await sendForm(verstak.server, device, pieces);
      expect([answer.status, answer.json]).toEqual([200, { sha256: sha256('abc'), size: 3 }]);
    }
  });

  test.each(allOrFirst(engine, types))('may be announced as %s', async type => {
    const device = await pairedDevice(verstak.server);
    const answer = await sendForm(verstak.server, device, [formOf('abc')], { more: { 'Content-Type': type } });
    expect([answer.status, answer.json]).toEqual([200, { sha256: sha256('abc'), size: 3 }]);
  });

  test('keeps what looks like its own boundary', async () => {
    const device = await pairedDevice(verstak.server);
    const like = [`x--${BOUNDARY}`, `\r\n--${BOUNDARY.slice(0, -1)}`, `\n--${BOUNDARY}--`, '\r\n', `\r\n-${BOUNDARY}`];
    for (const content of [...like, like.join(''), `\r\n--${BOUNDARY.slice(0, -1)}`.repeat(50), '\r'.repeat(100)]) {
      const form = formOf(content);
      for (const length of allOrFirst(engine, [form.length, 1, 2, 7, BOUNDARY.length + 3])) {
        const answer = await sendForm(verstak.server, device, cut(form, length));
        expect([answer.status, answer.json.sha256]).toEqual([200, sha256(content)]);
      }
    }
  });

  test.each(
    allOrFirst(
      engine,
      wrongTypes.map(type => [type]),
    ),
  )('is no form of the type %s', async type => {
    const device = await pairedDevice(verstak.server);
    const answer = await sendForm(verstak.server, device, [formOf('abc')], {
      more: { 'Content-Type': type },
    });
    expect([answer.status, answer.json]).toEqual([400, { error: expect.any(String), code: 'invalid_multipart' }]);
    expect((await sendForm(verstak.server, device, [formOf('abc')])).status).toBe(200);
  });

  test.each(allOrFirst(engine, wrongForms))('is refused with %s, and nothing is kept', async (_, text) => {
    const { server } = verstak;
    const device = await pairedDevice(server);
    const form = bytesOf(text);
    for (const pieces of [[form], cut(form, form.length > 5000 ? 100 : 1)]) {
      const answer = await sendForm(server, device, pieces);
      expect([answer.status, answer.json]).toEqual([400, { error: expect.any(String), code: 'invalid_multipart' }]);
      expect(answer.headers.connection).not.toBe('close');
    }
    const looked = await server.request('GET', `/api/v1/blobs/${sha256('abc')}`, undefined, device.headers);
    expect([looked.status, looked.json.code]).toEqual([404, 'blob_not_found']);
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
  });
});
