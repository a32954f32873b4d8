import { expect, test } from 'vitest';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../../../support/served.ts';
import { newOperation, pairedDevice, push, ROOMY } from '../open-verstak.ts';
import { idsOf, newOperations, pushed, readLog, refusalOf } from './log-client.ts';

const DAY_MS = 86_400_000;

forEachEngine('a push with an idempotency key', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const key = { idempotency_key: 'key' };

  test('is answered with the same bytes again, conflicts included, whatever it has the next time', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const lap = await pairedDevice(server, desk);
    const seen = newOperation();
    await pushed(server, desk, [seen, newOperation({ ...seen, op_id: 'theirs', payload_json: '"ü\u2028"' })]);
    const mine = newOperation({ entity_id: seen.entity_id, last_seen_server_seq: 1 });
    const first = await push(server, lap, [mine, seen], key);
    expect(first.json).toMatchObject({ accepted: [mine.op_id], count: 1, duplicates: [seen.op_id] });
    expect(idsOf(first.json.conflicts)).toEqual(['theirs']);
    for (const ops of [[mine, seen], newOperations(2), []]) {
      const again = await push(server, lap, ops, key);
      expect([again.status, again.text]).toEqual([200, first.text]);
      expect(again.headers.get('Content-Type')).toBe(first.headers.get('Content-Type'));
    }
    expect(idsOf(await readLog(server, desk))).toEqual([seen.op_id, 'theirs', mine.op_id]);
  });

  test('is checked first, and answered again only when it is in order', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const first = await push(server, desk, newOperations(1), key);
    const invalid = await push(server, desk, [newOperation({ op_id: '' })], key);
    expect(refusalOf(invalid)).toEqual([400, 'invalid_operation']);
    const many = await push(server, desk, newOperations(101), key);
    expect(refusalOf(many)).toEqual([413, 'too_many_operations']);
    const foreign = newOperation({
      entity_type: 'file',
      payload_json: `{"blob":{"sha256":"${'0'.repeat(64)}","size":1}}`,
    });
    expect(refusalOf(await push(server, desk, [foreign], key))).toEqual([400, 'blob_not_owned']);
    expect((await push(server, desk, [], key)).text).toBe(first.text);
  });

  test('and nothing else keeps its empty answer too', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const first = await push(server, desk, [], key);
    expect((await push(server, desk, newOperations(1), key)).text).toBe(first.text);
    expect(await readLog(server, desk)).toEqual([]);
  });

  test('is told from those with other keys, which may be any text', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const keys = [' ', 'a', 'A', 'a\0', '\0', 'é', 'e\u0301', '😀'.repeat(32)];
    for (const idempotency_key of keys)
      expect((await pushed(server, desk, newOperations(1), { idempotency_key })).count).toBe(1);
    expect(await readLog(server, desk)).toHaveLength(keys.length);
  });

  test('counts for its vault, whichever device sends it', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const lap = await pairedDevice(server, desk);
    const first = await push(server, desk, newOperations(1), key);
    expect((await push(server, lap, newOperations(1), key)).text).toBe(first.text);
  });

  test('is remembered for a day, and by then a push like any other', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const desk = await pairedDevice(server);
    const ops = newOperations(2);
    const first = await push(server, desk, ops, key);
    server.clock.advance(DAY_MS - 1);
    expect((await push(server, desk, ops, key)).text).toBe(first.text);
    server.clock.advance(1);
    const other = newOperation();
    const later = await pushed(server, desk, [...ops, other], key);
    expect(later).toEqual({ accepted: [other.op_id], count: 1, conflicts: [], duplicates: idsOf(ops) });
  });

  test('that is sent many times at once, to several servers, is stored once and answered the same', async () => {
    const shared = await openServer(engine, { options: ROOMY });
    const servers = [shared.server, await anotherServer(shared, { options: ROOMY })];
    const desk = await pairedDevice(shared.server);
    const ops = newOperations(5);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => push(servers[i % 2] ?? shared.server, desk, ops, key)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.json).toEqual({ accepted: idsOf(ops), count: 5, conflicts: [], duplicates: [] });
    expect(idsOf(await readLog(shared.server, desk))).toEqual(idsOf(ops));
  });
});
