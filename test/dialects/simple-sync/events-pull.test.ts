import { expect, onTestFinished, test, vi } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openServer, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import {
  type Event,
  historyOf,
  type Member,
  newEvent,
  newMember,
  pull,
  push,
  seconds,
  storedIn,
} from './open-simple-sync.ts';

const DAY = 86_400;

forEachEngine('GET /api/v1/events', engine => {
  const served = sharedServer(engine);

  test('answers an empty list when there is nothing', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    const answer = await pull(server, ann);
    expect([answer.status, answer.text]).toEqual([200, '[]']);
    expect(answer.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
    await push(server, ann, [newEvent(server, { timestamp: 10 })]);
    expect((await pull(server, ann, '?fromTimestamp=11')).text).toBe('[]');
  });

  test('sorts by timestamp, and those of one second as they arrived', async () => {
    const { server } = await openServer(engine);
    const [ann, ben] = [await newMember(server), await newMember(server)];
    const event = (uuid: string, timestamp: number) => newEvent(server, { uuid, timestamp });
    await push(server, ann, [event('z', 20), event('y', 5), event('x', 20), event('w', 1_000_000_000)]);
    await push(server, ben, [event('b', 20), event('a', 20), event('c', 3)]);
    await push(server, ann, [event('d', 20)]);
    const uuids = (await historyOf(server, ben)).map(({ uuid }) => uuid);
    expect(uuids).toEqual(['c', 'y', 'z', 'x', 'b', 'a', 'd', 'w']);
  });

  test('leaves out what is older than fromTimestamp', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    const timestamps = [5, 9, 10, 10, 11, seconds(server) + DAY];
    await push(
      server,
      ann,
      timestamps.map(timestamp => newEvent(server, { timestamp })),
    );
    const from = async (query: string) =>
      (await pull(server, ann, query)).json.map(({ timestamp }: Event) => timestamp);
    for (const n of [1, 5, 9, 10, 11, 12, seconds(server) + DAY]) {
      expect(await from(`?fromTimestamp=${n}`)).toEqual(timestamps.filter(timestamp => timestamp >= n));
    }
    for (const query of ['', '?', '?fromTimestamp=', '?fromTimestamp', '?since=10&limit=1', '?FROMTIMESTAMP=10']) {
      expect([query, await from(query)]).toEqual([query, timestamps]);
    }
    expect(await from('?fromTimestamp=10&fromTimestamp=x')).toEqual(timestamps.slice(2));
    expect(await from('?x=1&fromTimestamp=0010')).toEqual(timestamps.slice(2));
  });

  test.each([
    '0',
    '00',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x10',
    ' 1',
    '1 ',
    'now',
    'NaN',
    '١',
    '1_000',
    '[object Object]',
    '%00',
  ])('refuses %j as fromTimestamp', async text => {
    const { server } = served;
    const query = `?fromTimestamp=${text === '%00' ? text : encodeURIComponent(text)}`;
    const answer = await pull(server, await newMember(server), query);
    expect([answer.status, answer.json]).toEqual([
      400,
      { error: 'Invalid timestamp parameter', code: 'from_timestamp_invalid' },
    ]);
  });

  test('refuses a fromTimestamp more than a day ahead, such as one in milliseconds', async () => {
    const { server } = served;
    const ann = await newMember(server);
    const now = seconds(server);
    for (const n of [now + DAY + 1, now * 1000, '9223372036854775808', '9'.repeat(400)]) {
      expect((await pull(server, ann, `?fromTimestamp=${n}`)).status).toBe(400);
    }
    expect((await pull(server, ann, `?fromTimestamp=${now + DAY}`)).status).toBe(200);
  });

  test('gives every member everything, whoever pushed it and whatever the rules say', async () => {
    const { server } = served;
    const members = await Promise.all([1, 2, 3].map(() => newMember(server)));
    const pushed = members.map(() => newEvent(server));
    for (const [i, member] of members.entries()) await push(server, member, [pushed[i]]);
    for (const member of members) {
      const history = await historyOf(server, member);
      expect(history).toEqual(
        expect.arrayContaining(pushed.map((event, i) => ({ ...event, userUuid: members[i]?.uuid }))),
      );
    }
  });

  test('answers to HEAD without a body', async () => {
    const { server } = served;
    const answer = await server.request('HEAD', '/api/v1/events', undefined, (await newMember(server)).headers);
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  test('gives histories of many pages whole and in order', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    const count = engine.name === 'embedded' ? 5001 : 1050;
    const events = Array.from({ length: count }, (_, i) => newEvent(server, { timestamp: 1 + ((i * 7) % 1000) }));
    const answer = await push(server, ann, events);
    const order = events.map((event, i) => ({ event, i }));
    order.sort((a, b) => a.event.timestamp - b.event.timestamp || a.i - b.i);
    const expected = order.map(({ event }) => ({ ...event, userUuid: ann.uuid }));
    expect(answer.json).toEqual(expected);
    expect((await pull(server, ann)).json).toEqual(expected);
    expect((await pull(server, ann, '?fromTimestamp=500')).json).toEqual(
      expected.filter(({ timestamp }) => timestamp >= 500),
    );
  });

  test('gives long payloads whole and in order', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    const lengths = [10, 3_000_000, 10, 4000, 5000, 1_500_000, 500_000, 100_000, 4_000_000, 10];
    const events = lengths.map((length, i) => newEvent(server, { payload: `${i}`.repeat(length) }));
    for (const event of events) await push(server, ann, [event]);
    const history = await historyOf(server, ann);
    expect(history.map(({ payload }) => [payload[0], payload.length])).toEqual(
      lengths.map((length, i) => [`${i}`, length]),
    );
    expect(history.map(({ uuid }) => uuid)).toEqual(events.map(({ uuid }) => uuid));
  });
});

