import { expect, onTestFinished, test, vi } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import {
  demand,
  type Event,
  historyOf,
  type Member,
  newEvent,
  newMember,
  pull,
  push,
  storedIn,
} from './open-simple-sync.ts';

/** Not quite random: the same in each run. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * 7919) % count);
}

forEachEngine('a history in segments', engine => {
  /** How many times fewer events: a server of MongoDB may be slow. */
  const fewer = engine.name === 'embedded' ? 1 : 3;

  /** Events of some megabytes together: more than one segment takes. Some of their texts are long. */
  function drafts(server: TestServer, count: number, seconds: number): Event[] {
    return shuffled(count).map(i =>
      newEvent(server, { timestamp: 1 + (i % seconds), payload: `é${i}`.repeat(i % 40 === 0 ? 1000 : 150) }),
    );
  }

  /** As they must come back: by second, those of one as they were sent. */
  function inOrder(events: readonly Event[], { uuid: userUuid }: Member): Event[] {
    return events.map(event => ({ ...event, userUuid })).sort((a, b) => a.timestamp - b.timestamp);
  }

  async function expectHistory(server: TestServer, member: Member, events: readonly Event[]) {
    expect(await historyOf(server, member)).toEqual(inOrder(events, member));
  }

  const countIn = (server: TestServer, name: string, index?: string) =>
    storedIn(server, name).count(index === undefined ? {} : { index });

  test('is the same in every portion and from every moment on, however the events came into them', async () => {
    const served = await openServer(engine);
    const servers = [served.server, await anotherServer(served)];
    const ann = await newMember(served.server);
    const events = drafts(served.server, 1200 / fewer, 90);
    const sent: Event[] = [];
    const stops = [0, 300, 320, 700, 701, 1100, 1200].map(stop => Math.floor(stop / fewer));
    for (const [turn, at] of stops.slice(0, -1).entries()) {
      const batch = events.slice(at, stops[turn + 1]);
      const server = servers[turn % 2] as TestServer;
      sent.push(...batch);
      expect((await push(server, ann, batch)).json).toEqual(inOrder(sent, ann));
      if (turn !== 1) await server.tidy('atStart');
      for (const server of servers) await expectHistory(server, ann, sent);
    }
    expect(await countIn(served.server, 'simple_sync_segments')).toBeGreaterThan(2);
    expect(await countIn(served.server, 'simple_sync_events', 'loose')).toBe(0);
    for (const from of [1, 2, 30, 45, 46, 89, 90, 91]) {
      const { json } = demand(await pull(served.server, ann, `?fromTimestamp=${from}`), 200);
      expect(json).toEqual(inOrder(sent, ann).filter(({ timestamp }) => timestamp >= from));
    }
    expect((await push(served.server, ann, events)).json).toEqual(inOrder(sent, ann));
  });

  test('is divided within one second, too', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    const events = drafts(server, 600 / fewer, 1);
    await push(server, ann, events.slice(0, Math.floor(400 / fewer)));
    await server.tidy('atStart');
    await push(server, ann, events.slice(Math.floor(400 / fewer)));
    await server.tidy('atStart');
    expect(await countIn(server, 'simple_sync_segments')).toBeGreaterThan(1);
    await expectHistory(server, ann, events);
    expect((await pull(server, ann, '?fromTimestamp=2')).json).toEqual([]);
    expect((await pull(server, ann, '?fromTimestamp=1')).json).toHaveLength(events.length);
  });

  test('is whole for those who read it while events are put away, by two servers at once', async () => {
    const served = await openServer(engine);
    const servers = [served.server, await anotherServer(served)] as const;
    const ann = await newMember(served.server);
    const size = Math.floor(300 / fewer ** 2);
    const events = drafts(served.server, 3 * size, 50);
    for (let i = 0; i < 3; i++) {
      const sent = events.slice(0, (i + 1) * size);
      await push(servers[i % 2] as TestServer, ann, events.slice(i * size, (i + 1) * size));
      const reads = Array.from({ length: Math.ceil(4 / fewer) }, (_, n) =>
        expectHistory(servers[n % 2] as TestServer, ann, sent),
      );
      await Promise.all([...servers.map(server => server.tidy('atStart')), ...reads]);
      await expectHistory(served.server, ann, sent);
    }
    for (const server of servers) await server.tidy('atStart');
    expect(await countIn(served.server, 'simple_sync_events', 'loose')).toBe(0);
  });

  test('comes of itself where much lies loose', async () => {
    const { server } = await openServer(engine);
    const ann = await newMember(server);
    const events = Array.from({ length: 500 }, () => newEvent(server));
    await push(server, ann, events.slice(1));
    await server.core.background.idle();
    expect(await countIn(server, 'simple_sync_segments')).toBe(0);
    await push(server, ann, events.slice(0, 1));
    await server.core.background.idle();
    expect(await countIn(server, 'simple_sync_events', 'loose')).toBe(0);
    await expectHistory(server, ann, [...events.slice(1), ...events.slice(0, 1)]);
  });

  test('loses and doubles nothing wherever putting events away breaks off', async () => {
    const served = await openServer(engine);
    const { server } = served;
    const other = await anotherServer(served);
    const ann = await newMember(server);
    const size = Math.floor(40 / fewer);
    const events = drafts(server, 16 * size, 20);
    const sent: Event[] = [];
    for (let calls = 0; calls < 16; calls++) {
      const batch = events.slice(calls * size, (calls + 1) * size);
      sent.push(...batch);
      await push(server, ann, batch);
      const mend = breakAfter(server, calls % 8);
      await server.tidy('atStart').catch(() => {});
      mend();
      await expectHistory(other, ann, sent);
      if (calls % 3 === 2) await other.tidy('atStart');
      await expectHistory(server, ann, sent);
    }
    await other.tidy('atStart');
    expect(await countIn(server, 'simple_sync_events', 'loose')).toBe(0);
    await expectHistory(server, ann, sent);
  });

  /** After so many writes to events and segments the storage is away. Returns what brings it back. */
  function breakAfter(server: TestServer, writes: number): () => void {
    let left = writes;
    const spies = ['simple_sync_events', 'simple_sync_segments'].flatMap(name => {
      const collection = storedIn(server, name);
      return (['insert', 'update', 'put', 'delete'] as const).map(method => {
        const real = collection[method].bind(collection) as (...given: unknown[]) => Promise<never>;
        return vi.spyOn(collection, method).mockImplementation(async (...given: unknown[]) => {
          if (left-- <= 0) throw new StorageUnavailableError();
          return real(...given);
        });
      });
    });
    const mend = () => spies.forEach(spy => void spy.mockRestore());
    onTestFinished(mend);
    return mend;
  }
});
