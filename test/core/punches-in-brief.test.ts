import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StorageUnavailableError } from '../../src/base/errors.ts';
import type { Core } from '../../src/core/context.ts';
import { briefsIn } from '../../src/core/punches/brief.ts';
import { punchesSpec } from '../../src/core/punches/collection.ts';
import { readPunch } from '../../src/core/punches/punch.ts';
import { type PunchBrief, projectTotals, punchPages, reachingInto, touches } from '../../src/core/punches/read.ts';
import { deletePunches, storePunches } from '../../src/core/punches/store.ts';
import { stretchesSpec } from '../../src/core/punches/stretches.ts';
import { forEachEngine } from '../support/engines.ts';
import { type Call, intercept } from './intercept.ts';
import { openCore, outcomes } from './open-core.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const EVER = { from: 0, below: 40 * WEEK };

interface Sent {
  readonly n: number;
  readonly start: number;
  readonly out?: number | null;
  readonly project?: string;
  readonly rate?: number;
  readonly updated: number;
}

const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Stores punches as their clients do. */
function send(core: Core, ...sent: readonly Sent[]): Promise<void> {
  const punches = sent.map(({ n, start, out = start + HOUR, project = 'work', rate = 0, updated }) => {
    const punch = { id: idOf(n), project, in: start, out, rate, comments: [], created: start, updated };
    return readPunch(punch, JSON.stringify(punch), 'punch');
  });
  return storePunches(core, 'ann', punches);
}

/** What `briefsIn` has to give, read from the punches themselves. */
async function recounted(core: Core, period: { from: number; below: number }): Promise<PunchBrief[]> {
  const found: PunchBrief[] = [];
  for await (const page of punchPages(core, 'ann', reachingInto(period))) {
    for (const { id, project, in: start, out, rate } of page) found.push({ id, project, in: start, out, rate });
  }
  return found.filter(punch => touches(punch, period));
}

const starts = async (core: Core) => (await briefsIn(core, 'ann', EVER)).map(punch => punch.in / WEEK);

/** Moments about the edges of days and of stretches, and between milliseconds. */
const moment = fc
  .tuple(fc.integer({ min: 1, max: 30 }), fc.constantFrom(-DAY, -1, -0.25, 0, 0.5, 1, HOUR, DAY))
  .map(([week, by]) => week * WEEK + by);
const sent = fc.record({
  n: fc.integer({ min: 0, max: 9 }),
  start: moment,
  length: fc.option(fc.constantFrom(0, 1, HOUR, DAY, 8 * DAY)),
  project: fc.constantFrom('a', 'b', '"\\\u0000\u{1f600}'),
  rate: fc.constantFrom(0, 80, 0.1),
});
const step = fc.record({
  by: fc.boolean(),
  upload: fc.array(sent, { maxLength: 4 }),
  remove: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 2 }),
  period: fc.tuple(moment, fc.integer({ min: 0, max: 20 })),
  isQuiet: fc.boolean(),
});

