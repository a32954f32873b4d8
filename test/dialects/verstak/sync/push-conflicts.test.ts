import { expect, test } from 'vitest';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer, sharedServer } from '../../../support/served.ts';
import { type Device, newOperation, type Operation, pairedDevice, push, ROOMY } from '../open-verstak.ts';
import { newOperations, pushed, readLog } from './log-client.ts';

const PATH = 'Docs/a.md';
const ON_A = { entity_type: 'file', entity_id: PATH, payload_json: '{}' };

/** What the answer lists for a stored operation. */
function listed(stored: Operation, { deviceId }: Device, server_sequence: number, pushed: Operation) {
  const { op_id, op_type, entity_type, entity_id } = stored;
  return { op_id, device_id: deviceId, op_type, server_sequence, entity_type, entity_id, local_op_id: pushed.op_id };
}

forEachEngine('a conflict', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  async function twoDevices(server = served.server): Promise<[Device, Device]> {
    const desk = await pairedDevice(server);
    return [desk, await pairedDevice(server, desk)];
  }

  test('trap 5: is told to the one who pushes, and the operation is stored all the same', async () => {
    const { server } = served;
    const [desk, lap] = await twoDevices();
    const ops = newOperations(3, ON_A);
    await pushed(server, desk, ops);
    const mine = newOperation({ ...ON_A, last_seen_server_seq: 1 });
    const answer = await push(server, lap, [mine]);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      accepted: [mine.op_id],
      count: 1,
      conflicts: [listed(ops[1] as Operation, desk, 2, mine), listed(ops[2] as Operation, desk, 3, mine)],
      duplicates: [],
    });
    expect((await readLog(server, desk)).at(-1)).toMatchObject({ op_id: mine.op_id, server_sequence: 4 });
  });

  test.each<[why: string, stored: Partial<Operation>, since: number]>([
    ['its sender has never seen anything', {}, 0],
    ['its sender has seen the other', {}, 2],
    ['its sender has seen more than there is', {}, 99],
    ['the other is a deletion', { op_type: 'delete' }, 1],
    ['the other is on another entity', { entity_id: 'Docs/A.md' }, 1],
    ['the other is on an entity of another type', { entity_type: 'note' }, 1],
    ['type and id only look alike together', { entity_type: 'fileDocs', entity_id: '/a.md' }, 1],
  ])('is none when %s', async (_, stored, since) => {
    const { server } = served;
    const [desk, lap] = await twoDevices();
    await pushed(server, desk, [newOperation(), newOperation({ ...ON_A, ...stored })]);
    const mine = newOperation({ ...ON_A, last_seen_server_seq: since });
    expect((await pushed(server, lap, [mine])).conflicts).toEqual([]);
  });

  test('is none with what the device has sent itself, in whatever batch', async () => {
    const { server } = served;
    const [desk] = await twoDevices();
    await pushed(server, desk, newOperations(2, ON_A));
    const ops = newOperations(2, { ...ON_A, last_seen_server_seq: 1 });
    expect((await pushed(server, desk, ops)).conflicts).toEqual([]);
  });

  test('of a deletion with what it deletes is one', async () => {
    const { server } = served;
    const [desk, lap] = await twoDevices();
    const ops = newOperations(2, ON_A);
    await pushed(server, desk, ops);
    const mine = newOperation({ ...ON_A, op_type: 'delete', last_seen_server_seq: 1 });
    expect((await pushed(server, lap, [mine])).conflicts).toEqual([listed(ops[1] as Operation, desk, 2, mine)]);
  });

  test('is listed for each operation that meets it, in their order, also when they were stored before', async () => {
    const { server } = served;
    const [desk, lap] = await twoDevices();
    const third = await pairedDevice(server, desk);
    const [base, a, b, c] = [newOperation(), newOperation(ON_A), newOperation({ entity_id: 'b' }), newOperation(ON_A)];
    await pushed(server, desk, [base, a, b]);
    await pushed(server, third, [c]);
    const again = newOperation({ ...ON_A, last_seen_server_seq: 2 });
    await pushed(server, lap, [again]);
    const onB = newOperation({ entity_id: 'b', last_seen_server_seq: 1 });
    const onA = newOperation({ ...ON_A, last_seen_server_seq: 1 });
    expect(await pushed(server, lap, [onB, again, onA, again])).toEqual({
      accepted: [onB.op_id, onA.op_id],
      count: 2,
      conflicts: [
        listed(b, desk, 3, onB),
        listed(c, third, 4, again),
        listed(a, desk, 2, onA),
        listed(c, third, 4, onA),
        listed(c, third, 4, again),
      ],
      duplicates: [again.op_id, again.op_id],
    });
  });

  test('is not listed beyond 10,000, and the answer says so', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, VERSTAK_OPERATIONS_PER_PUSH: '1000' } });
    const [desk, lap] = await twoDevices(server);
    await pushed(server, desk, newOperations(12, ON_A));
    const repeated = (since: number) => {
      const operation = newOperation({ ...ON_A, last_seen_server_seq: since });
      return Array.from({ length: 1000 }, () => operation);
    };
    const exactly = await pushed(server, lap, repeated(2));
    expect(exactly.conflicts).toHaveLength(10_000);
    expect(exactly).not.toHaveProperty('conflicts_truncated');
    const truncated = await pushed(server, lap, repeated(1));
    expect(truncated.conflicts).toHaveLength(10_000);
    expect([truncated.conflicts_truncated, truncated.count, truncated.duplicates.length]).toEqual([true, 1, 999]);
  });

  test('is not listed when the answer would become larger than 4 MiB', async () => {
    const { server } = served;
    const [desk, lap] = await twoDevices();
    const long = { entity_type: 'note', entity_id: 'é'.repeat(2048) };
    await pushed(server, desk, newOperations(13, long));
    const operation = newOperation({ ...long, last_seen_server_seq: 1 });
    const answer = await push(server, lap, Array(100).fill(operation));
    expect([answer.json.conflicts_truncated, answer.json.count]).toEqual([true, 1]);
    const conflicts = Buffer.byteLength(JSON.stringify(answer.json.conflicts));
    expect(conflicts).toBeLessThan(4_200_000);
    expect(conflicts).toBeGreaterThan(4_180_000);
  });
});
