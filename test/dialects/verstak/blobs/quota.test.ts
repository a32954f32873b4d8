import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { blobUsage } from '../../../support/blob-usage.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, openServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { type Device, demand, newAccount, pairedDevice, ROOMY, upload } from '../open-verstak.ts';
import { download, sha256 } from './form.ts';

const LIMITS = { ...ROOMY, VERSTAK_VAULT_BYTES: '1000', VERSTAK_ACCOUNT_BYTES: '1500' };

/** Addresses of everything the server keeps. */
async function kept({ core }: TestServer): Promise<string[]> {
  return (await core.storage.blobs.list()).items.map(({ sha256: address }) => address);
}

async function bytesOf({ core }: TestServer, { account, vault }: Device): Promise<[vault: number, account: number]> {
  const of = async (scope: string) => (await blobUsage(core, { accountId: account.user_id, scope })).bytes;
  return [await of(`verstak/${vault}`), await of('')];
}

/** Uploads that must not fit, and leave no trace. */
async function refuse(server: TestServer, device: Device, size: number): Promise<void> {
  const content = randomBytes(size);
  const before = [await kept(server), await bytesOf(server, device)];
  const answer = await upload(server, device, content);
  expect([answer.status, answer.json]).toEqual([
    413,
    { error: expect.any(String), code: 'quota_exceeded', limit: expect.any(Number) },
  ]);
  expect((await download(server, device, sha256(content))).status).toBe(404);
  expect([await kept(server), await bytesOf(server, device)]).toEqual(before);
  expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
}

forEachEngine('the room of a vault', engine => {
  test('can be filled to the last byte and not further; others have their own', async () => {
    const { server } = await openServer(engine, { options: LIMITS });
    const device = await pairedDevice(server);
    demand(await upload(server, device, randomBytes(600)), 200);
    await refuse(server, device, 401);
    demand(await upload(server, device, randomBytes(400)), 200);
    await refuse(server, device, 1);
    await refuse(server, device, 5000);
    demand(await upload(server, device, ''), 200);
    expect(await bytesOf(server, device)).toEqual([1000, 1000]);
    demand(await upload(server, await pairedDevice(server), randomBytes(1000)), 200);

    const sibling = await pairedDevice(server, { account: device.account });
    await refuse(server, sibling, 501);
    demand(await upload(server, sibling, randomBytes(500)), 200);
    await refuse(server, sibling, 1);
    expect(await bytesOf(server, sibling)).toEqual([500, 1500]);
    const mate = await pairedDevice(server, { account: device.account, vault: device.vault });
    await refuse(server, mate, 1);
  });

  test('that is used up, or more than that, still takes what is in it already', async () => {
    const { server } = await openServer(engine, { options: LIMITS });
    const device = await pairedDevice(server);
    const content = randomBytes(1000);
    const first = demand(await upload(server, device, content), 200);
    expect(demand(await upload(server, device, content), 200).text).toBe(first.text);
    await server.configure({ VERSTAK_VAULT_BYTES: '10', VERSTAK_ACCOUNT_BYTES: '10' });
    expect(demand(await upload(server, device, content), 200).text).toBe(first.text);
    await refuse(server, device, 1);
    await server.configure({ VERSTAK_VAULT_BYTES: '1001', VERSTAK_ACCOUNT_BYTES: '1001' });
    demand(await upload(server, device, 'x'), 200);
    expect(await bytesOf(server, device)).toEqual([1001, 1001]);
  });

  test('is taken by a content that others have stored as well', async () => {
    const { server } = await openServer(engine, { options: LIMITS });
    const content = randomBytes(800);
    const first = await pairedDevice(server);
    const devices = [first, await pairedDevice(server), await pairedDevice(server)];
    for (const device of devices) {
      demand(await upload(server, device, content), 200);
      expect(await bytesOf(server, device)).toEqual([800, 800]);
      await refuse(server, device, 201);
    }
    const sibling = await pairedDevice(server, { account: first.account });
    expect((await upload(server, sibling, content)).json.code).toBe('quota_exceeded');
    expect(await kept(server)).toEqual([sha256(content)]);
  });

  test('that is the last goes to one of two who ask for it at once, and the other leaves nothing', async () => {
    const { server } = await openServer(engine, { options: LIMITS });
    for (let round = 0; round < 5; round++) {
      const device = await pairedDevice(server);
      const sibling = await pairedDevice(server, { account: device.account });
      demand(await upload(server, device, randomBytes(700)), 200);
      // Of the vault, then of the account.
      for (const [room, ask, rivals] of [
        [300, 200, [device, device]],
        [600, 400, [sibling, sibling, sibling]],
      ] as const) {
        const before = await kept(server);
        const contents = rivals.map(() => randomBytes(ask));
        const answers = await Promise.all(rivals.map((rival, i) => upload(server, rival, contents[i] ?? '')));
        const codes = answers.map(({ status, json }) => json.code ?? status).sort();
        expect([room, codes]).toEqual([room, [200, ...rivals.slice(1).map(() => 'quota_exceeded')]]);
        const won = answers.find(({ status }) => status === 200)?.json.sha256;
        expect((await kept(server)).filter(address => !before.includes(address))).toEqual([won]);
      }
      expect(await bytesOf(server, sibling)).toEqual([400, 1300]);
    }
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
  });

  test('is never exceeded by many at several servers', async () => {
    const served = await openServer(engine, { options: LIMITS });
    const other = await anotherServer(served, { options: LIMITS });
    const account = await newAccount(served.server);
    const devices = await Promise.all(
      ['a', 'b', 'b', 'c'].map(vault => pairedDevice(served.server, { account, vault })),
    );
    const contents = Array.from({ length: 24 }, () => randomBytes(130));
    const answers = await Promise.all(
      contents.map((content, i) => upload(i % 2 ? other : served.server, devices[i % 4] as Device, content)),
    );
    const fitting = answers.filter(({ status }) => status === 200);
    expect(answers.filter(({ status, json }) => status !== 200 && json.code !== 'quota_exceeded')).toEqual([]);
    expect(fitting.length).toBe(11);
    expect(await blobUsage(other.core, { accountId: account.user_id, scope: '' })).toEqual({ bytes: 1430, count: 11 });
    for (const { json } of fitting) {
      const found = await Promise.all(devices.map(device => download(other, device, json.sha256)));
      expect(found.some(({ status }) => status === 200)).toBe(true);
    }
  });
});
