import { randomBytes } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { exchange } from '../../../http/raw-request.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { sharedServer } from '../../../support/served.ts';
import { type Device, demand, pairedDevice, ROOMY, upload } from '../open-verstak.ts';
import { download, KIB, sha256 } from './form.ts';

const SIZE = 600 * KIB;
const LAST = SIZE - 1;

/** What is asked for, and the first and last byte that come. */
const parts: [string, number, number][] = [
  ['bytes=0-0', 0, 0],
  ['bytes=0-9', 0, 9],
  ['bytes=5-5', 5, 5],
  ['bytes=0-', 0, LAST],
  [`bytes=0-${LAST}`, 0, LAST],
  [`bytes=${LAST}-`, LAST, LAST],
  [`bytes=${LAST}-${LAST}`, LAST, LAST],
  [`bytes=100-${SIZE}`, 100, LAST],
  ['bytes=100-99999999999999999999', 100, LAST],
  [`bytes=${255 * KIB - 1}-${255 * KIB}`, 255 * KIB - 1, 255 * KIB],
  ['bytes=-1', LAST, LAST],
  ['bytes=-1000', SIZE - 1000, LAST],
  [`bytes=-${SIZE}`, 0, LAST],
  ['bytes=-99999999999999999999', 0, LAST],
  ['Bytes=7-8', 7, 8],
  ['bytes= 7-8 ', 7, 8],
  ['bytes=007-008', 7, 8],
];

const wholes = [
  'bytes=0-0,5-9',
  'bytes=0-0, 5-9',
  'bytes=0-0,',
  'bytes=5-4',
  'bytes=',
  'bytes=-',
  'bytes=--1',
  'bytes=a-b',
  'bytes=1-2-3',
  'bytes=0x1-0x2',
  'bytes=1.5-2',
  'bytes=+1-2',
  'bytes 0-9',
  'bytes',
  'items=0-9',
  '0-9',
];

const none = [`bytes=${SIZE}-`, `bytes=${SIZE}-${SIZE}`, 'bytes=99999999999999999999-', 'bytes=-0'];

forEachEngine('a range of a download', engine => {
  const verstak = sharedServer(engine, { options: ROOMY });
  const content = randomBytes(SIZE);
  const address = sha256(content);
  let device: Device;

  beforeAll(async () => {
    device = await pairedDevice(verstak.server);
    demand(await upload(verstak.server, device, content), 200);
    demand(await upload(verstak.server, device, ''), 200);
  });

  test.each(parts)('%s is bytes %i to %i', async (range, first, last) => {
    const { status, headers, bytes } = await download(verstak.server, device, address, { Range: range });
    expect(status).toBe(206);
    expect(headers.get('Content-Range')).toBe(`bytes ${first}-${last}/${SIZE}`);
    expect(headers.get('Content-Length')).toBe(String(last - first + 1));
    expect(headers.get('Content-Type')).toBe('application/octet-stream');
    expect(headers.get('ETag')).toBe(`"${address}"`);
    expect(headers.get('Content-Disposition')).toBe(`attachment; filename="${address}"`);
    expect(bytes.equals(content.subarray(first, last + 1))).toBe(true);
  });

  test.each(wholes)('%s is the whole', async range => {
    const { status, headers, bytes } = await download(verstak.server, device, address, { Range: range });
    expect([status, headers.get('Content-Range')]).toEqual([200, null]);
    expect(bytes.equals(content)).toBe(true);
  });

  test('given twice is the whole', async () => {
    const { statuses } = await exchange(
      verstak.server.url,
      `GET /api/v1/blobs/${address} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${device.token}\r\n` +
        'Range: bytes=0-1\r\nRange: bytes=3-4\r\nConnection: close\r\n\r\n',
    );
    expect(statuses).toEqual([200]);
  });

  test.each(none)('%s is behind the end: 416 with the size', async range => {
    const { status, headers, bytes } = await download(verstak.server, device, address, { Range: range });
    expect([status, JSON.parse(bytes.toString())]).toEqual([
      416,
      { error: expect.any(String), code: 'range_not_satisfiable' },
    ]);
    expect(headers.get('Content-Range')).toBe(`bytes */${SIZE}`);
    for (const name of ['etag', 'content-disposition']) expect(headers.has(name)).toBe(false);
  });

  test.each(['bytes=0-', 'bytes=0-9', 'bytes=5-', 'bytes=-5', 'bytes=-0'])('%s of nothing is nothing', async range => {
    const { status, headers, bytes } = await download(verstak.server, device, sha256(''), { Range: range });
    expect([status, bytes.length, headers.get('Content-Length'), headers.get('Content-Range')]).toEqual([
      200,
      0,
      '0',
      null,
    ]);
  });

  test.each([
    [`"${address}"`, 206],
    [`"${sha256('')}"`, 200],
    [`W/"${address}"`, 200],
    [address, 200],
    ['*', 200],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 200],
  ])('is honoured if the content is %s: %i', async (condition, wanted) => {
    const more = { Range: 'bytes=1-2', 'If-Range': condition };
    const { status, bytes } = await download(verstak.server, device, address, more);
    expect([status, bytes.length]).toEqual([wanted, wanted === 206 ? 2 : SIZE]);
    const behind = { Range: `bytes=${SIZE}-`, 'If-Range': condition };
    expect((await download(verstak.server, device, address, behind)).status).toBe(wanted === 206 ? 416 : 200);
  });

  test('of what the vault does not have is 404 whatever it is', async () => {
    for (const range of ['bytes=0-9', `bytes=${SIZE}-`, 'bytes=x']) {
      expect((await download(verstak.server, device, sha256('unknown'), { Range: range })).status).toBe(404);
    }
  });
});