forEachEngine('punches in brief', engine => {
  const numRuns = engine.name === 'embedded' ? 30 : 4;

  test('are what a recount of the punches gives, after every write of any process', { timeout: 120_000 }, async () => {
    const { core, clock, another } = await openCore(engine);
    const other = another(intercept(core.storage, async () => {}));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async steps => {
        for (const { by, upload, remove, period, isQuiet } of steps) {
          const [writer, reader] = by ? [core, other] : [other, core];
          clock.advance(1000);
          const updated = clock.now();
          await send(
            writer,
            ...upload.map(({ length, ...punch }) => {
              return { ...punch, out: length === null ? null : punch.start + length, updated };
            }),
          );
          if (remove.length > 0) await deletePunches(reader, 'ann', remove.map(idOf));
          const asked = { from: period[0], below: period[0] + period[1] * WEEK + HOUR };
          const expected = await recounted(core, asked);
          expect(await briefsIn(reader, 'ann', asked)).toEqual(expected);
          if (isQuiet) await core.background.idle();
          const again = await briefsIn(writer, 'ann', asked);
          expect(again).toEqual(expected);
          expect(projectTotals(again, asked, updated)).toEqual(projectTotals(expected, asked, updated));
        }
      }),
      { numRuns },
    );
  });

  test('are never kept from while somebody wrote', async () => {
    const { core, another } = await openCore(engine);
    const at: Partial<Record<'before' | 'after', number>> = {};
    const seen: number[][] = [];
    const writer = another(
      intercept(core.storage, async ({ collection, method, when }: Call) => {
        if (collection !== punchesSpec.name || !/insert|update/.test(method)) return;
        at[when] = (at[when] ?? 0) + 1;
        seen.push(await starts(core));
        await core.background.idle();
      }),
    );
    await send(writer, { n: 1, start: 2 * WEEK, updated: 1 });
    expect(await starts(core)).toEqual([2]);
    await send(writer, { n: 1, start: 3 * WEEK, updated: 2 });
    expect(await starts(core)).toEqual([3]);
    expect([at, seen]).toEqual([{ before: 2, after: 2 }, [[], [2], [2], [3]]]);
  });

  test('are up to date beside a writer that died, and are kept again once it cannot write any more', async () => {
    const { core, clock, another } = await openCore(engine);
    const dying = another(
      intercept(core.storage, async ({ collection, method, when }) => {
        if (collection === punchesSpec.name && method === 'insert' && when === 'after') {
          throw new StorageUnavailableError('the process died');
        }
      }),
    );
    await send(core, { n: 1, start: 2 * WEEK, updated: 1 });
    expect(await starts(core)).toEqual([2]);
    await core.background.idle();
    expect(await outcomes([send(dying, { n: 2, start: 2 * WEEK + DAY, updated: 1 })])).toEqual(['storage_unavailable']);
    const textOf = async () => {
      await core.background.idle();
      return (await core.storage.collection(stretchesSpec).get(['ann', 2]))?.text;
    };
    expect([(await starts(core)).length, await textOf()]).toEqual([2, undefined]);
    clock.advance(HOUR + 1);
    expect([(await starts(core)).length, await textOf()]).toEqual([2, expect.any(String)]);
    await send(core, { n: 3, start: 2 * WEEK + HOUR, updated: 1 });
    await core.background.idle();
    expect([(await starts(core)).length, await textOf()]).toEqual([3, expect.any(String)]);
  });

  test('that were read once are not read again, by no process, until some are written', async () => {
    const { core, another } = await openCore(engine);
    const calls: string[] = [];
    const reader = another(
      intercept(core.storage, async ({ collection, when }) => {
        if (collection === punchesSpec.name && when === 'before') calls.push(collection);
      }),
    );
    await send(core, ...Array.from({ length: 20 }, (_, n) => ({ n, start: (n + 1) * WEEK, updated: 1 })));
    await core.background.idle();
    expect([await starts(core), calls]).toEqual([Array.from({ length: 20 }, (_, n) => n + 1), []]);
    await core.background.idle();
    expect([(await starts(reader)).length, calls.length]).toEqual([20, 0]);
    await send(core, { n: 3, start: 4 * WEEK + DAY, updated: 2 });
    expect([(await starts(reader)).length, calls.length]).toEqual([20, 1]);
  });

  test('leave nothing behind where no punch is', async () => {
    const { core, settings } = await openCore(engine);
    const left = async () => {
      await core.background.idle();
      const { items } = await core.storage.collection(stretchesSpec).scan({ limit: 100 });
      return items.map(({ stretch, writers }) => [stretch, writers]);
    };
    await send(core, { n: 1, start: 2 * WEEK, updated: 5 }, { n: 2, start: 2 * WEEK, updated: 5 });
    await send(core, { n: 1, start: 3 * WEEK, updated: 6 });
    await send(core, { n: 1, start: 7 * WEEK, updated: 4 });
    expect(await left()).toEqual([[2, 0], [3, 0]]); // biome-ignore format: one below the other says less
    await deletePunches(core, 'ann', [idOf(1), idOf(9)]);
    expect(await left()).toEqual([[2, 0]]);
    settings.quota = { bytes: 1, keys: 1 };
    expect(await outcomes([send(core, { n: 3, start: 9 * WEEK, updated: 6 })])).toEqual(['quota_exceeded']);
    expect(await left()).toEqual([[2, 0]]);
  });
});
