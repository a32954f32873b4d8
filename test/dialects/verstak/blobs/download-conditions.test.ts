import { randomBytes } from 'node:crypto';
import { beforeAll, expect, test, vi } from 'vitest';
import { allOrFirst, forEachEngine } from '../../../support/engines.ts';
import { sharedServer } from '../../../support/served.ts';
import { type Device, demand, pairedDevice, ROOMY, upload } from '../open-verstak.ts';
import { download, sha256 } from './form.ts';

const content = randomBytes(5000);
const address = sha256(content);
const own = `"${address}"`;
const other = `"${sha256('other')}"`;

const known = [own, `W/${own}`, '*', ` * `, `${other}, ${own}`, `${other},W/${own} `, `, ,${own}`, `"a,b",${own}`];
const unknown = [
  other,
  address,
  `'${address}'`,
  '""',
  '',
  'W/',
  `w/"${address}x"`,
  '"',
  `${other}, *`,
  own.toUpperCase(),
];
const demanded = [own, '*', `${other}, ${own}`];
const refused = [other, `W/${own}`, address, '', '"', `${other}, W/${own}`];

forEachEngine('a download under a condition', engine => {
  const verstak = sharedServer(engine, { options: ROOMY });
  let device: Device;

  beforeAll(async () => {
    device = await pairedDevice(verstak.server);
    demand(await upload(verstak.server, device, content), 200);
  });

  const ask = (headers: Record<string, string>, method?: 'HEAD') =>
    download(verstak.server, device, address, headers, method);

  test.each(allOrFirst(engine, known))(
    'that the client has %j is 304, with the ETag and without content, which nobody reads',
    async tags => {
      const opened = vi.spyOn(verstak.server.core.storage.blobs, 'open');
      for (const method of [undefined, 'HEAD'] as const) {
        const { status, headers, bytes } = await ask({ 'If-None-Match': tags }, method);
        expect([status, headers.get('ETag'), bytes.length]).toEqual([304, own, 0]);
        expect(headers.get('Cache-Control')).toBe('no-store');
        for (const name of ['Content-Length', 'Content-Type', 'Content-Disposition']) {
          expect([name, headers.has(name)]).toEqual([name, false]);
        }
      }
      expect(opened).not.toHaveBeenCalled();
      opened.mockRestore();
    },
  );

  test.each(allOrFirst(engine, unknown))('that the client has %j is the whole content', async tags => {
    const { status, bytes } = await ask({ 'If-None-Match': tags });
    expect([status, bytes.equals(content)]).toEqual([200, true]);
  });

  test.each(allOrFirst(engine, demanded))('that it is %j is the content', async tags => {
    const { status, bytes } = await ask({ 'If-Match': tags });
    expect([status, bytes.equals(content)]).toEqual([200, true]);
  });

  test.each(allOrFirst(engine, refused))('that it is %j is 412 and tells which it is', async tags => {
    const { status, headers, bytes } = await ask({ 'If-Match': tags });
    expect([status, headers.get('ETag')]).toEqual([412, own]);
    expect(JSON.parse(bytes.toString())).toEqual({ error: expect.any(String), code: 'precondition_failed' });
    const head = await ask({ 'If-Match': tags }, 'HEAD');
    expect([head.status, head.headers.get('ETag'), head.bytes.length]).toEqual([412, own, 0]);
  });

  test('looks at If-Match first, then at If-None-Match, then at the range', async () => {
    const range = { Range: 'bytes=0-9' };
    const beyond = { Range: 'bytes=5000-' };
    const status = async (headers: Record<string, string>) => (await ask(headers)).status;
    expect(await status({ 'If-Match': other, 'If-None-Match': own, ...range })).toBe(412);
    expect(await status({ 'If-Match': own, 'If-None-Match': own, ...range })).toBe(304);
    expect(await status({ 'If-None-Match': own, ...beyond })).toBe(304);
    expect(await status({ 'If-Match': other, ...beyond })).toBe(412);
    expect(await status({ 'If-Match': own, 'If-None-Match': other, ...range, 'If-Range': own })).toBe(206);
    expect(await status({ 'If-Match': own, ...beyond })).toBe(416);
  });

  test('of times is all of it: a content has none', async () => {
    const now = new Date().toUTCString();
    expect((await ask({ 'If-Modified-Since': now })).status).toBe(200);
    expect((await ask({ 'If-Unmodified-Since': new Date(0).toUTCString() })).status).toBe(200);
  });

  test('tells nothing to who may not have it', async () => {
    const stranger = await pairedDevice(verstak.server);
    const conditions: Record<string, string>[] = [
      { 'If-None-Match': '*' },
      { 'If-Match': '*' },
      { 'If-None-Match': own },
    ];
    for (const headers of conditions) {
      const answer = await download(verstak.server, stranger, address, headers);
      expect([answer.status, answer.headers.has('ETag')]).toEqual([404, false]);
    }
  });
});
