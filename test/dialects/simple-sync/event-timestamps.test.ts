import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { EVENTS_INVALID, newEvent, newMember, push, seconds } from './open-simple-sync.ts';

const DAY = 86_400;

forEachEngine('the timestamp of an event', engine => {
  const served = sharedServer(engine);

  /** Pushes events with these texts as the members behind their uuids, and gives the answer and the timestamps stored. */
  async function pushMembers(...members: string[]) {
    const { server } = served;
    const events = members.map(text => [newEvent(server).uuid, text]);
    const body = `[${events.map(([uuid, text]) => `{"uuid":"${uuid}","itemUuid":"i","action":"a"${text}}`).join(' , ')}]`;
    const answer = await push(server, await newMember(server), body);
    const stored = new Map<string, number>();
    if (answer.status === 200) for (const { uuid, timestamp } of answer.json) stored.set(uuid, timestamp);
    return { ...answer, timestamps: events.map(([uuid]) => stored.get(uuid ?? '')) };
  }
  const timestampInvalid = {
    error: 'Invalid timestamp',
    code: 'event_timestamp_invalid',
    eventUuid: expect.any(String),
  };

  test('is a second from 1 to a day ahead of the server', async () => {
    const now = seconds(served.server);
    const { status, timestamps } = await pushMembers(`,"timestamp":1`, `,"timestamp":${now + DAY}`);
    expect([status, timestamps]).toEqual([200, [1, now + DAY]]);
    for (const timestamp of [0, now + DAY + 1, now * 1000, 2 ** 53, '9223372036854775808', '18446744073709551616']) {
      const { status, json } = await pushMembers(',"timestamp":1', `,"timestamp":${timestamp}`);
      expect([timestamp, status, json]).toEqual([timestamp, 400, timestampInvalid]);
    }
    expect((await pushMembers(`,"timestamp":${'9'.repeat(400)}`)).json).toEqual(timestampInvalid);
  });

  test('is counted from the server’s clock', async () => {
    const { clock } = served.server;
    const ahead = `,"timestamp":${seconds(served.server) + DAY + 1}`;
    clock.advance(999);
    expect((await pushMembers(ahead)).status).toBe(400);
    clock.advance(1);
    expect((await pushMembers(ahead)).status).toBe(200);
  });

  test('may not be missing', async () => {
    for (const members of ['', ',"timestamp":null', ',"Timestamp":5', ',"payload":"timestamp"']) {
      const { status, json } = await pushMembers(members);
      expect([members, status, json]).toEqual([members, 400, timestampInvalid]);
    }
  });

  test.each([
    '1.0',
    '1e3',
    '1E3',
    '1e0',
    '10.5',
    '-1',
    '-0',
    '0.0',
    '1e400',
    '0e0',
    '"1"',
    'true',
    '[1]',
    '{"timestamp":1}',
    '""',
  ])('may not be written %s', async text => {
    for (const members of [
      `,"timestamp":${text}`,
      `,"timestamp" :\t${text} \n`,
      `,"timestamp":5,"timestamp":${text}`,
      `,"time\\u0073tamp":${text}`,
      `,"timestamp":5,"\\u0074imestamp":${text}`,
      `,"a":[{"timestamp":1}],"timestamp":${text},"b":{"timestamp":1}`,
      `,"payload":"\\"timestamp\\":1,","timestamp":${text}`,
      `,"payload":"\\\\","timestamp":${text},"x":"\\\\\\""`,
    ]) {
      const { status, json } = await pushMembers(',"timestamp":5', members, ',"timestamp":5');
      expect([members, status, json]).toEqual([members, 400, EVENTS_INVALID]);
    }
  });

  test('counts alone: whatever looks like one elsewhere does not', async () => {
    const members = [
      ',"timestamp":7',
      ',"timestamp":1.0,"timestamp":7',
      ',"timestamp":"1.0","timestamp":7',
      ',"timestamp":[1.0,{"timestamp":1e3}],"timestamp":7',
      ',"timestamp":1e3,"time\\u0073tamp":7',
      ',"\\u0074\\u0069mestamp" \r\n\t: \r\n\t7 \r\n\t',
      ',"timestamp":7,"nested":{"timestamp":1.0,"deeper":[{"timestamp":-1}]}',
      ',"timestamp":7,"list":[1.0,"timestamp",1e3,[],{}]',
      ',"timestamp":7,"payload":"\\"timestamp\\":1.0"',
      ',"timestamp":7,"payload":"\\\\\\",\\"timestamp\\":1.0,"',
      ',"timestamp":7,"payload":"\\\\"',
      ',"timestamp":7,"payload":"}],{[\\\\\\\\"',
      ',"timestamp":7,"action":"timestamp","x":1.0',
      ',"timestamp":7,"x":"timestamp","y":1e3',
      ',"timestamp":7,"timestamp\\u0000":1.0,"timestamp ":1.0,"Timestamp":1.0,"\\"timestamp\\"":1.0',
      ',"timestamp":7,"":1.0',
      ',"x":1.0,"timestamp":7',
    ];
    const { status, timestamps } = await pushMembers(...members);
    expect(status).toBe(200);
    expect(timestamps).toEqual(members.map(() => 7));
  });

  test('belongs to its event: one bad among many good is found', async () => {
    const good = Array.from({ length: 50 }, (_, i) => `,"timestamp":${i + 1}`);
    expect((await pushMembers(...good)).timestamps).toEqual(good.map((_, i) => i + 1));
    for (const at of [0, 25, 49]) {
      const { status, json } = await pushMembers(...good.with(at, ',"timestamp":1.0'));
      expect([status, json]).toEqual([400, EVENTS_INVALID]);
    }
  });
});
