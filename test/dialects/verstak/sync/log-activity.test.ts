import { expect, test } from 'vitest';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer } from '../../../support/served.ts';
import { pairedDevice, ROOMY } from '../open-verstak.ts';
import { newOperations, pushed, statisticsOf } from './log-client.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

forEachEngine('what admins see of vaults', engine => {
  test('trap 15: operations of a day are counted by when they came, whatever clock their clients have', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const desk = await pairedDevice(server);
    const other = await pairedDevice(server);
    const seen = async () => {
      const { operations, ops, operations_24h, last_sync_activity } = await statisticsOf(server);
      expect(ops).toBe(operations);
      return [operations, operations_24h, last_sync_activity];
    };
    expect(await seen()).toEqual([0, 0, '']);
    await pushed(server, desk, newOperations(3, { created_at: '1970-01-01T00:00:00Z' }));
    await pushed(server, other, newOperations(2, { created_at: 'nonsense' }));
    expect(await seen()).toEqual([5, 5, '2100-01-01T00:00:00Z']);
    server.clock.advance(9 * MINUTE);
    await pushed(server, desk, newOperations(1, { created_at: '2200-01-01T00:00:00Z' }));
    expect(await seen()).toEqual([6, 6, '2100-01-01T00:09:00Z']);
    server.clock.advance(12 * HOUR);
    await pushed(server, desk, newOperations(1));
    expect(await seen()).toEqual([7, 7, '2100-01-01T12:09:00Z']);
    server.clock.advance(11 * HOUR + 40 * MINUTE);
    expect(await seen()).toEqual([7, 7, '2100-01-01T12:09:00Z']);
    server.clock.advance(25 * MINUTE);
    expect(await seen()).toEqual([7, 1, '2100-01-01T12:09:00Z']);
    await pushed(server, other, newOperations(1));
    expect(await seen()).toEqual([8, 2, '2100-01-02T00:14:00Z']);
    server.clock.advance(25 * HOUR);
    expect(await seen()).toEqual([8, 0, '2100-01-02T00:14:00Z']);
  });

  test('does not change when nothing is stored', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const desk = await pairedDevice(server);
    const ops = newOperations(2);
    await pushed(server, desk, ops, { idempotency_key: 'key' });
    const before = await statisticsOf(server);
    server.clock.advance(MINUTE);
    await pushed(server, desk, ops, { idempotency_key: 'key' });
    await pushed(server, desk, ops);
    await pushed(server, desk, []);
    const { operations, operations_24h, last_sync_activity } = await statisticsOf(server);
    expect(before).toMatchObject({ operations, operations_24h, last_sync_activity, vaults: 1 });
    expect(operations).toBe(2);
  });
});