forEachEngine(
  'a long history',
  engine => {
    async function fill(server: TestServer, member: Member, payload: string, count: number) {
      for (let i = 0; i < count; i++) await push(server, member, [newEvent(server, { payload })]);
    }

    test('is read in portions of some megabytes', async () => {
      const { server } = await openServer(engine);
      const ann = await newMember(server);
      await fill(server, ann, 'x'.repeat(1_000_000), 12);
      const [events, bodies] = [storedIn(server, 'simple_sync_events'), storedIn(server, 'simple_sync_bodies')];
      const [scan, getMany] = [events.scan.bind(events), bodies.getMany.bind(bodies)];
      const lengths: number[] = [];
      const weigh = <T>(documents: T): T => {
        lengths.push(JSON.stringify(documents).length);
        return documents;
      };
      const spies = [
        vi.spyOn(events, 'scan').mockImplementation(async range => weigh(await scan(range))),
        vi.spyOn(bodies, 'getMany').mockImplementation(async keys => weigh(await getMany(keys))),
      ];
      onTestFinished(() => spies.forEach(spy => void spy.mockRestore()));
      expect(await historyOf(server, ann)).toHaveLength(12);
      expect(lengths.length).toBeGreaterThan(5);
      expect(Math.max(...lengths)).toBeLessThan(4_000_000);
    });

    test('that breaks off in the middle does not look complete', async () => {
      const { server } = await openServer(engine);
      const ann = await newMember(server);
      await fill(server, ann, 'x'.repeat(1_000_000), 8);
      const bodies = storedIn(server, 'simple_sync_bodies');
      const getMany = bodies.getMany.bind(bodies);
      const spy = vi
        .spyOn(bodies, 'getMany')
        .mockImplementationOnce(getMany)
        .mockImplementationOnce(getMany)
        .mockRejectedValue(new StorageUnavailableError());
      onTestFinished(() => spy.mockRestore());
      const answer = await fetch(`${server.url}/api/v1/events`, { headers: ann.headers });
      expect(answer.status).toBe(200);
      await expect(answer.text()).rejects.toThrow('terminated');
    });
  },
  ['embedded'],
);
