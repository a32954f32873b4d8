import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { setBlocked, unregister } from '../../../../src/core/accounts/accounts.ts';
import { exchange } from '../../../http/raw-request.ts';
import { slowClient } from '../../../process/slow-client.ts';
import { blobUsage } from '../../../support/blob-usage.ts';
import { type Engine, forEachEngine } from '../../../support/engines.ts';
import { openServer, sharedServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { type Device, demand, newOperation, pairedDevice, push, ROOMY, upload } from '../open-verstak.ts';
import {
  beginUpload,
  chunkOf,
  cut,
  download,
  endUpload,
  formOf,
  headOf,
  KIB,
  LAST_CHUNK,
  PART,
  sendForm,
  sha256,
} from './form.ts';

const MIB = 1024 * KIB;

/** Tokens that open nothing. */
const strangers: [string, string | undefined][] = [
  ['no token', undefined],
  ['an empty token', 'Bearer '],
  ['an unknown token', `Bearer ${'0'.repeat(64)}`],
  ['another scheme', `Basic ${'0'.repeat(64)}`],
];

async function revoke(server: TestServer, { headers }: Device): Promise<void> {
  demand(await server.request('POST', '/api/client/revoke-current', undefined, { ...headers }), 200);
}

/** What may happen to a device, and what it is told then. */
const ends: [string, (server: TestServer, device: Device) => Promise<unknown>, number, string][] = [
  ['was revoked', revoke, 401, 'unauthorized'],
  ['has a blocked account', ({ core }, { account }) => setBlocked(core, account, true), 403, 'forbidden'],
  ['has an account that ended', ({ core }, { account }) => unregister(core, account), 401, 'unauthorized'],
];

/** A server that takes little, and a device of it. */
async function openTight(engine: Engine): Promise<{ server: TestServer; device: Device }> {
  const options = { ...ROOMY, VERSTAK_BLOB_BYTES: '100000', VERSTAK_VAULT_BYTES: '50000' };
  const { server } = await openServer(engine, { options });
  return { server, device: await pairedDevice(server) };
}

forEachEngine('a form', engine => {
  test('with far more around the file than in it is refused before it has been read', async () => {
    const { server, device } = await openTight(engine);
    for (const padded of [
      Buffer.concat([Buffer.alloc(300 * KIB, 'x'), Buffer.from('\r\n'), formOf('abc')]),
      Buffer.concat([formOf('abc'), Buffer.alloc(300 * KIB, 'x')]),
    ]) {
      const { status, json } = await sendForm(server, device, [padded]);
      expect([status, json.code]).toEqual([400, 'invalid_multipart']);
    }
    expect((await server.core.storage.blobs.list()).items).toEqual([]);
  });
});

forEachEngine('an upload that is refused', engine => {
  const verstak = sharedServer(engine, { options: ROOMY });

  test.each(strangers)('for %s is told so', async (_, token) => {
    const answer = await sendForm(verstak.server, { headers: {} }, [formOf('abc')], {
      more: { Authorization: token },
    });
    expect([answer.status, answer.json]).toEqual([401, { error: expect.any(String), code: 'unauthorized' }]);
    const got = await verstak.server.request('GET', `/api/v1/blobs/${sha256('abc')}`, undefined, {
      ...(token !== undefined && { Authorization: token }),
    });
    expect([got.status, got.json.code]).toEqual([401, 'unauthorized']);
  });

  test.each(ends)('because its device %s is told so, as a download is', async (_, end, status, code) => {
    const { server } = verstak;
    const device = await pairedDevice(server);
    demand(await upload(server, device, 'before'), 200);
    await end(server, device);
    const answer = await sendForm(server, device, [formOf('abc')]);
    expect([answer.status, answer.json]).toEqual([status, { error: expect.any(String), code }]);
    const got = await server.request('GET', `/api/v1/blobs/${sha256('before')}`, undefined, { ...device.headers });
    expect([got.status, got.json.code]).toEqual([status, code]);
  });

  test.each(ends)('because its device %s while it was sent leaves nothing', async (_, end, status, code) => {
    const { server } = verstak;
    const device = await pairedDevice(server);
    const beginning = randomBytes(25_000).toString('hex');
    const client = await beginUpload(server, device, beginning);
    await expect.poll(async () => (await server.core.storage.blobs.sweep()).unfinished).toBe(1);
    await end(server, device);
    expect(await endUpload(client)).toEqual({ status, json: { error: expect.any(String), code } });
    const kept = (await server.core.storage.blobs.list()).items;
    expect(kept.map(blob => blob.sha256)).not.toContain(sha256(beginning));
    expect(await blobUsage(server.core, { accountId: device.account.user_id, scope: '' })).toEqual({
      bytes: 0,
      count: 0,
    });
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
  });

  test.each<[string, number, string, string?]>([
    ['for its token', 401, 'unauthorized', PART],
    ['for its form', 400, 'invalid_multipart', PART.replace('file', 'blob')],
    ['for its size', 413, 'blob_too_large', PART],
    ['for the room it takes', 413, 'quota_exceeded', PART],
  ])('%s hears of that when it has sent 5 MB more', async (_, status, code, part) => {
    const { server, device } = await openTight(engine);
    if (code === 'blob_too_large') await server.configure({ VERSTAK_VAULT_BYTES: '100000' });
    const stranger = { headers: { Authorization: `Bearer ${'0'.repeat(64)}` } };
    const form = formOf(Buffer.alloc(5_000_000, 'x'), part);
    for (const connection of ['close', 'keep-alive']) {
      const answer = await sendForm(server, status === 401 ? stranger : device, cut(form, 64 * KIB), {
        more: { Connection: connection },
      });
      expect([answer.status, answer.json.code]).toEqual([status, code]);
      expect(answer.headers.connection).toBe(connection);
      expect(answer.text.length).toBeLessThan(500);
    }
    expect(await server.core.storage.blobs.list()).toEqual({ items: [] });
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
  });

  test('trap 10: is answered when the rest of it has come, and no sooner', async () => {
    const { server, device } = await openTight(engine);
    const client = await slowClient(server.url);
    client.send(headOf({ headers: {} }, 'Connection: close\r\n'));
    // Another request that takes longer than the refusal of this one.
    for (let i = 0; i < 5; i++) {
      client.send(chunkOf('x'.repeat(10_000)));
      demand(await upload(server, device, `${i}`), 200);
      expect(client.answered).toBe('');
    }
    client.send(LAST_CHUNK);
    await client.ended;
    expect(client.answered).toMatch(/^HTTP\/1\.1 401 .*"code":"unauthorized"\}$/s);
  });

  test('leaves its connection good for the next request', async () => {
    const { server, device } = await openTight(engine);
    const refused = [
      headOf({ headers: {} }) + chunkOf(formOf('x'.repeat(100_000)).toString()),
      headOf(device) + chunkOf(formOf('abc', PART.replace('file', 'blob')).toString() + 'x'.repeat(100_000)),
      headOf(device) + chunkOf(formOf('x'.repeat(300_000)).toString()),
      headOf(device) + chunkOf(formOf('x'.repeat(60_000)).toString()),
    ];
    const last = `GET /api/client/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${device.token}\r\nConnection: close\r\n\r\n`;
    const { statuses } = await exchange(server.url, refused.map(text => text + LAST_CHUNK).join('') + last);
    expect(statuses).toEqual([401, 400, 413, 413, 200]);
  });

  test('for the room it would take leaves the log of the vault as it was, and nothing can refer to it', async () => {
    const { server, device } = await openTight(engine);
    const content = randomBytes(50_001);
    expect((await upload(server, device, content)).json.code).toBe('quota_exceeded');
    const payload_json = JSON.stringify({ blob: { sha256: sha256(content), size: content.length } });
    const pushed = await push(server, device, [newOperation({ entity_type: 'file', payload_json })]);
    expect([pushed.status, pushed.json.code]).toEqual([400, 'blob_not_owned']);
    expect((await download(server, device, sha256(content))).status).toBe(404);
  });

  test.each([
    ['PUT', '/api/v1/blobs/'],
    ['DELETE', '/api/v1/blobs/'],
    ['PATCH', '/api/v1/blobs'],
    ['DELETE', '/api/v1/blobs'],
    ['POST', `/api/v1/blobs/${sha256('x')}`],
    ['PUT', `/api/v1/blobs/${sha256('x')}`],
    ['DELETE', `/api/v1/blobs/${sha256('x')}`],
    ['OPTIONS', `/api/v1/blobs/${sha256('x')}`],
  ])('because %s is not for %s is told what is', async (method, path) => {
    const device = await pairedDevice(verstak.server);
    for (const headers of [{}, device.headers]) {
      const answer = await verstak.server.request(method, path, undefined, { ...headers });
      expect([answer.status, answer.json.code]).toEqual([405, 'method_not_allowed']);
      expect(answer.headers.get('Allow')).toBe('GET, POST');
    }
  });
});

forEachEngine(
  'an upload that is refused and goes on and on',
  engine => {
    test('gets its answer after 64 MiB, and its connection is closed', async () => {
      const { server } = await openServer(engine, { options: ROOMY });
      const piece = chunkOf('x'.repeat(MIB));
      const client = await slowClient(server.url);
      let over = false;
      void client.ended.then(() => {
        over = true;
      });
      client.send(headOf({ headers: {} }));
      for (let i = 0; i < 64; i++) {
        client.send(piece);
        await new Promise(resolve => setImmediate(resolve));
      }
      await server.request('GET', '/livez');
      expect(over).toBe(false);
      client.send(piece);
      await client.ended;
      expect(client.answered).toMatch(/^HTTP\/1\.1 401 .*Connection: close.*"code":"unauthorized"\}$/s);
    });
  },
  ['embedded'],
);
