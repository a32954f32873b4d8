import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newName, openServer, sharedServer } from '../../support/served.ts';
import {
  EVENTS_INVALID,
  historyOf,
  newAdmin,
  newEvent,
  newMember,
  pull,
  push,
  seconds,
  setRules,
} from './open-simple-sync.ts';

forEachEngine('POST /api/v1/events', engine => {
  const served = sharedServer(engine);
  /** The events that are stored about an item. */
  const storedAbout = async (itemUuid: string) => {
    const history = await historyOf(served.server, await newMember(served.server));
    return history.filter(event => event.itemUuid === itemUuid);
  };

  test('stores events and answers with the complete history in six fields, the caller as their user', async () => {
    const { server } = await openServer(engine);
    const [ann, ben] = [await newMember(server), await newMember(server, { uuid: 'ben' })];
    const first = newEvent(server, { payload: '{"title":"milk"}' });
    const answer = await push(server, ann, [first]);
    expect([answer.status, answer.json]).toEqual([200, [{ ...first, userUuid: ann.uuid }]]);
    expect(answer.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
    const second = { ...newEvent(server), extra: 1, id: 'x', userUuid: ann.uuid };
    const { extra: _, id: __, ...known } = second;
    const both = [
      { ...first, userUuid: ann.uuid },
      { ...known, userUuid: 'ben' },
    ];
    expect((await push(server, ben, [second])).json).toEqual(both);
    expect(Object.keys((await pull(server, ann)).json[1])).toEqual([
      'uuid',
      'timestamp',
      'userUuid',
      'itemUuid',
      'action',
      'payload',
    ]);
    for (const member of [ann, ben]) expect((await pull(server, member)).json).toEqual(both);
  });

  test('answers with the complete history to an empty list, and whatever the query says', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    expect((await push(server, ann, [])).text).toBe('[]');
    const event = newEvent(server, { timestamp: 1 });
    await push(server, ann, [event]);
    expect((await push(server, ann, [])).json).toHaveLength(1);
    const query = `/api/v1/events?fromTimestamp=${seconds(server)}`;
    expect((await server.request('POST', query, [newEvent(server)], ann.headers)).json).toHaveLength(2);
    expect((await server.request('POST', '/api/v1/events?fromTimestamp=x', [], ann.headers)).status).toBe(200);
  });

  test.each([
    ['no body', ''],
    ['no JSON', '[{'],
    ['an object', '{}'],
    ['one event', '{"uuid":"a","timestamp":1,"itemUuid":"i","action":"create"}'],
    ['null', 'null'],
    ['a text', '"[]"'],
    ['a list of texts', '["a"]'],
    ['a list with null', '[null]'],
    ['a list of lists', '[[]]'],
    ['a number as uuid', '[{"uuid":5,"timestamp":1,"itemUuid":"i","action":"create"}]'],
    ['an operator as uuid', '[{"uuid":{"$ne":""},"timestamp":1,"itemUuid":"i","action":"create"}]'],
    ['a list as itemUuid', '[{"uuid":"a","timestamp":1,"itemUuid":["i"],"action":"create"}]'],
    ['a boolean as action', '[{"uuid":"a","timestamp":1,"itemUuid":"i","action":true}]'],
    ['an object as payload', '[{"uuid":"a","timestamp":1,"itemUuid":"i","action":"create","payload":{}}]'],
    ['a number as userUuid', '[{"uuid":"a","timestamp":1,"itemUuid":"i","action":"create","userUuid":5}]'],
    ['a text as timestamp', '[{"uuid":"a","timestamp":"1","itemUuid":"i","action":"create"}]'],
  ])('refuses %s', async (_, body) => {
    const answer = await push(served.server, await newMember(served.server), body);
    expect([answer.status, answer.json]).toEqual([400, EVENTS_INVALID]);
  });

  test.each(['uuid', 'itemUuid', 'action'])('demands %s: absent, null and empty are refused', async field => {
    const { server } = served;
    const ann = await newMember(server);
    const itemUuid = newName();
    for (const missing of [undefined, null, '']) {
      const event = newEvent(server, { itemUuid });
      const answer = await push(server, ann, [newEvent(server, { itemUuid }), { ...event, [field]: missing }]);
      expect([answer.status, answer.json]).toEqual([
        400,
        {
          error: 'Missing required fields',
          code: 'event_incomplete',
          ...(field !== 'uuid' && { eventUuid: event.uuid }),
        },
      ]);
    }
    expect(await storedAbout(itemUuid)).toEqual([]);
  });

  test('takes an event without payload or userUuid, or with null for them', async () => {
    const { server } = served;
    const ann = await newMember(server);
    const itemUuid = newName();
    const [first, second] = [newEvent(server, { itemUuid }), newEvent(server, { itemUuid })];
    const { payload: _, userUuid: __, ...bare } = first;
    await push(server, ann, [bare, { ...second, payload: null, userUuid: null }]);
    expect(await storedAbout(itemUuid)).toEqual(
      [first, second].map(event => ({ ...event, payload: '', userUuid: ann.uuid })),
    );
  });

  test('looks at the form of all events first, then at each in turn, and stores nothing of a bad batch', async () => {
    const { server } = served;
    const ann = await newMember(server);
    const itemUuid = newName();
    const good = newEvent(server, { itemUuid });
    const incomplete = newEvent(server, { itemUuid, action: '' });
    const late = newEvent(server, { itemUuid, timestamp: 0 });
    const formless = { ...newEvent(server, { itemUuid }), payload: 5 };
    const both = { ...newEvent(server, { itemUuid }), action: '', timestamp: 0 };
    for (const [batch, error] of [
      [[good, incomplete, late, formless], 'Invalid JSON format'],
      [[good, incomplete, late], 'Missing required fields'],
      [[good, late, incomplete], 'Invalid timestamp'],
      [[both], 'Missing required fields'],
    ] as const) {
      const answer = await push(server, ann, batch);
      expect([answer.status, answer.json.error]).toEqual([400, error]);
    }
    expect(await storedAbout(itemUuid)).toEqual([]);
  });

  test('looks at the form before the rules, and refuses the whole batch for the first event they forbid', async () => {
    const { server } = await openServer(engine);
    const [ann, admin] = [await newMember(server), await newAdmin(server)];
    await setRules(server, admin, [`${ann.uuid}/*/create +`]);
    const good = newEvent(server);
    const [first, second] = [newEvent(server, { action: 'delete' }), newEvent(server, { action: 'edit' })];
    expect((await push(server, ann, [first, newEvent(server, { timestamp: 0 })])).status).toBe(400);
    const answer = await push(server, ann, [good, first, second]);
    expect([answer.status, answer.json]).toEqual([
      403,
      { error: 'Insufficient permissions', code: 'event_forbidden', eventUuid: first.uuid },
    ]);
    expect(await historyOf(server, ann)).toEqual([]);
    expect((await push(server, ann, [good])).status).toBe(200);
  });

  test('may be repeated: what is known stays as it is, what is new is stored', async () => {
    const { server } = served;
    const [ann, ben] = [await newMember(server), await newMember(server)];
    const itemUuid = newName();
    const [a, b, c] = [1, 2, 3].map(() => newEvent(server, { itemUuid }));
    const owned = (events: unknown[], { uuid }: { uuid: string }) =>
      events.map(event => ({ ...(event as object), userUuid: uuid }));
    await push(server, ann, [a, b]);
    expect((await push(server, ann, [a, b])).status).toBe(200);
    expect(await storedAbout(itemUuid)).toEqual(owned([a, b], ann));
    const other = { ...b, payload: 'another', timestamp: 1, action: 'delete' };
    expect((await push(server, ben, [other, c, a])).status).toBe(200);
    expect(await storedAbout(itemUuid)).toEqual([...owned([a, b], ann), ...owned([c], ben)]);
  });

  test('stores the first of several events with one uuid', async () => {
    const { server } = served;
    const itemUuid = newName();
    const [event, next] = [newEvent(server, { itemUuid, payload: 'first' }), newEvent(server, { itemUuid })];
    const batch = [event, { ...event, payload: 'second' }, next, { ...event, payload: 'third' }];
    expect((await push(server, await newMember(server), batch)).status).toBe(200);
    expect((await storedAbout(itemUuid)).map(({ uuid, payload }) => [uuid, payload])).toEqual([
      [event.uuid, 'first'],
      [next.uuid, next.payload],
    ]);
  });

  test('takes any text as uuid, itemUuid, action and payload, and tells uuids apart by their characters', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    const texts = [
      ' ',
      'a',
      'A',
      'é',
      'e\u0301',
      '\0',
      'a\0b',
      '\ud800',
      '\ud801',
      '\ufffd',
      '\udc00\ud800',
      '"\\\n\u2028',
      '__proto__',
      'constructor',
      '$ne',
      'a.b',
      '{"$gt":""}',
      '😀',
      'x'.repeat(5000),
      ']},"timestamp":1.0',
    ];
    const events = texts.map(text =>
      newEvent(server, { uuid: text, itemUuid: text, action: text, payload: text, userUuid: text }),
    );
    const expected = events.map(event => ({ ...event, userUuid: ann.uuid }));
    expect((await push(server, ann, events)).json).toEqual(expected);
    expect((await push(server, ann, events)).json).toEqual(expected);
    expect(await historyOf(server, ann)).toEqual(expected);
  });

  test('takes members in any order and of two with one name the last', async () => {
    const { server } = served;
    const itemUuid = newName();
    const { uuid } = newEvent(server);
    const body = `[{"timestamp":"x","payload":5,"action":"old","uuid":"${uuid}","itemUuid":"${itemUuid}",
      "__proto__":{"action":"evil"},"constructor":1,"action":"new","payload":"p","timestamp" : 7 }]`;
    expect((await push(server, await newMember(server), body)).status).toBe(200);
    expect(await storedAbout(itemUuid)).toMatchObject([{ uuid, action: 'new', payload: 'p', timestamp: 7 }]);
  });

  test.each(['PUT', 'PATCH', 'DELETE'])('is not there for %s', async method => {
    const answer = await served.server.request(method, '/api/v1/events');
    expect([answer.status, answer.headers.get('Allow')]).toEqual([405, 'GET, HEAD, POST']);
  });
});
