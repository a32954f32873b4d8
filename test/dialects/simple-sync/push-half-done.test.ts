import { expect, onTestFinished, test, vi } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer, type Served } from '../../support/served.ts';
import { historyOf, type Member, newEvent, newMember, push, storedIn } from './open-simple-sync.ts';

forEachEngine('a push of many events that breaks off half way', engine => {
  /** The answer of a server whose storage is away after the first portion of them is stored. */
  async function brokenPush({ server }: Served, member: Member, events: readonly object[]) {
    const { storage } = server.core;
    const commit = storage.commit.bind(storage);
    const spy = vi.spyOn(storage, 'commit');
    spy.mockImplementationOnce(commit).mockRejectedValue(new StorageUnavailableError());
    onTestFinished(() => spy.mockRestore());
    const answer = await push(server, member, events);
    spy.mockRestore();
    return answer;
  }

  async function context() {
    const served = await openServer(engine);
    const ann = await newMember(served.server);
    const events = Array.from({ length: 600 }, () => newEvent(served.server));
    expect((await brokenPush(served, ann, events)).status).toBe(503);
    expect((await historyOf(served.server, ann)).length).toBeLessThan(events.length);
    const expected = events.map(event => ({ ...event, userUuid: ann.uuid }));
    const expectWhole = async () => {
      expect(await historyOf(served.server, ann)).toEqual(expected);
    };
    return { served, ann, events, expectWhole };
  }

  test('is finished by housekeeping, once', async () => {
    const { served, expectWhole } = await context();
    await served.server.tidy();
    await expectWhole();
    const commit = vi.spyOn(served.server.core.storage, 'commit');
    await served.server.tidy();
    expect(commit).not.toHaveBeenCalled();
    commit.mockRestore();
    expect((await storedIn(served.server, 'simple_sync_pushes').scan({ limit: 1 })).items).toEqual([]);
  });

  test('is finished by the next server that starts', async () => {
    const { served, expectWhole } = await context();
    const other = await anotherServer(served);
    await other.core.background.idle();
    await expectWhole();
  });

  test('is finished by the client that repeats it', async () => {
    const { served, ann, events, expectWhole } = await context();
    expect((await push(served.server, ann, events)).status).toBe(200);
    await expectWhole();
    await served.server.tidy();
    await expectWhole();
  });
});
