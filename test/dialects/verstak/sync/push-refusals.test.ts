import { expect, test } from 'vitest';
import { allOrFirst, forEachEngine } from '../../../support/engines.ts';
import { openServer, sharedServer } from '../../../support/served.ts';
import { newOperation, type Operation, pairedDevice, pull, push, ROOMY } from '../open-verstak.ts';
import { newOperations, pushed, readLog, refusalOf } from './log-client.ts';

const LENGTHS = { op_id: 128, entity_type: 64, entity_id: 4096, op_type: 64 } as const;
const FIELDS = Object.keys(LENGTHS) as (keyof typeof LENGTHS)[];

/** As many bytes, in characters that JavaScript counts as one and UTF-8 as two. */
const bytes = (count: number) => `${count % 2 === 1 ? 'a' : ''}${'é'.repeat(Math.floor(count / 2))}`;

const WRONG: [change: Record<string, unknown>, status: number, code: string][] = [
  ...FIELDS.flatMap(field => [
    [{ [field]: '' }, 400, 'invalid_operation'] as never,
    [{ [field]: undefined }, 400, 'invalid_operation'] as never,
    [{ [field]: ' \t\n\u00a0' }, 400, 'invalid_operation'] as never,
    [{ [field]: 7 }, 400, 'invalid_json'] as never,
    [{ [field]: '\ud800' }, 400, 'invalid_json'] as never,
  ]),
  [{ client_sequence: -1 }, 400, 'invalid_operation'],
  [{ last_seen_server_seq: -1 }, 400, 'invalid_operation'],
  [{ client_sequence: 1.5 }, 400, 'invalid_json'],
  [{ last_seen_server_seq: '1' }, 400, 'invalid_json'],
  [{ last_seen_server_seq: 2 ** 53 }, 400, 'invalid_json'],
  [{ created_at: 1 }, 400, 'invalid_json'],
  [{ created_at: 'x'.repeat(129) }, 400, 'field_too_long'],
  [{ payload_json: { a: 1 } }, 400, 'invalid_json'],
  [{ payload_json: ' ' }, 400, 'invalid_payload'],
  [{ payload_json: '{"a":1' }, 400, 'invalid_payload'],
  [{ payload_json: "{'a':1}" }, 400, 'invalid_payload'],
  [{ payload_json: '1 2' }, 400, 'invalid_payload'],
  [{ payload_json: 'NaN' }, 400, 'invalid_payload'],
  [{ payload_json: '['.repeat(200_000) }, 400, 'invalid_payload'],
];

