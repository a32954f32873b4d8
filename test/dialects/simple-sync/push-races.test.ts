import { expect, onTestFinished, test, vi } from 'vitest';
import { DuplicateKeyError, StorageUnavailableError } from '../../../src/base/errors.ts';
import { accountsSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { type Event, historyOf, LOGIN_REFUSED, newEvent, newMember, push } from './open-simple-sync.ts';

forEachEngine('a push', engine => {
  /** Has something done before the next commits of the server. */
  function beforeCommits({ core }: TestServer, work: (commit: number) => Promise<void>) {
    const commit = core.storage.commit.bind(core.storage);
    let commits = 0;
    const spy = vi.spyOn(core.storage, 'commit').mockImplementation(async writes => {
      const n = commits++;
      await work(n);
      return commit(writes);
    });
    onTestFinished(() => spy.mockRestore());
    return spy;
  }

  test('that meets others with the same events again and again stores the rest all the same', async () => {
    const { server } = await openServer(engine);
    const [ann, ben] = [await newMember(server), await newMember(server)];
    const events = Array.from({ length: 6 }, () => newEvent(server));
    let meddling = false;
    const spy = beforeCommits(server, async n => {
      if (meddling || n > 8) return;
      meddling = true;
      await push(server, ben, [events[n / 2]]);
      meddling = false;
    });
    expect((await push(server, ann, events)).status).toBe(200);
    expect(spy.mock.calls.length).toBeGreaterThan(6);
    const history = await historyOf(server, ann);
    expect(history.map(({ uuid }) => uuid).sort()).toEqual(events.map(({ uuid }) => uuid).sort());
    const bens = history.filter(({ userUuid }) => userUuid === ben.uuid).map(({ uuid }) => uuid);
    expect(bens).toEqual(events.slice(0, bens.length).map(({ uuid }) => uuid));
    expect(bens.length).toBeGreaterThan(1);
  });

  test('that never gets through is answered with 503, and may be repeated', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    const spy = vi.spyOn(server.core.storage, 'commit').mockRejectedValue(new DuplicateKeyError('primary', { at: 0 }));
    const event = newEvent(server);
    const answer = await push(server, ann, [event]);
    expect([answer.status, answer.json.code]).toEqual([503, 'storage_unavailable']);
    expect(answer.headers.get('Retry-After')).toBe('1');
    spy.mockRestore();
    expect((await push(server, ann, [event])).json).toEqual([{ ...event, userUuid: ann.uuid }]);
  });

  test('that the storage does not take is answered with 503 at once', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    const spy = vi.spyOn(server.core.storage, 'commit').mockRejectedValue(new StorageUnavailableError());
    expect((await push(server, ann, [newEvent(server)])).status).toBe(503);
    expect(spy).toHaveBeenCalledTimes(1);
    spy.mockRestore();
    expect(await historyOf(server, ann)).toEqual([]);
  });

  test('of what is known writes nothing', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    const events = [newEvent(server), newEvent(server)];
    await push(server, ann, events);
    const commit = vi.spyOn(server.core.storage, 'commit');
    const increment = vi.spyOn(server.core.storage, 'increment');
    for (const batch of [events, [events[1]], []]) expect((await push(server, ann, batch)).status).toBe(200);
    expect([commit.mock.calls.length, increment.mock.calls.length]).toEqual([0, 0]);
    vi.restoreAllMocks();
  });

  test('of very many events is stored whole, and again not at all', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    const count = engine.name === 'embedded' ? 30_000 : 400;
    const batch = Array.from({ length: count }, (_, i) => ({ uuid: `${i}`, timestamp: 1, itemUuid: 'i', action: 'a' }));
    const known = batch.filter((_, i) => i % 50 === 0);
    await push(server, ann, known);
    for (const body of [batch, batch.slice(0, 1000)]) {
      const { status, json } = await push(server, ann, body);
      expect(status).toBe(200);
      expect(json).toHaveLength(count);
    }
    const expected = [...new Set([...known, ...batch].map(({ uuid }) => uuid))];
    expect((await historyOf(server, ann)).map(({ uuid }: Event) => uuid)).toEqual(expected);
  });
});

forEachEngine('a login', engine => {
  test.each([
    ['is blocked', { set: { blocked_at: new Date(0) } }],
    ['gets another password', { set: { password: 'another hash' }, add: { password_version: 1 } }],
    ['is unregistered', { set: { erasing_at: new Date(0) }, unset: ['password' as const] }],
  ])('of an account that %s while its password is verified is refused', async (_, change) => {
    const { server } = await openServer(engine);
    const { core } = server;
    const { user_id, username, password } = await newMember(server);
    const verify = core.passwords.verify.bind(core.passwords);
    const spy = vi.spyOn(core.passwords, 'verify').mockImplementation(async (given, hash) => {
      const right = await verify(given, hash);
      await core.storage.collection(accountsSpec).update([user_id], change);
      return right;
    });
    const answer = await server.request('POST', '/api/v1/auth/token', { username, password });
    spy.mockRestore();
    expect([answer.status, answer.json]).toEqual([401, LOGIN_REFUSED]);
  });
});
