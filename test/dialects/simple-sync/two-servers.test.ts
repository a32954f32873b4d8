import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import {
  type Event,
  historyOf,
  LOGIN_REFUSED,
  newAdmin,
  newEvent,
  newMember,
  pull,
  push,
  setRules,
  TOKEN_REFUSED,
} from './open-simple-sync.ts';

forEachEngine('two servers on one store', engine => {
  async function openTwo(): Promise<{ one: TestServer; two: TestServer }> {
    const served = await openServer(engine);
    return { one: served.server, two: await anotherServer(served) };
  }

  test('take each other’s tokens, with a secret nobody gave them', async () => {
    const { one, two } = await openTwo();
    const [ann, ben] = [await newMember(one), await newMember(two)];
    for (const member of [ann, ben]) {
      for (const server of [one, two]) expect((await pull(server, member)).status).toBe(200);
    }
    const third = (await openServer(engine)).server;
    expect((await pull(third, ann)).json).toEqual(TOKEN_REFUSED);
  });

  test('see at once what the other one stored', async () => {
    const { one, two } = await openTwo();
    const ann = await newMember(one);
    const pushed: Event[] = [];
    for (let i = 0; i < 8; i++) {
      const [writer, reader] = i % 2 ? [one, two] : [two, one];
      pushed.push(newEvent(one, { userUuid: ann.uuid }));
      await push(writer, ann, [pushed.at(-1)]);
      expect(await historyOf(reader, ann)).toEqual(pushed);
    }
  });

  test('apply rules and refuse tokens at once as the other one was told', async () => {
    const { one, two } = await openTwo();
    const [admin, ann] = [await newAdmin(one), await newMember(one)];
    for (let i = 0; i < 4; i++) {
      const [teller, other] = i % 2 ? [one, two] : [two, one];
      await setRules(teller, admin, []);
      expect((await push(other, ann, [newEvent(one)])).status).toBe(403);
      await setRules(teller, admin, ['*/*/* +']);
      expect((await push(other, ann, [newEvent(one)])).status).toBe(200);
    }
    const { username, password } = ann;
    expect((await two.request('DELETE', '/unregister', { username, password })).status).toBe(200);
    expect((await pull(one, ann)).json).toEqual(TOKEN_REFUSED);
  });

  test('lose and double nothing of parallel pushes of the same and of other events', async () => {
    const { one, two } = await openTwo();
    const [ann, ben] = [await newMember(one), await newMember(two)];
    const events = Array.from({ length: 30 }, () => newEvent(one));
    const batches = Array.from({ length: 12 }, (_, i) => {
      const from = (i * 5) % 20;
      const batch = events.slice(from, from + 15);
      return i % 3 === 0 ? batch.toReversed() : batch;
    });
    const answers = await Promise.all(batches.map((batch, i) => push(i % 2 ? one : two, i % 4 < 2 ? ann : ben, batch)));
    expect(answers.map(({ status }) => status)).toEqual(batches.map(() => 200));
    for (const [i, { json }] of answers.entries()) {
      const uuids = json.map(({ uuid }: Event) => uuid);
      expect(new Set(uuids).size).toBe(uuids.length);
      expect(uuids).toEqual(expect.arrayContaining((batches[i] ?? []).map(({ uuid }) => uuid)));
    }
    const history = await historyOf(one, ann);
    expect(history.map(({ uuid }) => uuid).sort()).toEqual(events.map(({ uuid }) => uuid).sort());
    expect(await historyOf(two, ben)).toEqual(history);
  });

  test('keep the order of a push together with that of others', async () => {
    const { one, two } = await openTwo();
    const ann = await newMember(one);
    const batches = Array.from({ length: 6 }, () => Array.from({ length: 10 }, () => newEvent(one)));
    await Promise.all(batches.map((batch, i) => push(i % 2 ? one : two, ann, batch)));
    const uuids = (await historyOf(one, ann)).map(({ uuid }) => uuid);
    for (const batch of batches) {
      const start = uuids.indexOf(batch[0]?.uuid ?? '');
      expect(uuids.slice(start, start + 10)).toEqual(batch.map(({ uuid }) => uuid));
    }
  });

  test('make one document of rules when both begin on a fresh store', async () => {
    const { one, two } = await openTwo();
    const admin = await newAdmin(one);
    const documents = await Promise.all(
      [one, two].map(server => server.request('GET', '/api/v1/acl', undefined, admin.headers)),
    );
    expect(documents[0]?.json).toEqual(documents[1]?.json);
  });

  test('give no token that lives on to a login on one while the account is ended on the other', async () => {
    const { one, two } = await openTwo();
    for (let round = 0; round < 5; round++) {
      const { username, password } = await newMember(one);
      const [ended, ...logins] = await Promise.all([
        one.request('DELETE', '/unregister', { username, password }),
        ...[1, 2, 3].map(() => two.request('POST', '/api/v1/auth/token', { username, password })),
      ]);
      expect(ended.status).toBe(200);
      for (const { status, json } of logins) {
        if (status !== 200) expect([status, json]).toEqual([401, LOGIN_REFUSED]);
        else {
          const headers = { Authorization: `Bearer ${json.token}` };
          expect((await one.request('GET', '/api/v1/events', undefined, headers)).json).toEqual(TOKEN_REFUSED);
        }
      }
    }
  });
});