forEachEngine('a push', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('is refused, and stores nothing, when anything is wrong with an operation', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    for (const [change, status, code] of WRONG) {
      const answer = await push(server, desk, [newOperation(), { ...newOperation(), ...change }]);
      expect([change, ...refusalOf(answer)]).toEqual([change, status, code]);
      expect(answer.json.error).toMatch(/^ops[[.]1[\].]/);
    }
    for (const wrong of [null, 7, 'op', []]) {
      expect(refusalOf(await push(server, desk, [newOperation(), wrong]))).toEqual([400, 'invalid_json']);
    }
    expect((await pull(server, desk)).json.server_sequence).toBe(0);
  });

  test.each([0, 1, 2])('with a wrong operation at place %i leaves nothing behind, not even its key', async place => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const ops: Operation[] = newOperations(3);
    const key = { idempotency_key: 'k' };
    const wrong = ops.with(place, { ...(ops[place] as Operation), op_type: '' });
    const refused = await push(server, desk, wrong, key);
    expect(refusalOf(refused)).toEqual([400, 'invalid_operation']);
    expect(refused.json.error).toMatch(new RegExp(`^ops\\[${place}\\]\\.op_type: `));
    expect((await pull(server, desk)).json.server_sequence).toBe(0);
    expect((await pushed(server, desk, ops, key)).count).toBe(3);
    expect((await readLog(server, desk)).map(({ server_sequence }) => server_sequence)).toEqual([1, 2, 3]);
  });

  test.each(allOrFirst(engine, FIELDS))('trap 11: the length of %s is counted in bytes', async field => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const most = LENGTHS[field];
    const longest = newOperation({ [field]: bytes(most) });
    for (const text of [bytes(most + 1), 'x'.repeat(most + 1), `${'😀'.repeat(most / 4)}x`]) {
      const answer = await push(server, desk, [longest, newOperation({ [field]: text })]);
      expect(refusalOf(answer)).toEqual([400, 'field_too_long']);
      expect(answer.json.error).toBe(`ops[1].${field}: expected at most ${most} bytes`);
    }
    await pushed(server, desk, [longest]);
    expect((await readLog(server, desk))[0]?.[field]).toBe(longest[field]);
  });

  test.each(['device_id', 'idempotency_key'])('trap 11: the length of %s is counted in bytes', async field => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const answer = await push(server, desk, [newOperation()], { [field]: bytes(129) });
    expect([...refusalOf(answer), answer.json.error]).toEqual([
      400,
      'field_too_long',
      `${field}: expected at most 128 bytes`,
    ]);
    expect((await pushed(server, desk, [newOperation()], { [field]: bytes(128) })).count).toBe(1);
    expect(refusalOf(await push(server, desk, [], { [field]: 1 }))).toEqual([400, 'invalid_json']);
  });

  test('trap 11: the size of a payload is counted in bytes', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const longest = newOperation({ payload_json: `"${bytes(262_142)}"` });
    for (const payload_json of [`"${bytes(262_143)}"`, `${longest.payload_json} `, `[${longest.payload_json}`]) {
      const refused = await push(server, desk, [newOperation(), newOperation({ payload_json })]);
      expect(refusalOf(refused)).toEqual([413, 'payload_too_large']);
      expect(refused.json).toMatchObject({ error: expect.stringMatching(/^ops\[1\]\.payload_json: /), limit: 262_144 });
    }
    await pushed(server, desk, [longest]);
    expect((await readLog(server, desk))[0]?.payload_json === longest.payload_json).toBe(true);
  });

  test('trap 6: a batch that is too big is refused with too_many_operations, whatever else is wrong with it', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const many = newOperations(101);
    for (const ops of [many, many.map(() => ({})), many.map(() => null), Array.from({ length: 500_000 }, () => ({}))]) {
      const answer = await push(server, desk, ops, { idempotency_key: 'x'.repeat(500) });
      expect(refusalOf(answer)).toEqual([413, 'too_many_operations']);
      expect(answer.json.error).toBe('ops: too large: at most 100 operations are taken here');
    }
    expect((await pull(server, desk)).json.server_sequence).toBe(0);
    expect((await pushed(server, desk, many.slice(0, 100))).count).toBe(100);
  });

  test('is refused when its body is no JSON, or more than that, or too long', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const send = async (body: string) =>
      refusalOf(await server.request('POST', '/api/v1/sync/push', body, desk.headers));
    expect(await send('')).toEqual([400, 'invalid_json']);
    expect(await send('{"ops":[}')).toEqual([400, 'invalid_json']);
    expect(await send('[]')).toEqual([400, 'invalid_json']);
    expect(await send('{"ops":{}}')).toEqual([400, 'invalid_json']);
    expect(await send('{"ops":"x"}')).toEqual([400, 'invalid_json']);
    expect(await send('{"ops":[]}{}')).toEqual([400, 'trailing_json']);
    expect(await send(`{"ops":[],"x":"${'x'.repeat(2_097_152)}"}`)).toEqual([413, 'request_too_large']);
  });

  test('never echoes what was sent', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const secret = 'private'.repeat(1000);
    for (const change of [{ entity_id: secret }, { payload_json: secret }, { op_id: 1, entity_id: secret }]) {
      const answer = await push(server, desk, [{ ...newOperation(), ...change }], { [secret]: secret });
      refusalOf(answer);
      expect(answer.text).not.toContain('private');
    }
  });

  test('is measured by the limits that are in force', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, VERSTAK_OPERATIONS_PER_PUSH: '2' } });
    const desk = await pairedDevice(server);
    expect(refusalOf(await push(server, desk, newOperations(3)))).toEqual([413, 'too_many_operations']);
    await server.configure({ VERSTAK_OPERATIONS_PER_PUSH: '3', VERSTAK_PAYLOAD_BYTES: '10' });
    const small = newOperations(3, { payload_json: '"12345678"' });
    expect((await pushed(server, desk, small)).count).toBe(3);
    const large = newOperation({ payload_json: '"123456789"' });
    expect(refusalOf(await push(server, desk, [large]))).toEqual([413, 'payload_too_large']);
  });
});
