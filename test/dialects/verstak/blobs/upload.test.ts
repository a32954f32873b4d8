import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { exchange } from '../../../http/raw-request.ts';
import { blobUsage } from '../../../support/blob-usage.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { type Device, demand, newAccount, pairedDevice, ROOMY, upload } from '../open-verstak.ts';
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
  sendForm,
  sha256,
} from './form.ts';

/** References of the device's vault, or of its whole account. */
function used(
  { core }: TestServer,
  { account, vault }: Device,
  all = false,
): Promise<{ bytes: number; count: number }> {
  return blobUsage(core, { accountId: account.user_id, scope: all ? '' : `verstak/${vault}` });
}

forEachEngine('an upload', engine => {
  const verstak = sharedServer(engine, { options: ROOMY });

  test.each([0, 1, 1000, 255 * KIB, 255 * KIB + 1, 900 * KIB])(
    'of %i bytes is answered with hash and size, and comes back as it was',
    async size => {
      const device = await pairedDevice(verstak.server);
      const content = randomBytes(size);
      for (const path of ['/api/v1/blobs/', '/api/v1/blobs']) {
        const answer = await sendForm(verstak.server, device, cut(formOf(content), 50_000), { path });
        expect([answer.status, answer.json]).toEqual([200, { sha256: sha256(content), size }]);
        expect(answer.headers['content-type']).toMatch(/^application\/json/);
      }
      const { status, bytes } = await download(verstak.server, device, sha256(content));
      expect([status, bytes.equals(content)]).toEqual([200, true]);
      expect(await used(verstak.server, device)).toEqual({ bytes: size, count: 1 });
    },
  );

  test('may announce its length, or that it would rather be asked to go on', async () => {
    const device = await pairedDevice(verstak.server);
    const content = randomBytes(5000);
    expect(demand(await upload(verstak.server, device, content), 200).json.sha256).toBe(sha256(content));
    const form = formOf(content).toString('latin1');
    const head = headOf(device, 'Expect: 100-continue\r\nConnection: close\r\n');
    const { statuses, text } = await exchange(
      verstak.server.url,
      Buffer.from(head + chunkOf(Buffer.from(form, 'latin1')) + LAST_CHUNK, 'latin1'),
    );
    expect(statuses).toEqual([100, 200]);
    expect(text).toContain(sha256(content));
  });

  test('may come in slow pieces, and is there once it is answered', async () => {
    const device = await pairedDevice(verstak.server);
    const client = await beginUpload(verstak.server, device, 'slow');
    let text = 'slow';
    for (let i = 0; i < 20; i++) {
      // Another request in between: the server has read the piece by then.
      const looked = await download(verstak.server, device, sha256(text));
      expect(looked.status).toBe(404);
      client.send(chunkOf(`er ${i}`));
      text += `er ${i}`;
    }
    expect(await endUpload(client, '.')).toEqual({
      status: 200,
      json: { sha256: sha256(`${text}.`), size: text.length + 1 },
    });
    const { bytes } = await download(verstak.server, device, sha256(`${text}.`));
    expect(bytes.toString()).toBe(`${text}.`);
  });

  test('is followed by other requests on its connection', async () => {
    const device = await pairedDevice(verstak.server);
    const form = formOf('one').toString();
    const one = headOf(device) + chunkOf(form) + LAST_CHUNK;
    const behind = headOf(device) + chunkOf(`${form}and a text behind it`) + LAST_CHUNK;
    const last = `GET /api/client/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${device.token}\r\nConnection: close\r\n\r\n`;
    expect((await exchange(verstak.server.url, one + behind + one + last)).statuses).toEqual([200, 200, 200, 200]);
  });

  test('of what is there already has the same answer, and there is still one reference', async () => {
    const device = await pairedDevice(verstak.server);
    const first = demand(await upload(verstak.server, device, 'again'), 200);
    const mate = await pairedDevice(verstak.server, { account: device.account, vault: device.vault });
    for (const { headers } of [device, device, mate]) {
      const answer = demand(await upload(verstak.server, { ...device, headers }, 'again'), 200);
      expect(answer.text).toBe(first.text);
    }
    expect(await used(verstak.server, device)).toEqual({ bytes: 5, count: 1 });
    expect(await used(verstak.server, device, true)).toEqual({ bytes: 5, count: 1 });
  });

  test('of one content by many at once gives each of them their own reference', async () => {
    const { server } = verstak;
    const other = await anotherServer(verstak, { options: ROOMY });
    const account = await newAccount(server);
    const devices = [
      await pairedDevice(server, { account, vault: 'a' }),
      await pairedDevice(server, { account, vault: 'a' }),
      await pairedDevice(server, { account, vault: 'b' }),
      await pairedDevice(server),
      await pairedDevice(server),
    ];
    const content = randomBytes(300 * KIB);
    const twice = [...devices, ...devices];
    const answers = await Promise.all(
      twice.map((device, i) => sendForm(i % 2 ? other : server, device, cut(formOf(content), 10_000))),
    );
    for (const { status, json } of answers) {
      expect([status, json]).toEqual([200, { sha256: sha256(content), size: content.length }]);
    }
    for (const device of devices) {
      expect((await download(server, device, sha256(content))).bytes.equals(content)).toBe(true);
      expect(await used(server, device)).toEqual({ bytes: content.length, count: 1 });
    }
    expect(await used(server, devices[0] as Device, true)).toEqual({ bytes: 2 * content.length, count: 2 });
  });

  test('may have as many bytes as the configuration says, exactly, as soon as it says so', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, VERSTAK_BLOB_BYTES: '1000' } });
    const device = await pairedDevice(server);
    const refused = async (size: number, limit: number) => {
      const content = randomBytes(size);
      for (const length of [100, size + 1000]) {
        const answer = await sendForm(server, device, cut(formOf(content), length));
        expect([answer.status, answer.json]).toEqual([
          413,
          { error: expect.stringContaining(String(limit)), code: 'blob_too_large', limit },
        ]);
      }
      expect((await download(server, device, sha256(content))).status).toBe(404);
    };
    await refused(1001, 1000);
    await refused(200_000, 1000);
    expect(await server.core.storage.blobs.list()).toEqual({ items: [] });
    demand(await upload(server, device, randomBytes(1000)), 200);
    await server.configure({ VERSTAK_BLOB_BYTES: '1001' });
    demand(await upload(server, device, randomBytes(1001)), 200);
    await refused(1002, 1001);
    expect(await used(server, device)).toEqual({ bytes: 2001, count: 2 });
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
  });
});
