import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../../http/until.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { demand, pairedDevice, ROOMY, upload } from '../open-verstak.ts';
import { beginUpload, chunkOf, endUpload, KIB } from './form.ts';

const MIB = 1024 * KIB;
const OPTIONS = { ...ROOMY, VERSTAK_VAULT_BYTES: `${MIB}` };

const underWay = ({ core }: TestServer) => [...core.arrivals.uploads.values()].reduce((sum, count) => sum + count, 0);

forEachEngine('uploads that are under way', engine => {
  test('are refused as soon as they have more bytes than there is room, not at their end', async () => {
    const { server } = await openServer(engine, { options: OPTIONS });
    const device = await pairedDevice(server);
    const client = await beginUpload(server, device, 'x'.repeat(MIB));
    const rest = 'y'.repeat(64 * KIB);
    client.send(chunkOf(rest));
    await until(() => server.core.arrivals.bytes.size === 0);
    expect(await endUpload(client)).toMatchObject({ status: 413, json: { code: 'quota_exceeded' } });
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
    demand(await upload(server, device, randomBytes(MIB)), 200);
  });

  test('give their room back when the client hangs up', async () => {
    const { server } = await openServer(engine, { options: OPTIONS });
    const device = await pairedDevice(server);
    for (let i = 0; i < 3; i++) {
      const client = await beginUpload(server, device, 'x'.repeat(900 * KIB));
      await until(() => [...server.core.arrivals.bytes.values()].some(bytes => bytes === 900 * KIB));
      client.close();
      await until(() => underWay(server) === 0 && server.core.arrivals.bytes.size === 0);
    }
    demand(await upload(server, device, randomBytes(MIB)), 200);
  });

  test('are at most 32 of one account; one more is told to come later', async () => {
    const { server } = await openServer(engine, { options: OPTIONS });
    const device = await pairedDevice(server);
    const clients = await Promise.all(Array.from({ length: 32 }, () => beginUpload(server, device, 'x')));
    await until(() => underWay(server) === 32);
    const refused = await upload(server, device, 'y');
    expect([refused.status, refused.json.code, refused.headers.get('Retry-After')]).toEqual([429, 'rate_limited', '5']);
    demand(await upload(server, await pairedDevice(server), 'y'), 200);
    for (const client of clients) client.close();
    await until(() => underWay(server) === 0);
    demand(await upload(server, device, 'y'), 200);
  });
});

forEachEngine(
  'twenty slow uploads against a full disk of one mebibyte',
  engine => {
    test('hold no more than that together, beside an empty vault and beside a full one', async () => {
      const { server, opened } = await openServer(engine, { options: OPTIONS });
      const folder = join(opened.options.host.slice('file:'.length), 'blobs/incoming');
      const held = () =>
        readdirSync(folder)
          .map(name => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
          .reduce((sum, size) => sum + size, 0);
      const device = await pairedDevice(server);
      for (const vault of ['empty', 'full']) {
        if (vault === 'full') demand(await upload(server, device, randomBytes(MIB)), 200);
        const clients = await Promise.all(Array.from({ length: 20 }, () => beginUpload(server, device, 'x')));
        await until(() => underWay(server) === 20);
        const piece = chunkOf('y'.repeat(128 * KIB));
        let most = 0;
        for (let round = 0; round < 10; round++) {
          for (const client of clients) client.send(piece);
          await server.request('GET', '/livez');
          most = Math.max(most, held());
        }
        await until(() => underWay(server) < 9);
        expect([vault, Math.max(most, held()) <= MIB]).toEqual([vault, true]);
        for (const client of clients) client.close();
        await until(() => underWay(server) === 0 && held() === 0);
      }
    });
  },
  ['embedded'],
);
