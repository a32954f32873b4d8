import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { unregister } from '../../../../src/core/accounts/accounts.ts';
import { resumeErasures } from '../../../../src/core/accounts/erase.ts';
import { sweepBlobs } from '../../../../src/core/blobs/blobs.ts';
import { blobUsage } from '../../../support/blob-usage.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer, sharedServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { type Device, demand, pairedDevice, ROOMY, upload } from '../open-verstak.ts';
import { beginUpload, download, endUpload, KIB, sha256 } from './form.ts';

const DAY = 24 * 3_600_000;

/** What a device gets for a hash: status and body. */
async function look(server: TestServer, device: Device, address: string): Promise<[number, string]> {
  const { status, bytes } = await download(server, device, address);
  return [status, bytes.toString()];
}

async function kept({ core }: TestServer): Promise<string[]> {
  return (await core.storage.blobs.list()).items.map(({ sha256: address }) => address);
}

/** Ends an account and all that it has, as far as that goes at once. */
async function end(server: TestServer, { account }: Device): Promise<void> {
  await unregister(server.core, account);
  server.clock.advance(200_000);
  await resumeErasures(server.core);
}

forEachEngine('a blob', engine => {
  const verstak = sharedServer(engine, { options: ROOMY });

  test('is read by every device of its vault', async () => {
    const { server } = verstak;
    const device = await pairedDevice(server);
    const mate = await pairedDevice(server, { account: device.account, vault: device.vault });
    const content = randomBytes(1000);
    demand(await upload(server, device, content), 200);
    expect((await download(server, mate, sha256(content))).bytes.equals(content)).toBe(true);
    demand(await server.request('POST', '/api/client/revoke-current', undefined, { ...device.headers }), 200);
    expect((await download(server, mate, sha256(content))).bytes.equals(content)).toBe(true);
  });

  test('trap 9: of another vault, or of another account, looks like one that is not there', async () => {
    const { server } = verstak;
    const device = await pairedDevice(server);
    const outsiders = [
      await pairedDevice(server, { account: device.account }),
      await pairedDevice(server),
      await pairedDevice(server, { vault: device.vault }),
      await pairedDevice(server, { vault: '' }),
    ];
    const content = randomBytes(1000);
    demand(await upload(server, device, content), 200);
    for (const outsider of outsiders) {
      const unknown = await look(server, outsider, sha256(randomBytes(10)));
      expect(unknown[0]).toBe(404);
      expect(await look(server, outsider, sha256(content))).toEqual(unknown);
    }
    for (const outsider of outsiders) {
      const answer = demand(await upload(server, outsider, content), 200);
      expect(answer.json).toEqual({ sha256: sha256(content), size: 1000 });
      expect((await download(server, outsider, sha256(content))).bytes.equals(content)).toBe(true);
    }
  });

  test('trap 9: whose hash is known must be sent all the same: a form without its bytes opens nothing', async () => {
    const { server } = verstak;
    const content = randomBytes(20_000).toString('hex');
    demand(await upload(server, await pairedDevice(server), content), 200);
    const outsider = await pairedDevice(server);
    const client = await beginUpload(server, outsider, content.slice(0, -1));
    expect((await look(server, outsider, sha256(content)))[0]).toBe(404);
    expect(client.answered).toBe('');
    expect(await endUpload(client, content.slice(-1))).toEqual({
      status: 200,
      json: { sha256: sha256(content), size: content.length },
    });
    expect((await look(server, outsider, sha256(content)))[0]).toBe(200);
  });

  test('of two accounts stays for one when the other ends, and its bytes are kept for it', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const leaving = await pairedDevice(server);
    const staying = await pairedDevice(server);
    const [shared, own] = [randomBytes(300 * KIB), randomBytes(1000)];
    for (const device of [leaving, staying]) demand(await upload(server, device, shared), 200);
    demand(await upload(server, leaving, own), 200);
    await end(server, leaving);
    expect((await download(server, staying, sha256(shared))).bytes.equals(shared)).toBe(true);
    expect((await look(server, leaving, sha256(shared)))[0]).toBe(401);
    const { user_id } = leaving.account;
    expect(await blobUsage(server.core, { accountId: user_id, scope: '' })).toEqual({ bytes: 0, count: 0 });

    server.clock.advance(DAY + 1);
    await sweepBlobs(server.core);
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
    expect(await kept(server)).toEqual([sha256(shared)]);
    expect((await download(server, staying, sha256(shared))).bytes.equals(shared)).toBe(true);
    await end(server, staying);
    server.clock.advance(DAY + 1);
    await sweepBlobs(server.core);
    expect(await kept(server)).toEqual([]);
  });

  test('that nobody refers to any more goes after 24 hours, and not before', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const leaving = await pairedDevice(server);
    demand(await upload(server, leaving, 'left behind'), 200);
    const uploaded = server.clock.now();
    await end(server, leaving);
    server.clock.advance(uploaded + DAY - server.clock.now());
    await sweepBlobs(server.core);
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
    expect(await kept(server)).toEqual([sha256('left behind')]);
    server.clock.advance(1);
    await sweepBlobs(server.core);
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
    expect(await kept(server)).toEqual([]);
  });

  test('that was swept away can be uploaded again, and one that is uploaded just before is not swept', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const [leaving, device] = [await pairedDevice(server), await pairedDevice(server)];
    demand(await upload(server, leaving, 'anew'), 200);
    await end(server, leaving);
    server.clock.advance(2 * DAY);
    const all = await Promise.all([
      upload(server, device, 'anew'),
      sweepBlobs(server.core),
      upload(server, await pairedDevice(server), 'anew'),
      sweepBlobs(server.core),
    ]);
    demand(all[0], 200);
    server.clock.advance(2 * DAY);
    await sweepBlobs(server.core);
    expect(await look(server, device, sha256('anew'))).toEqual([200, 'anew']);
    expect(await kept(server)).toEqual([sha256('anew')]);
  });

  test('that is referred to is never swept, however old it is', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const device = await pairedDevice(server);
    demand(await upload(server, device, 'old'), 200);
    server.clock.advance(1000 * DAY);
    await sweepBlobs(server.core);
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
    expect(await look(server, device, sha256('old'))).toEqual([200, 'old']);
  });

  test('that is on its way counts as unfinished, and arrives although it is swept meanwhile', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const device = await pairedDevice(server);
    const client = await beginUpload(server, device, 'on its way');
    await expect.poll(() => server.core.storage.blobs.sweep()).toEqual({ unfinished: 1 });
    server.clock.advance(DAY - 1000);
    await sweepBlobs(server.core);
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 1 });
    expect((await endUpload(client)).status).toBe(200);
    await sweepBlobs(server.core);
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
    expect(await look(server, device, sha256('on its way'))).toEqual([200, 'on its way']);
  });
});
