import { expect, test, vi } from 'vitest';
import type { Core } from '../../src/core/context.ts';
import { eventsSpec, segmentsSpec } from '../../src/core/events/collections.ts';
import type { SubmittedEvent } from '../../src/core/events/event.ts';
import { createHistory } from '../../src/core/events/history/history.ts';
import { type EventView, eventsOf, newestEvents, readEvent } from '../../src/core/events/newest.ts';
import { forEachEngine } from '../support/engines.ts';
import { openCore, outcomes } from './open-core.ts';

/** Events in no order, some of them long. */
function drafts(count: number, from = 0): SubmittedEvent[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i;
    return {
      uuid: `e${n}`,
      timestamp: 1 + ((n * 7919) % 97),
      itemUuid: `item "${n % 5}"`,
      action: n % 2 === 0 ? 'create' : 'délete',
      payload: `é${n}`.repeat(n % 40 === 0 ? 1500 : 120),
    };
  });
}

async function pagesFrom(core: Core, query: Partial<Parameters<typeof newestEvents>[1]> = {}): Promise<EventView[]> {
  const all: EventView[] = [];
  let cursor: string | undefined;
  do {
    const page = await newestEvents(core, { limit: 7, ...query, cursor });
    expect(page.items.length).toBeLessThanOrEqual(query.limit ?? 7);
    all.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return all;
}

async function forwards(core: Core): Promise<{ uuid: string; userUuid: string; itemUuid: string; action: string }[]> {
  const texts: string[] = [];
  for await (const text of createHistory(core).texts()) texts.push(Buffer.from(text).toString());
  return JSON.parse(`[${texts.join()}]`);
}

const uuids = (events: readonly { uuid: string }[]) => events.map(({ uuid }) => uuid);

forEachEngine('the history from its end', engine => {
  test('has each event once, newest first, loose or put away, with every filter', async () => {
    const { core } = await openCore(engine);
    const history = createHistory(core);
    for (let turn = 0; turn < 3; turn++) {
      await history.add(turn === 1 ? 'bob' : 'ann', drafts(300, turn * 300));
      if (turn < 2) await history.settle();
      const all = (await forwards(core)).reverse();
      expect(all).toHaveLength((turn + 1) * 300);
      expect(uuids(await pagesFrom(core, { limit: 50 }))).toEqual(uuids(all));
    }
    const all = (await forwards(core)).reverse();
    for (const [filter, fits] of [
      [{ user: 'bob' }, (e: EventView) => e.userUuid === 'bob'],
      [{ item: 'item "3"' }, (e: EventView) => e.itemUuid === 'item "3"'],
      [{ action: 'délete', user: 'ann' }, (e: EventView) => e.action === 'délete' && e.userUuid === 'ann'],
      [{ item: 'item' }, () => false],
    ] as const) {
      expect(uuids(await pagesFrom(core, { limit: 50, ...filter }))).toEqual(uuids((all as EventView[]).filter(fits)));
    }
    const written: EventView[] = [];
    for await (const event of eventsOf(core, 'bob')) written.push(event);
    expect(uuids(written)).toEqual(uuids(all.filter(({ userUuid }) => userUuid === 'bob')));
  });

  test('neither skips nor repeats while events are put away, by two at once', async () => {
    const opened = await openCore(engine);
    const histories = [createHistory(opened.core), createHistory(opened.another())] as const;
    // A server of MongoDB may be slow.
    const count = engine.name === 'embedded' ? 250 : 80;
    await histories[0].add('ann', drafts(count));
    await histories[0].settle();
    await histories[0].add('ann', drafts(count, count));
    const [all] = await Promise.all([
      pagesFrom(opened.core, { limit: 20 }),
      ...histories.map(async history => {
        await history.settle();
        await history.removeOrphans();
      }),
    ]);
    expect(uuids(all)).toEqual(uuids((await forwards(opened.core)).reverse()));
    expect(new Set(uuids(all)).size).toBe(2 * count);
  });

  test('gives an event by its place, and takes no other cursor', async () => {
    const { core } = await openCore(engine);
    const history = createHistory(core);
    expect(await newestEvents(core, { limit: 5 })).toEqual({ items: [] });
    await history.add('ann', drafts(50));
    for (const event of await pagesFrom(core)) expect(await readEvent(core, event.place)).toEqual(event);
    await history.settle();
    for (const event of await pagesFrom(core)) expect(await readEvent(core, event.place)).toEqual(event);
    const places = ['', 'x', '0'.repeat(28), '9'.repeat(28), '1'.repeat(29), '\0'];
    expect(await outcomes(places.map(place => readEvent(core, place)))).toEqual(places.map(() => 'event_not_found'));
    const cursors = ['', 'x', '1'.repeat(29)].map(cursor => newestEvents(core, { limit: 5, cursor }));
    expect(await outcomes(cursors)).toEqual(cursors.map(() => 'cursor_invalid'));
  });
});

forEachEngine('segments that no other names', engine => {
  const segmentsIn = (core: Core) => core.storage.collection(segmentsSpec);

  test('are removed, and nothing else is', async () => {
    const { core } = await openCore(engine);
    const history = createHistory(core);
    await history.add('ann', drafts(300));
    const segments = segmentsIn(core);
    // The process dies when the new segments are made and not named yet.
    const update = vi.spyOn(segments, 'update').mockRejectedValue(new Error('died'));
    await history.settle().catch(() => {});
    update.mockRestore();
    const left = await segments.count({});
    expect(left).toBeGreaterThan(1);
    await history.removeOrphans();
    expect(await segments.count({})).toBe(1);
    await history.settle();
    const before = await forwards(core);
    expect([before.length, await segments.count({})]).toEqual([300, left]);
    await history.removeOrphans();
    expect(await segments.count({})).toBe(left);
    expect(await forwards(core)).toEqual(before);
    expect(await core.storage.collection(eventsSpec).count({ index: 'loose' })).toBe(0);
  });

  test('stay when they are named, though nobody noted that they are begun', async () => {
    const { core } = await openCore(engine);
    const history = createHistory(core);
    await history.add('ann', drafts(300));
    const segments = segmentsIn(core);
    const real = segments.update.bind(segments);
    const update = vi.spyOn(segments, 'update').mockImplementation(async (key, change, expected) => {
      if (change.set?.start !== undefined) throw new Error('died');
      return real(key, change, expected);
    });
    await history.settle().catch(() => {});
    update.mockRestore();
    const [before, left] = [await forwards(core), await segments.count({})];
    expect(await segments.count({ index: 'starts' })).toBe(1);
    await history.removeOrphans();
    expect([await segments.count({}), await segments.count({ index: 'starts' })]).toEqual([left, left]);
    expect(await forwards(core)).toEqual(before);
  });

  test('cannot be named by somebody who was slow', async () => {
    const opened = await openCore(engine);
    const { core } = opened;
    const history = createHistory(core);
    await history.add('ann', drafts(300));
    const segments = segmentsIn(core);
    const real = segments.update.bind(segments);
    const update = vi.spyOn(segments, 'update').mockImplementationOnce(async (key, change, expected) => {
      update.mockRestore();
      await createHistory(opened.another()).removeOrphans();
      return real(key, change, expected);
    });
    await history.settle();
    expect(await forwards(core)).toHaveLength(300);
    await history.settle();
    expect(await forwards(core)).toHaveLength(300);
    expect(uuids(await pagesFrom(core, { limit: 50 }))).toEqual(uuids((await forwards(core)).reverse()));
    await history.removeOrphans();
    expect(await segments.count({})).toBe(await segments.count({ index: 'starts' }));
  });
});
