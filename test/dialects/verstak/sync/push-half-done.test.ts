import { expect, onTestFinished, test, vi } from 'vitest';
import { StorageUnavailableError } from '../../../../src/base/errors.ts';
import type { Write } from '../../../../src/storage/port.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, openServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { newOperation, pairedDevice, push, ROOMY } from '../open-verstak.ts';
import { idsOf, newOperations, pushed, readLog, statisticsOf, storedIn } from './log-client.ts';

/** As on a MongoDB server without transactions, where what was applied before a commit failed stays. */
forEachEngine('a push whose commit breaks off half way', engine => {
  /** A server whose next commit applies only so many of its writes; the rest, if that is to be, is left to `then`. */
  async function breakingServer(
    count: number,
    then: (other: TestServer, rest: () => Promise<void>) => Promise<unknown>,
  ) {
    const served = await openServer(engine, { options: ROOMY });
    const { server } = served;
    const other = await anotherServer(served, { options: ROOMY });
    const desk = await pairedDevice(server);
    const lap = await pairedDevice(server, desk);
    const { storage } = server.core;
    const commit = storage.commit.bind(storage);
    const spy = vi.spyOn(storage, 'commit').mockImplementationOnce(async (writes: readonly Write[]) => {
      for (const write of writes.slice(0, count)) await commit([write]);
      await then(other, () => commit(writes.slice(count)));
    });
    onTestFinished(() => spy.mockRestore());
    return { server, other, desk, lap };
  }

  const crash = () => Promise.reject(new StorageUnavailableError());

  /** Has something done when the server reads what it knows of a vault for the `nth` time. */
  function beforeVaultIsRead({ core: { storage } }: TestServer, nth: number, work: () => Promise<unknown>): void {
    const collection = storage.collection.bind(storage);
    let reads = 0;
    const spy = vi.spyOn(storage, 'collection').mockImplementation(spec => {
      const opened = collection(spec);
      if (spec.name !== 'verstak_vaults') return opened;
      return new Proxy(opened, {
        get:
          (target, method: keyof typeof opened) =>
          async (...args: unknown[]) => {
            if (method === 'get' && ++reads === nth) await work();
            return Reflect.apply(target[method], target, args);
          },
      });
    });
    onTestFinished(() => spy.mockRestore());
  }

  async function expectLog(server: TestServer, device: Parameters<typeof readLog>[1], ids: readonly string[]) {
    const log = await readLog(server, device);
    expect(idsOf(log)).toEqual(ids);
    expect(log.map(({ server_sequence }) => server_sequence)).toEqual(ids.map((_, i) => i + 1));
    const { operations, operations_24h } = await statisticsOf(server);
    expect({ operations, operations_24h }).toEqual({ operations: ids.length, operations_24h: ids.length });
  }

  test('since others took its numbers goes on behind them, and answers as if nothing had been', async () => {
    const theirs = newOperation({ entity_id: 'a' });
    const context = breakingServer(2, async (other, rest) => {
      await pushed(other, (await context).lap, [theirs]);
      await rest();
    });
    const { server, desk } = await context;
    const mine = newOperations(5, { entity_id: 'a', last_seen_server_seq: 1 });
    const answer = await pushed(server, desk, mine);
    const { op_id } = theirs;
    // The first two were there before the others came.
    const conflicts = mine.slice(2).map(operation => ({ op_id, local_op_id: operation.op_id }));
    expect(answer).toMatchObject({ accepted: idsOf(mine), count: 5, conflicts, duplicates: [] });
    expect(answer.conflicts).toHaveLength(3);
    await expectLog(server, desk, [...idsOf(mine.slice(0, 2)), op_id, ...idsOf(mine.slice(2))]);
  });

  test('leaves the count of the vault to those who were faster', async () => {
    const theirs = newOperations(3);
    const context = breakingServer(2, async (other, rest) => {
      await pushed(other, (await context).lap, theirs);
      await rest();
    });
    const { server, other, desk, lap } = await context;
    const last = newOperation();
    beforeVaultIsRead(server, 2, () => pushed(other, lap, [last]));
    const mine = newOperations(2);
    expect((await pushed(server, desk, mine)).accepted).toEqual(idsOf(mine));
    await expectLog(server, desk, idsOf([...mine, ...theirs, last]));
  });

  test.each([0, 1, 4, 5, 6])(
    'after %i of 7 writes is completed when the client repeats it with its key',
    async count => {
      const { server, other, desk } = await breakingServer(count, crash);
      const ops = newOperations(5);
      const key = { idempotency_key: 'key' };
      expect((await push(server, desk, ops, key)).status).toBe(503);
      expect(await readLog(server, desk)).toHaveLength(Math.min(count, 5));
      const again = await push(other, desk, ops, key);
      expect(again.json).toEqual({ accepted: idsOf(ops), count: 5, conflicts: [], duplicates: [] });
      expect((await push(server, desk, ops, key)).text).toBe(again.text);
      await expectLog(server, desk, idsOf(ops));
    },
  );

  test('is completed when the client repeats it without a key, which tells what was there', async () => {
    const { server, desk, lap } = await breakingServer(2, crash);
    const ops = newOperations(5);
    expect((await push(server, desk, ops)).status).toBe(503);
    const between = newOperation();
    await pushed(server, lap, [between]);
    const { accepted, duplicates } = await pushed(server, desk, ops);
    expect([accepted, duplicates]).toEqual([idsOf(ops.slice(2)), idsOf(ops.slice(0, 2))]);
    await expectLog(server, desk, [...duplicates, between.op_id, ...accepted]);
  });

  test('is not taken for its own by another device that uses the same key', async () => {
    const { server, desk, lap } = await breakingServer(2, crash);
    const ops = newOperations(3);
    const key = { idempotency_key: 'key' };
    await push(server, desk, ops, key);
    const { accepted, duplicates } = await pushed(server, lap, ops, key);
    expect([accepted, duplicates]).toEqual([idsOf(ops.slice(2)), idsOf(ops.slice(0, 2))]);
  });

  test('is counted by housekeeping when nobody repeats it', async () => {
    const { server, desk, lap } = await breakingServer(3, crash);
    const ops = newOperations(5);
    await push(server, desk, ops);
    expect(await statisticsOf(server)).toMatchObject({ operations: 0, operations_24h: 0, last_sync_activity: '' });
    const standalone = vi.spyOn(server.core.storage, 'atomicCommit', 'get').mockReturnValue(false);
    server.clock.advance(7_200_000);
    await server.tidy();
    standalone.mockRestore();
    expect(await statisticsOf(server)).toMatchObject({ last_sync_activity: '2100-01-01T00:00:00Z' });
    await expectLog(server, desk, idsOf(ops.slice(0, 3)));
    const more = newOperation();
    await pushed(server, lap, [more]);
    await expectLog(server, desk, [...idsOf(ops.slice(0, 3)), more.op_id]);
  });

  test('to a vault whose document is lost makes it anew', async () => {
    const { server, desk } = await breakingServer(0, crash);
    const ops = newOperations(2);
    await push(server, desk, ops);
    await storedIn(server, 'verstak_vaults').delete([desk.account.user_id, desk.vault]);
    expect((await pushed(server, desk, ops)).count).toBe(2);
    await expectLog(server, desk, idsOf(ops));
  });
});
