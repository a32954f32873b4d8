/**
 * Stretches of a week. Of each one it is stored whether the punches that begin in it may have changed: who writes says so before,
 * and afterwards that it is done; only what was read while nobody wrote is kept. So it holds on every engine, in any number of
 * processes, and whenever one of them dies (decision 35).
 */

import { DuplicateKeyError, StorageUnavailableError } from '../../base/errors.ts';
import type { CollectionSpec } from '../../storage/port.ts';
import type { Core } from '../context.ts';
import { newId } from '../ids.ts';
import { punchesSpec } from './collection.ts';

/** A stretch. Where there is none of this number, no punch of the account begins in it. */
export interface StretchDoc {
  user_id: string;
  /** Which one, counted from 1970. */
  stretch: number;
  /** Another one before each write, and never one that was there before. */
  version: string;
  /** How many write. */
  writers: number;
  /** When they all have ended at the latest, if only because they died; in milliseconds. */
  until: number;
  /** In brief all its punches as they are in this version, if somebody has read them. */
  text?: string;
}

export const stretchesSpec: CollectionSpec<StretchDoc> = {
  name: 'punch_stretches',
  key: ['user_id', 'stretch'],
  indexes: [{ name: 'versions', fields: ['user_id', 'stretch'], include: ['version'] }],
  owner: 'user_id',
};

/** The milliseconds of a stretch. */
const STRETCH_MS = 7 * 86_400_000;

/** How long what is announced holds at most. A writer that takes longer announces again well before. */
const HOLDS_MS = 3_600_000;
const AGAIN_MS = HOLDS_MS / 2;

/** The stretch in which a moment lies. */
export function stretchOf(moment: number): number {
  return Math.floor(moment / STRETCH_MS);
}

/** The punches that begin in a stretch, as a range of their index. */
export function punchesOf(accountId: string, stretch: number) {
  const [from, below] = [stretch * STRETCH_MS, (stretch + 1) * STRETCH_MS];
  return { index: 'starts', prefix: [accountId], from, below };
}

/** A request that writes punches of an account. */
export interface Writing {
  readonly core: Core;
  readonly accountId: string;
  /** What is to be awaited, if anything, before a punch is written that begins, or until then began, at one of these moments. */
  announce(starts: readonly (number | undefined)[]): Promise<unknown> | undefined;
  /** Notes that a punch was written which begins then, if it was; returns whether it was. */
  filled(start: number, wasWritten: boolean): boolean;
}

/**
 * Does work that writes punches, and ends what it has announced. Where the storage has failed nobody knows what is still to be
 * written: then the announcements stay until they lapse.
 */
export async function announcing(
  core: Core,
  accountId: string,
  work: (writing: Writing) => Promise<void>,
): Promise<void> {
  const announced = new Map<number, { readonly at: number; readonly done: Promise<void>; isDone: boolean }>();
  const begun: { readonly stretch: number; readonly at: number }[] = [];
  const full = new Set<number>();
  let isKnown = true;
  const writing: Writing = {
    core,
    accountId,
    announce(starts) {
      const now = core.clock.now();
      const waits = new Set<Promise<void>>();
      for (const start of starts) {
        if (start === undefined) continue;
        const stretch = stretchOf(start);
        const known = announced.get(stretch);
        if (known !== undefined && now - known.at <= AGAIN_MS) {
          if (!known.isDone) waits.add(known.done);
          continue;
        }
        const done = begin(core, accountId, stretch).then(() => {
          begun.push({ stretch, at: now });
          announcement.isDone = true;
        });
        const announcement = { at: now, done, isDone: false };
        announced.set(stretch, announcement);
        waits.add(done);
      }
      return waits.size === 0 ? undefined : Promise.all(waits);
    },
    filled(start, wasWritten) {
      if (wasWritten) full.add(stretchOf(start));
      return wasWritten;
    },
  };
  try {
    await work(writing);
  } catch (error) {
    isKnown = !(error instanceof StorageUnavailableError);
    throw error;
  } finally {
    // Nobody waits for it: until then nothing is kept, that is all.
    if (isKnown && begun.length > 0) {
      core.background.run(async () => {
        // What has lapsed was ended by others, perhaps.
        const holding = begun.filter(({ at }) => core.clock.now() < at + HOLDS_MS);
        await Promise.all(holding.map(({ stretch }) => end(core, accountId, stretch, full.has(stretch))));
      });
    }
  }
}

async function begin(core: Core, user_id: string, stretch: number): Promise<void> {
  const stretches = core.storage.collection(stretchesSpec);
  const fresh = { version: newId(), until: core.clock.now() + HOLDS_MS };
  const change = { set: fresh, add: { writers: 1 }, unset: ['text'] } as const;
  while (!(await stretches.update([user_id, stretch], change))) {
    try {
      return await stretches.insert({ user_id, stretch, writers: 1, ...fresh });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
  }
}

/** One that may be empty is removed, or who moves a punch about would fill the disk. */
async function end(core: Core, accountId: string, stretch: number, isFull: boolean): Promise<void> {
  const stretches = core.storage.collection(stretchesSpec);
  const left = await stretches.update([accountId, stretch], { add: { writers: -1 } });
  if (isFull || left === undefined || left.writers > 0) return;
  if ((await core.storage.collection(punchesSpec).count(punchesOf(accountId, stretch), 1)) > 0) return;
  await stretches.delete([accountId, stretch], { version: left.version, writers: left.writers });
}
