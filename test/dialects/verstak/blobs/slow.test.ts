import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { until } from '../../../http/until.ts';
import { slowClient } from '../../../process/slow-client.ts';
import { type Engine, forEachEngine } from '../../../support/engines.ts';
import { openServer } from '../../../support/served.ts';
import { pairedDevice, ROOMY } from '../open-verstak.ts';
import { beginUpload, chunkOf, endUpload, headOf, sha256 } from './form.ts';

afterEach(() => void vi.useRealTimers());

/** A server, a device, and how much of an upload the server has written. Timers stand still from then on. */
async function open(engine: Engine) {
  const { server, opened } = await openServer(engine, { options: ROOMY });
  const device = await pairedDevice(server);
  const folder = join(opened.options.host.slice('file:'.length), 'blobs/incoming');
  const written = () => {
    const [name = 'none'] = readdirSync(folder);
    return statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? -1;
  };
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  return { server, device, written };
}

forEachEngine(
  'a slow upload',
  engine => {
    test('may take any time as long as something of it comes', async () => {
      const { server, device, written } = await open(engine);
      const client = await beginUpload(server, device, 'x'.repeat(1000));
      let text = 'x'.repeat(1000);
      for (let minutes = 0; minutes < 10; minutes++) {
        await until(() => written() === text.length);
        vi.advanceTimersByTime(59_000);
        client.send(chunkOf('y'.repeat(100)));
        text += 'y'.repeat(100);
      }
      expect(await endUpload(client)).toEqual({ status: 200, json: { sha256: sha256(text), size: text.length } });
    });

    test('is 408 after a minute of silence, and leaves nothing', async () => {
      const { server, device, written } = await open(engine);
      const client = await beginUpload(server, device, 'x'.repeat(1000));
      await until(() => written() === 1000);
      vi.advanceTimersByTime(59_999);
      await server.request('GET', '/livez');
      expect(client.answered).toBe('');
      vi.advanceTimersByTime(15_001);
      await client.ended;
      expect(client.answered).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"\}$/s);
      await until(() => written() === -1);
    });

    test('of a stranger is waited for 15 seconds, then answered and cut off', async () => {
      const { server } = await open(engine);
      const client = await slowClient(server.url);
      client.send(headOf({ headers: {} }) + chunkOf('x'));
      await server.request('GET', '/livez'); // by now the server has the head of the other
      vi.advanceTimersByTime(14_999);
      await server.request('GET', '/livez');
      expect(client.answered).toBe('');
      vi.advanceTimersByTime(1);
      await client.ended;
      expect(client.answered).toMatch(/^HTTP\/1\.1 401 .*Connection: close.*"code":"unauthorized"\}$/s);
    });
  },
  ['embedded'],
);
