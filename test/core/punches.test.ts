import { expect, test } from 'vitest';
import type { Core } from '../../src/core/context.ts';
import { briefsIn } from '../../src/core/punches/brief.ts';
import { punchesSpec } from '../../src/core/punches/collection.ts';
import { addPunch, changePunch } from '../../src/core/punches/edit.ts';
import {
  getPunch,
  listPunches,
  type PunchView,
  projectsOf,
  projectTotals,
  runningPunches,
} from '../../src/core/punches/read.ts';
import { deletePunches } from '../../src/core/punches/store.ts';
import { forEachEngine } from '../support/engines.ts';
import { openCore, outcomes } from './open-core.ts';

const HOUR = 3_600_000;

async function add(core: Core, project: string, start: number, out: number | null = start + 1): Promise<PunchView> {
  return addPunch(core, 'ann', { project, in: start * HOUR, out: out === null ? null : out * HOUR, rate: 10 });
}

forEachEngine('punches for pages', engine => {
  test('they are listed by their beginning, page by page, by project and period', async () => {
    const { core } = await openCore(engine);
    for (const [i, project] of ['a', 'b', 'a', 'b', 'a'].entries()) await add(core, project, 100 + i);
    await addPunch(core, 'bob', { project: 'x', in: 1 });
    const starts = (items: readonly PunchView[]) => items.map(punch => punch.in / HOUR);
    const first = await listPunches(core, 'ann', { limit: 2 });
    expect(starts(first.items)).toEqual([104, 103]);
    const second = await listPunches(core, 'ann', { limit: 10, cursor: first.next });
    expect(starts(second.items)).toEqual([102, 101, 100]);
    expect(second.next).toBeUndefined();
    let page = await listPunches(core, 'ann', { limit: 2, project: 'a' });
    const found = starts(page.items);
    while (page.next !== undefined) {
      page = await listPunches(core, 'ann', { limit: 2, project: 'a', cursor: page.next });
      found.push(...starts(page.items));
    }
    expect(found).toEqual([104, 102, 100]);
    const period = { limit: 10, from: 101 * HOUR, below: 103 * HOUR };
    expect(starts((await listPunches(core, 'ann', period)).items)).toEqual([102, 101]);
    expect(await projectsOf(core, 'ann')).toEqual(['a', 'b']);
    expect(await outcomes([listPunches(core, 'ann', { limit: 0 }), getPunch(core, 'ann', 'x')])).toEqual([
      'limit_invalid',
      'punch_not_found',
    ]);
  });

  test('what touches a period is found, and totals count what lies in it', async () => {
    const { core, clock } = await openCore(engine);
    const now = Math.floor(clock.now() / HOUR);
    await add(core, 'before', now - 20, now - 10);
    await add(core, 'into', now - 11, now - 9);
    await add(core, 'running', now - 5, null);
    await add(core, 'after', now + 1, now + 2);
    const period = { from: (now - 10) * HOUR, below: now * HOUR };
    const punches = await briefsIn(core, 'ann', period);
    expect(punches.map(({ project }) => project)).toEqual(['into', 'running']);
    expect(projectTotals(punches, period, clock.now())).toEqual([
      { project: 'running', punches: 1, ms: 5 * HOUR, earned: 50 },
      { project: 'into', punches: 1, ms: HOUR, earned: 10 },
    ]);
    expect((await runningPunches(core, 'ann')).map(({ project }) => project)).toEqual(['running']);
  });

  test('what is added up is never out of date, however long the period', async () => {
    const { core, clock } = await openCore(engine);
    const now = Math.floor(clock.now() / HOUR);
    const period = { from: (now - 60 * 24) * HOUR, below: (now + 1) * HOUR };
    const found = async () =>
      (await briefsIn(core, 'ann', period)).map(({ project, in: start }) => [project, start / HOUR]);
    const days = Array.from({ length: 60 }, (_, i) => now - 24 * (59 - i));
    const added = [];
    for (const day of days) added.push(await add(core, 'daily', day));
    const all = days.map(day => ['daily', day]);
    expect([await found(), await found()]).toEqual([all, all]);
    const [first, , third] = added;
    await deletePunches(core, 'ann', [first?.id ?? '']);
    await changePunch(core, 'ann', third?.id ?? '', { project: 'changed' }, third?.updated ?? 0);
    await add(core, 'late', now);
    const left = [all[1], ['changed', days[2]], ...all.slice(3)];
    expect(await found()).toEqual(expect.arrayContaining([...left, ['late', now]]));
    expect(await found()).toHaveLength(60);
    expect(await briefsIn(core, 'bob', period)).toEqual([]);
  });

  test('a change keeps what it does not name, ends a clock, and is newer than what it changes', async () => {
    const { core, clock } = await openCore(engine);
    const now = Math.floor(clock.now() / HOUR);
    const punch = await add(core, 'a', now - 1, null);
    const future = { ...punch, updated: punch.updated + 5 * HOUR, own: 1 };
    const doc = { user_id: 'ann', id: punch.id, updated: future.updated, start: punch.in, running: 1 as const };
    const body = JSON.stringify(future).replace('"own":1', '"own":369553424691494913');
    await core.storage.collection(punchesSpec).put({ ...doc, body, size: body.length });
    const ended = await changePunch(core, 'ann', punch.id, { out: now * HOUR }, future.updated);
    expect(ended).toMatchObject({ project: 'a', out: now * HOUR, updated: future.updated + 1 });
    expect((await core.storage.collection(punchesSpec).get(['ann', punch.id]))?.body).toContain('369553424691494913');
    expect(await runningPunches(core, 'ann')).toEqual([]);
    expect(
      await outcomes([
        changePunch(core, 'ann', punch.id, { project: 'b' }, punch.updated),
        changePunch(core, 'ann', punch.id, { out: 0 }, ended.updated),
        addPunch(core, 'ann', { project: '', in: 1 }),
      ]),
    ).toEqual(['precondition_failed', 'punches_invalid', 'punches_invalid']);
    await deletePunches(core, 'ann', [punch.id]);
    expect((await listPunches(core, 'ann', { limit: 1 })).items).toEqual([]);
  });
});
