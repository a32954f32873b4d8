import { expect, onTestFinished, test, vi } from 'vitest';
import { DuplicateKeyError, StorageUnavailableError } from '../../../../src/base/errors.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, openServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { type Device, demand, newOperation, type Operation, pairedDevice, pull, push, ROOMY } from '../open-verstak.ts';
import { idsOf, newOperations, type Pulled, pushed, readLog } from './log-client.ts';

forEachEngine('pushes at the same time', engine => {
  async function twoServers(): Promise<[TestServer, TestServer]> {
    const served = await openServer(engine, { options: ROOMY });
    return [served.server, await anotherServer(served, { options: ROOMY })];
  }

  /** Has something done before each commit of the server. */
  function beforeCommits({ core }: TestServer, work: (commit: number) => Promise<unknown>) {
    const commit = core.storage.commit.bind(core.storage);
    let commits = 0;
    const spy = vi.spyOn(core.storage, 'commit').mockImplementation(async writes => {
      await work(commits++);
      return commit(writes);
    });
    onTestFinished(() => spy.mockRestore());
    return spy;
  }

  /** Follows the log with two servers in turn until nobody pushes any more. */
  async function follow(servers: readonly [TestServer, TestServer], device: Device, isOver: () => boolean) {
    const found: Pulled[] = [];
    for (let turn = 0; ; turn++) {
      const over = isOver();
      const since = found.length;
      const { json } = demand(await pull(servers[turn % 2 ? 1 : 0], device, since, { page_limit: 7 }), 200);
      const numbers = json.ops.map(({ server_sequence }: Pulled) => server_sequence);
      expect(numbers).toEqual(numbers.map((_: number, i: number) => since + i + 1));
      expect(json.page_last_sequence).toBe(since + numbers.length);
      expect(json.server_sequence).toBeGreaterThanOrEqual(json.page_last_sequence);
      found.push(...json.ops);
      if (over && !json.has_more && numbers.length === 0) return found;
    }
  }

  test('trap 7: whoever follows the log sees every operation once, in order, without holes', async () => {
    const servers = await twoServers();
    const desk = await pairedDevice(servers[0]);
    const devices = [desk, await pairedDevice(servers[0], desk), await pairedDevice(servers[0], desk)];
    const rounds = engine.name === 'embedded' ? 10 : 3;
    const batches: Operation[][] = [];
    let over = false;
    const following = follow(servers, desk, () => over);
    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        for (let round = 0; round < rounds; round++) {
          const ops = newOperations(1 + ((i + round) % 5));
          batches.push(ops);
          const answer = await pushed(servers[(i + round) % 2 ? 1 : 0], devices[i % 3] ?? desk, ops);
          expect(answer).toEqual({ accepted: idsOf(ops), count: ops.length, conflicts: [], duplicates: [] });
        }
      }),
    ).finally(() => {
      over = true;
    });
    const found = idsOf(await following);
    expect(found).toHaveLength(new Set(found).size);
    expect([...found].sort()).toEqual(batches.flatMap(idsOf).sort());
    for (const ops of batches) {
      const own = new Set(idsOf(ops));
      expect(found.filter(id => own.has(id))).toEqual(idsOf(ops));
    }
  }, 60_000);

  test('of the same operations store each once, and tell each device which of them were its own', async () => {
    const servers = await twoServers();
    const desk = await pairedDevice(servers[0]);
    const devices = [desk, await pairedDevice(servers[0], desk), await pairedDevice(servers[0], desk)];
    const ops = newOperations(6);
    const orders = [ops, [...ops].reverse(), [...ops.slice(3), ...ops.slice(0, 3)]];
    const answers = await Promise.all(
      devices.map((device, i) => pushed(servers[i % 2 ? 1 : 0], device, orders[i] ?? [])),
    );
    for (const { accepted, count, duplicates } of answers) {
      expect(count).toBe(accepted.length);
      expect([...accepted, ...duplicates].sort()).toEqual(idsOf(ops).sort());
    }
    expect(answers.flatMap(({ accepted }) => accepted).sort()).toEqual(idsOf(ops).sort());
    const log = await readLog(servers[0], desk);
    expect(log.map(({ server_sequence }) => server_sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const [i, { deviceId }] of devices.entries()) {
      expect(idsOf(log.filter(({ device_id }) => device_id === deviceId))).toEqual(answers[i].accepted);
    }
  });

  test('that are met by others again and again get through, behind them', async () => {
    const [server, other] = await twoServers();
    const desk = await pairedDevice(server);
    const lap = await pairedDevice(server, desk);
    const theirs = newOperations(6);
    const spy = beforeCommits(server, async n => theirs[n] && push(other, lap, [theirs[n]]));
    const mine = newOperations(3, { entity_id: theirs[2]?.entity_id as string, last_seen_server_seq: 1 });
    const answer = await pushed(server, desk, [newOperation(), ...mine]);
    expect(spy).toHaveBeenCalledTimes(7);
    expect(answer.count).toBe(4);
    expect(answer.conflicts.map(({ server_sequence }: Pulled) => server_sequence)).toEqual([3, 3, 3]);
    expect(idsOf(await readLog(other, lap))).toEqual([...idsOf(theirs), ...answer.accepted]);
  });

  test('that never get through are answered with 503, and may be repeated', async () => {
    const [server] = await twoServers();
    const desk = await pairedDevice(server);
    const error = new DuplicateKeyError('sequence', { at: 0 });
    const spy = vi.spyOn(server.core.storage, 'commit').mockRejectedValue(error);
    const ops = newOperations(2);
    const answer = await push(server, desk, ops);
    expect([answer.status, answer.json.code]).toEqual([503, 'storage_unavailable']);
    expect(answer.headers.get('Retry-After')).toBe('1');
    spy.mockRestore();
    expect((await pushed(server, desk, ops)).count).toBe(2);
  });

  test('that the storage does not take are answered with 503 at once', async () => {
    const [server] = await twoServers();
    const desk = await pairedDevice(server);
    const spy = vi.spyOn(server.core.storage, 'commit').mockRejectedValue(new StorageUnavailableError());
    expect((await push(server, desk, newOperations(1))).status).toBe(503);
    expect(spy).toHaveBeenCalledTimes(1);
    spy.mockRestore();
    expect(await readLog(server, desk)).toEqual([]);
  });

  test('of what is known write nothing', async () => {
    const [server] = await twoServers();
    const desk = await pairedDevice(server);
    const ops = newOperations(2);
    await pushed(server, desk, ops, { idempotency_key: 'key' });
    const spy = vi.spyOn(server.core.storage, 'commit');
    onTestFinished(() => spy.mockRestore());
    await pushed(server, desk, ops);
    await pushed(server, desk, []);
    await pushed(server, desk, newOperations(1), { idempotency_key: 'key' });
    expect(spy).not.toHaveBeenCalled();
  });

  test('wait for each other within a vault, up to a hundred, and nobody waits for those to other vaults', async () => {
    const [server] = await twoServers();
    const desk = await pairedDevice(server);
    const elsewhere = await pairedDevice(server, { account: desk.account });
    let release = () => {};
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    const begun = new Promise<void>(resolve => {
      beforeCommits(server, async n => {
        if (n > 0) return;
        resolve();
        await held;
      });
    });
    const ops = newOperations(2);
    const first = pushed(server, desk, [ops[0]]);
    await begun;
    const waiting = Array.from({ length: 105 }, () => push(server, desk, [ops[0]]));
    const refused = await Promise.race(waiting);
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '1']);
    expect((await pushed(server, elsewhere, newOperations(1))).count).toBe(1);
    release();
    expect((await first).count).toBe(1);
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    expect(statuses.filter(status => status === 503)).toHaveLength(5);
    expect(statuses.filter(status => status === 200)).toHaveLength(100);
    expect((await pushed(server, desk, ops)).duplicates).toEqual([ops[0]?.op_id]);
  });
});
