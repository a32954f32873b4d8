import { expect, test, vi } from 'vitest';
import { resumeErasures } from '../../../../src/core/accounts/erase.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer, sharedServer } from '../../../support/served.ts';
import { newOperation, PASSWORD, pairedDevice, pull, push, ROOMY } from '../open-verstak.ts';
import { asPulled, newOperations, pushed, readLog, refusalOf, storedIn } from './log-client.ts';

forEachEngine('vaults', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('trap 8: equal ids and keys in other vaults, and of other accounts, are others', async () => {
    const { server } = served;
    const mine = await pairedDevice(server, { vault: 'notes' });
    const myOther = await pairedDevice(server, { account: mine.account, vault: 'notes 2' });
    const theirs = await pairedDevice(server, { vault: 'notes' });
    const devices = [mine, myOther, theirs];
    const key = { idempotency_key: 'key' };
    for (const [i, device] of devices.entries()) {
      const own = newOperation({ op_id: 'same', entity_id: 'same', payload_json: `${i}`, last_seen_server_seq: i });
      const answer = await pushed(server, device, [own], key);
      expect(answer).toEqual({ accepted: ['same'], count: 1, conflicts: [], duplicates: [] });
      expect(await readLog(server, device)).toEqual([asPulled(own, device, 1)]);
    }
    for (const [i, device] of devices.entries()) {
      expect((await readLog(server, device)).map(({ payload_json }) => payload_json)).toEqual([`${i}`]);
      expect((await pull(server, device)).json.server_sequence).toBe(1);
    }
  });

  test('that devices do not name are private to each account, and not those whose names come near', async () => {
    const { server } = served;
    const mine = await pairedDevice(server, { vault: '' });
    const myOther = await pairedDevice(server, { account: mine.account, vault: ' \t' });
    const theirs = await pairedDevice(server, { vault: '' });
    const operation = newOperation();
    await pushed(server, mine, [operation]);
    expect(await readLog(server, myOther)).toEqual([asPulled(operation, mine, 1)]);
    expect(await readLog(server, theirs)).toEqual([]);
  });

  test('are told apart to the last character, and by letter case', async () => {
    const { server } = served;
    const first = await pairedDevice(server, { vault: 'a' });
    const names = ['A', 'a b', 'ab', 'é', 'e\u0301', '😀'.repeat(64)];
    for (const [i, vault] of names.entries()) {
      const device = await pairedDevice(server, { account: first.account, vault });
      await pushed(server, device, newOperations(i + 1));
      expect((await pull(server, device)).json.server_sequence).toBe(i + 1);
    }
    expect((await pull(server, first)).json).toMatchObject({ ops: [], server_sequence: 0 });
  });

  test('go with their account: log, keys and all, and its devices know nobody any more', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const desk = await pairedDevice(server, { vault: 'a' });
    const lap = await pairedDevice(server, { account: desk.account, vault: 'b' });
    const other = await pairedDevice(server, { vault: 'a' });
    for (const device of [desk, lap, other]) {
      await pushed(server, device, newOperations(3), { idempotency_key: 'key' });
    }
    const login = { username: desk.account.username, password: PASSWORD };
    expect((await server.request('DELETE', '/unregister', login)).status).toBe(200);
    await server.core.background.idle();
    for (const device of [desk, lap]) {
      expect(refusalOf(await push(server, device, newOperations(1)))).toEqual([401, 'unauthorized']);
      expect(refusalOf(await pull(server, device))).toEqual([401, 'unauthorized']);
    }
    for (const ms of [61_000, 180_000]) {
      server.clock.advance(ms);
      await resumeErasures(server.core);
    }
    const left = { operations: 3, vaults: 1, pushes: 1, devices: 1 };
    for (const [name, count] of Object.entries(left)) {
      expect([name, await storedIn(server, `verstak_${name}`).count({})]).toEqual([name, count]);
    }
    expect(await readLog(server, other)).toHaveLength(3);
  });

  test('that get operations while their account is erased are gone in the end all the same', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const desk = await pairedDevice(server);
    const { storage } = server.core;
    const commit = storage.commit.bind(storage);
    const spy = vi.spyOn(storage, 'commit').mockImplementationOnce(async writes => {
      const login = { username: desk.account.username, password: PASSWORD };
      expect((await server.request('DELETE', '/unregister', login)).status).toBe(200);
      await server.core.background.idle();
      return commit(writes);
    });
    await push(server, desk, newOperations(3), { idempotency_key: 'key' });
    spy.mockRestore();
    expect(await storedIn(server, 'verstak_operations').count({})).toBe(3);
    for (const ms of [61_000, 180_000]) {
      server.clock.advance(ms);
      await resumeErasures(server.core);
    }
    for (const name of ['operations', 'vaults', 'pushes', 'devices']) {
      expect([name, await storedIn(server, `verstak_${name}`).count({})]).toEqual([name, 0]);
    }
  });
});
