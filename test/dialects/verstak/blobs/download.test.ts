import { randomBytes } from 'node:crypto';
import { rm, truncate } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer, sharedServer } from '../../../support/served.ts';
import { demand, pairedDevice, ROOMY, upload } from '../open-verstak.ts';
import { download, KIB, sha256 } from './form.ts';

const HASH = sha256('never uploaded');

const wrong = [
  '',
  'x',
  HASH.slice(1),
  `${HASH}0`,
  HASH.toUpperCase(),
  `${HASH.slice(0, -1)}g`,
  `%20${HASH.slice(1)}`,
  `${HASH}%0A`,
  '..%2f..%2fdata.mdb',
  '%2e%2e%2f',
  '%',
  encodeURIComponent('Ø'.repeat(64)),
];

forEachEngine('a download', engine => {
  const verstak = sharedServer(engine, { options: ROOMY });

  test.each([0, 1, 255 * KIB + 1, 900 * KIB])('of %i bytes is the bytes and what they are called', async size => {
    const { server } = verstak;
    const device = await pairedDevice(server);
    const content = randomBytes(size);
    demand(await upload(server, device, content), 200);
    const { status, headers, bytes } = await download(server, device, sha256(content));
    expect([status, bytes.equals(content)]).toEqual([200, true]);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(size),
      'content-disposition': `attachment; filename="${sha256(content)}"`,
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      etag: `"${sha256(content)}"`,
      'cache-control': 'no-store',
    });
    expect(headers.has('content-range')).toBe(false);
    expect(headers.has('transfer-encoding')).toBe(false);
  });

  test('by HEAD has the same headers, no bytes, and reads nothing', async () => {
    const { server } = verstak;
    const device = await pairedDevice(server);
    const content = randomBytes(5000);
    demand(await upload(server, device, content), 200);
    const whole = await download(server, device, sha256(content));
    const opened = vi.spyOn(server.core.storage.blobs, 'open');
    const head = await download(server, device, sha256(content), { Range: 'bytes=0-9' }, 'HEAD');
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    for (const name of ['content-type', 'content-length', 'content-disposition', 'accept-ranges', 'etag']) {
      expect([name, head.headers.get(name)]).toEqual([name, whole.headers.get(name)]);
    }
    expect(opened).not.toHaveBeenCalled();
    opened.mockRestore();
    expect((await download(server, device, HASH, {}, 'HEAD')).status).toBe(404);
    expect((await download(server, device, 'x', {}, 'HEAD')).status).toBe(400);
  });

  test.each(wrong)('of %j is 400: it is no hash', async address => {
    const device = await pairedDevice(verstak.server);
    const answer = await verstak.server.request('GET', `/api/v1/blobs/${address}`, undefined, { ...device.headers });
    expect([answer.status, answer.json]).toEqual([400, { error: expect.any(String), code: 'invalid_blob_hash' }]);
  });

  test('of nothing is 400 on every path of blobs, and what is not one is 404', async () => {
    const { server } = verstak;
    const { headers } = await pairedDevice(server);
    for (const path of ['/api/v1/blobs', '/api/v1/blobs/', '/api/v1/blobs/?sha256=x']) {
      const answer = await server.request('GET', path, undefined, { ...headers });
      expect([path, answer.status, answer.json.code]).toEqual([path, 400, 'invalid_blob_hash']);
    }
    const deeper = await server.request('GET', `/api/v1/blobs/${HASH}/x`, undefined, { ...headers });
    expect([deeper.status, deeper.json.code]).toEqual([404, 'not_found']);
  });

  test('of what nobody uploaded is 404', async () => {
    const { server } = verstak;
    const { headers } = await pairedDevice(server);
    const answer = await server.request('GET', `/api/v1/blobs/${HASH}`, undefined, { ...headers });
    expect([answer.status, answer.json]).toEqual([404, { error: expect.any(String), code: 'blob_not_found' }]);
  });

  test('of a content that is gone is 404, until it is uploaded again', async () => {
    const { server } = verstak;
    const device = await pairedDevice(server);
    demand(await upload(server, device, 'here and gone'), 200);
    await server.core.storage.blobs.delete(sha256('here and gone'));
    for (const method of ['GET', 'HEAD']) {
      expect((await download(server, device, sha256('here and gone'), {}, method)).status).toBe(404);
    }
    demand(await upload(server, device, 'here and gone'), 200);
    expect((await download(server, device, sha256('here and gone'))).bytes.toString()).toBe('here and gone');
  });

  test('goes on while the content is uploaded again', async () => {
    const { server } = verstak;
    const device = await pairedDevice(server);
    const content = randomBytes(900 * KIB);
    demand(await upload(server, device, content), 200);
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        if (i % 4 === 1) await upload(server, device, content);
        return download(server, device, sha256(content));
      }),
    );
    for (const { status, bytes } of all) expect([status, bytes.equals(content)]).toEqual([200, true]);
  });
});

forEachEngine(
  'a download of a file',
  engine => {
    test('that has another size is 500 with a code of its own, and is logged', async () => {
      const lines: [object, string][] = [];
      const note = (fields: object, message: string) => void lines.push([fields, message]);
      const log = { debug() {}, info() {}, warn: note, error: note };
      const { server, opened } = await openServer(engine, { options: ROOMY, log });
      const device = await pairedDevice(server);
      const content = randomBytes(5000);
      demand(await upload(server, device, content), 200);
      const address = sha256(content);
      const file = `${opened.options.host.slice('file:'.length)}/blobs/${address.slice(0, 2)}/${address}`;
      await truncate(file, 4999);
      const answer = await server.request('GET', `/api/v1/blobs/${address}`, undefined, { ...device.headers });
      expect([answer.status, answer.json]).toEqual([500, { error: expect.any(String), code: 'blob_unavailable' }]);
      expect(answer.text).not.toContain(file);
      for (const name of ['etag', 'content-disposition', 'accept-ranges']) expect(answer.headers.has(name)).toBe(false);
      expect((await download(server, device, address, {}, 'HEAD')).status).toBe(500);
      expect((await download(server, device, address, { Range: 'bytes=0-1' })).status).toBe(500);
      const logged = lines.filter(([fields]) => 'err' in fields).map(([fields]) => String(fields));
      expect(logged.length).toBe(3);
      await rm(file);
      expect((await download(server, device, address)).status).toBe(404);
      demand(await upload(server, device, content), 200);
      expect((await download(server, device, address)).bytes.equals(content)).toBe(true);
    });
  },
  ['embedded'],
);
