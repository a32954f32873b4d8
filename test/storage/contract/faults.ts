import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import type { Storage } from '../../../src/storage/port.ts';
import { type Engine, mongoUri } from '../../support/engines.ts';
import { faultProxy } from '../../support/fault.ts';
import { everyCall, once } from './calls.ts';
import { moment, paused } from './contents.ts';
import { failures, open, things } from './things.ts';

/** How long a caller may wait for the bad news: two seconds, and some for a busy machine. */
const PATIENCE_MS = 3000;

async function expectUnavailable(storage: Storage): Promise<void> {
  const started = performance.now();
  const calls = Object.entries(everyCall(storage));
  const results = await Promise.allSettled(calls.map(([, call]) => call()));
  expect(performance.now() - started).toBeLessThan(PATIENCE_MS);
  for (const [i, result] of results.entries()) {
    expect(result.status === 'rejected' && result.reason, calls[i]?.[0]).toBeInstanceOf(StorageUnavailableError);
  }
}

/** What a failing driver looks like from outside. */
export function faultsContract(engine: Engine): void {
  if (engine.name === 'mongodb') connectionFaults(engine);
  else folderFaults(engine);
}

function connectionFaults(engine: Engine): void {
  describe('connection', () => {
    async function proxied() {
      const proxy = await faultProxy(mongoUri());
      onTestFinished(() => proxy.close());
      const { another, storage } = await open(engine);
      return { proxy, direct: storage, connect: () => another({ host: proxy.uri }) };
    }

    test.each(['refuse', 'freeze'] as const)(
      '%s: every method rejects with StorageUnavailableError soon, and works again afterwards',
      async fault => {
        const { proxy, connect } = await proxied();
        const storage = await connect();
        // Not where a call that was given up may still delete.
        const kept = { space: 'elsewhere', id: 'kept' };
        await storage.collection(things).insert(kept);
        proxy[fault]();
        await expectUnavailable(storage);
        proxy.restore();
        await expect
          .poll(
            () =>
              storage
                .collection(things)
                .get(['elsewhere', 'kept'])
                .catch(e => e),
            { timeout: 15_000 },
          )
          .toEqual(kept);
        await storage.collection(things).insert({ space: 's', id: 'after' });
      },
    );

    test('an upload that waits for its caller rejects soon when the server hangs', async () => {
      const { proxy, connect } = await proxied();
      const storage = await connect();
      const asked = moment();
      const decided = moment();
      const accept = () => {
        asked.now();
        return decided.come;
      };
      const slow = paused(Buffer.from('content'));
      const uploads = [
        storage.blobs.put(once(Buffer.from('x')), 100, { accept }),
        storage.blobs.put(slow.content, 100),
      ];
      await Promise.all([asked.come, slow.halfRead]);
      proxy.freeze();
      const started = performance.now();
      const results = await Promise.allSettled(uploads);
      expect(performance.now() - started).toBeLessThan(PATIENCE_MS);
      expect(failures(results)).toEqual([expect.any(StorageUnavailableError), expect.any(StorageUnavailableError)]);
      proxy.restore();
    });

    test('connections that were reset are replaced without anybody noticing, once they are idle', async () => {
      const { proxy, connect } = await proxied();
      const storage = await connect();
      proxy.reset();
      await expect
        .poll(
          () =>
            storage
              .collection(things)
              .count({})
              .catch(e => e),
          { timeout: 15_000 },
        )
        .toBe(0);
    });

    test('a server that is down at start is waited for', async () => {
      const { proxy, direct } = await proxied();
      await direct.collection(things).insert({ space: 's', id: 'a' });
      const opened = await openThrough(engine, proxy);
      await expectUnavailable(opened.storage);
      proxy.restore();
      await opened.storage.ready;
      await opened.storage.collection(things).insert({ space: 's', id: 'b' });
    });
  });

  async function openThrough(
    under: Engine,
    proxy: Awaited<ReturnType<typeof faultProxy>>,
  ): Promise<{ storage: Storage }> {
    const { start } = await open(under);
    proxy.refuse();
    return { storage: await start({ host: proxy.uri }) };
  }
}

function folderFaults(engine: Engine): void {
  describe('folder', () => {
    test('where blobs cannot be written, blob calls and their ping reject with StorageUnavailableError, the rest works', async () => {
      const { storage, options } = await open(engine);
      const blobs = join(options.host.replace(/^file:/, ''), 'blobs');
      const content = Buffer.from('content');
      await storage.blobs.put(once(content), 100);
      await rename(blobs, `${blobs}.away`);
      await writeFile(blobs, 'a file in the way');
      await expect(storage.blobs.put(once(content), 100)).rejects.toBeInstanceOf(StorageUnavailableError);
      await expect(storage.blobs.ping()).rejects.toBeInstanceOf(StorageUnavailableError);
      await expect(storage.blobs.sweep()).rejects.toBeInstanceOf(StorageUnavailableError);
      await storage.collection(things).insert({ space: 's', id: 'a' });
      await rm(blobs);
      await rename(`${blobs}.away`, blobs);
      await storage.blobs.put(once(content), 100);
      await storage.blobs.ping();
    });
  });
}
