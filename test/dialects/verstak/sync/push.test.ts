import { expect, test } from 'vitest';
import { forEachEngine } from '../../../support/engines.ts';
import { sharedServer } from '../../../support/served.ts';
import { newOperation, pairedDevice, pull, push, ROOMY } from '../open-verstak.ts';
import { asPulled, idsOf, newOperations, pushed, readLog } from './log-client.ts';

const EMPTY = { accepted: [], count: 0, conflicts: [], duplicates: [] };

forEachEngine('a push', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('stores what it has under the numbers 1, 2, 3, in its order, and the next goes on behind it', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const [first, second] = [newOperations(3), newOperations(2)];
    const answer = await push(server, desk, first);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
    expect(answer.json).toEqual({ ...EMPTY, accepted: idsOf(first), count: 3 });
    expect(await pushed(server, desk, second)).toEqual({ ...EMPTY, accepted: idsOf(second), count: 2 });
    const all = [...first, ...second].map((operation, i) => asPulled(operation, desk, i + 1));
    expect(await readLog(server, desk)).toEqual(all);
  });

  test('of operations on the same vault by several devices makes one log, with the device of each', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const lap = await pairedDevice(server, desk);
    const [first, second, third] = newOperations(3);
    for (const [device, operation] of [
      [desk, first],
      [lap, second],
      [desk, third],
    ] as const) {
      await pushed(server, device, [operation], { device_id: 'dev_000000000000000000000000' });
    }
    const log = await readLog(server, lap);
    expect(idsOf(log)).toEqual(idsOf([first, second, third].flatMap(operation => operation ?? [])));
    expect(log.map(({ device_id }) => device_id)).toEqual([desk.deviceId, lap.deviceId, desk.deviceId]);
  });

  test.each([{}, { ops: null }, { ops: [] }, { ops: [], idempotency_key: '', device_id: null }])(
    'without operations, as %j, is answered with empty lists',
    async body => {
      const { server } = served;
      const desk = await pairedDevice(server);
      const answer = await server.request('POST', '/api/v1/sync/push', body, desk.headers);
      expect([answer.status, answer.json]).toEqual([200, EMPTY]);
      expect((await pull(server, desk)).json.server_sequence).toBe(0);
    },
  );

  test('takes fields that are missing or null as empty, and overlooks unknown ones', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const needed = { op_id: 'a', entity_type: 't', entity_id: 'e', op_type: 'o' };
    const missing = { payload_json: null, client_sequence: null, last_seen_server_seq: null, created_at: null };
    const ops = [needed, { ...needed, op_id: 'b', ...missing, sequence: 77, user_id: 'x', vault: 'x', batch: 'x' }];
    expect((await pushed(server, desk, ops)).accepted).toEqual(['a', 'b']);
    const expected = { ...needed, device_id: desk.deviceId, payload_json: '', created_at: '' };
    expect(await readLog(server, desk)).toEqual([
      { ...expected, server_sequence: 1 },
      { ...expected, op_id: 'b', server_sequence: 2 },
    ]);
  });

  test('passes over ids that are in the log, which stays as it was, and takes no number for them', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const lap = await pairedDevice(server, desk);
    const [first, second, third] = newOperations(3) as [never, never, never];
    await pushed(server, desk, [first, second]);
    const changed = newOperation({ op_id: idsOf([second])[0] as string, payload_json: '"changed"' });
    const answer = await pushed(server, lap, [changed, third, first]);
    expect(answer).toEqual({ accepted: idsOf([third]), count: 1, conflicts: [], duplicates: idsOf([second, first]) });
    const log = [asPulled(first, desk, 1), asPulled(second, desk, 2), asPulled(third, lap, 3)];
    expect(await readLog(server, desk)).toEqual(log);
  });

  test('of several operations with one id takes the first', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const operation = newOperation();
    const other = newOperation();
    const again = { ...operation, entity_id: 'another', payload_json: '' };
    const answer = await pushed(server, desk, [operation, again, other, operation]);
    const { op_id } = operation;
    expect(answer).toEqual({
      accepted: idsOf([operation, other]),
      count: 2,
      conflicts: [],
      duplicates: [op_id, op_id],
    });
    expect(await readLog(server, desk)).toEqual([asPulled(operation, desk, 1), asPulled(other, desk, 2)]);
  });

  test('that is repeated without a key stores nothing and tells so', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const ops = newOperations(3);
    await pushed(server, desk, ops);
    expect(await pushed(server, desk, ops)).toEqual({ ...EMPTY, duplicates: idsOf(ops) });
    expect(await readLog(server, desk)).toHaveLength(3);
  });

  test('keeps texts as they are, whatever they are', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const texts = ['\0', '__proto__', 'constructor', '$where', 'a.b', ' a', 'A', 'a', 'é', 'e\u0301', 'a\u2028', '😀'];
    const ops = texts.map(text =>
      newOperation({ op_id: text, entity_type: text, entity_id: text, op_type: text, created_at: text }),
    );
    expect((await pushed(server, desk, ops)).accepted).toEqual(texts);
    expect(await readLog(server, desk)).toEqual(ops.map((operation, i) => asPulled(operation, desk, i + 1)));
  });

  test('trap 4: a payload comes back byte for byte', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const payloads = [
      '',
      '{"b":1,"a":1.0}',
      ' { "a" : 1 ,\n\t"a" : 2 }\r\n',
      '[1e400,-0,0.10,123456789012345678901234567890]',
      '"\\ud800 \\u0000 \\u00e9 \\/ \\u2028"',
      '"é e\u0301 \u2028\u2029 \u007f 😀 \ufeff"',
      '{"__proto__":{"a":1},"$set":{"x.y":null}}',
      'null',
      `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
    ];
    await pushed(
      server,
      desk,
      payloads.map(payload_json => newOperation({ payload_json })),
    );
    const log = await readLog(server, desk);
    expect(log.map(({ payload_json }) => payload_json)).toEqual(payloads);
  });

  test('needs the token of a device that is not revoked', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const refused = async (headers: Record<string, string>) => {
      const { status, json } = await server.request('POST', '/api/v1/sync/push', { ops: [newOperation()] }, headers);
      return [status, json.code];
    };
    expect(await refused({})).toEqual([401, 'unauthorized']);
    expect(await refused({ Authorization: `Bearer ${'0'.repeat(64)}` })).toEqual([401, 'unauthorized']);
    await server.request('POST', '/api/client/revoke-current', undefined, desk.headers);
    expect(await refused(desk.headers)).toEqual([401, 'unauthorized']);
  });

  test.each(['GET', 'PUT', 'DELETE'])('is not sent with %s', async method => {
    const answer = await served.server.request(method, '/api/v1/sync/push');
    expect([answer.status, answer.json.code, answer.headers.get('Allow')]).toEqual([405, 'method_not_allowed', 'POST']);
  });
});
