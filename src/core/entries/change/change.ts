/** The one way in which entries change: it is decided on what is there, and stored if that is still so. */

import { setTimeout as pause } from 'node:timers/promises';
import {
  ConflictError,
  PayloadTooLargeError,
  QuotaExceededError,
  StorageUnavailableError,
} from '../../../base/errors.ts';
import { inSlices } from '../../../base/slices.ts';
import type { Write } from '../../../storage/port.ts';
import { type EntryDoc, entriesSpec } from '../../collections.ts';
import type { Core } from '../../context.ts';
import { newId } from '../../ids.ts';
import { tellPlugins } from '../../plugins/tell.ts';
import { store, type Transition, writesFor } from './commit.ts';
import type { Fate, Moment, Step, Waiting } from './steps.ts';

/** How often a change is decided again while other processes change the same, and how long it waits at most in between (milliseconds). */
const RACES = 40;
const LONGEST_PAUSE = 20;

/** Bytes of all entries that are changed together, as far as they are not in the blob store, and how many are looked at before they are counted. */
const HELD = 67_108_864;
const AT_ONCE = 32;

/**
 * Changes one entry. What waits for the same one in this process is decided one after another and stored together: a thousand
 * who count in one key take a few commits. Throws what `decide` throws, `QuotaExceededError`, `DuplicateKeyError` of `also`,
 * `StorageUnavailableError`.
 */
export function changeEntry<R>(core: Core, accountId: string, step: Step<R>): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    const waiting: Waiting = { step: step as Step<unknown>, resolve: resolve as Waiting['resolve'], reject };
    core.shares.add(`entry ${accountId} ${step.key}`, waiting, async share => {
      try {
        await settle(core, accountId, share);
      } catch (error) {
        for (const one of share) one.reject(error); // those that were answered hear nothing of it
      }
    });
  });
}

/** Decides changes of one key in their order, and stores what comes of them. */
async function settle(core: Core, accountId: string, share: readonly Waiting[]): Promise<void> {
  const key = share[0]?.step.key ?? '';
  let waiting = share;
  for (let race = 0; waiting.length > 0; race++) {
    await awaitRace(race);
    const { before, ended } = await lookAt(core, accountId, key);
    const { after, decided } = decideAll(core, accountId, before, waiting);
    const transition = { key, before, after, ended };
    const also = decided.flatMap(one => one.also ?? []);
    try {
      await store(core, accountId, [transition], also);
      tell(core, accountId, transition);
      for (const one of decided) one.waiting.resolve(one.result as never);
      return;
    } catch (error) {
      waiting = afterFailure(decided, alsoAt(core, accountId, [transition], error), error);
      if (!(error instanceof QuotaExceededError)) continue;
      for (const one of waiting) await settle(core, accountId, [one]).catch(one.reject); // some of them may fit
      return;
    }
  }
}

/** Who is to be decided again. Throws what is nobody's but everybody's failure. `taken` says at whose record it failed, if at one. */
function afterFailure(decided: readonly Decided[], taken: number | undefined, error: unknown): Waiting[] {
  const refused = taken === undefined ? undefined : decided.filter(one => one.also !== undefined)[taken];
  refused?.waiting.reject(error); // it was done before
  const again = decided.filter(one => one !== refused).map(({ waiting }) => waiting);
  const isOver = error instanceof QuotaExceededError ? again.length === 1 : !(error instanceof ConflictError);
  if (isOver) throw error;
  return again;
}

/** Throws `StorageUnavailableError` when it was decided too often. */
async function awaitRace(race: number): Promise<void> {
  if (race >= RACES) throw new StorageUnavailableError('others keep changing the same');
  if (race > 1) await pause(Math.random() * Math.min(race, LONGEST_PAUSE));
}

/** The entry of a key, or what had expired there. */
async function lookAt(core: Core, accountId: string, key: string): Promise<Pick<Transition, 'before' | 'ended'>> {
  const there = await core.storage.collection(entriesSpec).getEnded([accountId, key]);
  const isOver = there?.expires_at !== undefined && there.expires_at.getTime() <= core.clock.now();
  return isOver ? { before: undefined, ended: there } : { before: there, ended: undefined };
}

/** The same of many. Throws `PayloadTooLargeError` when they are too many bytes to be held together. */
async function lookAtAll(core: Core, accountId: string, steps: readonly Pick<Step<unknown>, 'key'>[]) {
  const found: Awaited<ReturnType<typeof lookAt>>[] = [];
  const slices = inSlices();
  const lookInTurn = async (key: string) => {
    if (slices.over()) await slices.pause();
    return lookAt(core, accountId, key);
  };
  let bytes = 0;
  while (found.length < steps.length) {
    const some = steps.slice(found.length, found.length + AT_ONCE);
    found.push(...(await Promise.all(some.map(({ key }) => lookInTurn(key)))));
    for (const { before } of found.slice(-some.length)) if (before?.blob === undefined) bytes += before?.size ?? 0;
    if (bytes > HELD) throw new PayloadTooLargeError(HELD, {}, 'the values that the operations name, as they are now,');
  }
  return found;
}

interface Decided {
  readonly waiting: Waiting;
  readonly result: unknown;
  readonly also: Write | undefined;
}

function decideAll(core: Core, accountId: string, before: EntryDoc | undefined, waiting: readonly Waiting[]) {
  const decided: Decided[] = [];
  let after = before;
  for (const one of waiting) {
    try {
      const { next, result } = decide(core, accountId, one.step, after);
      decided.push({ waiting: one, result, also: one.step.also?.(result) });
      after = next;
    } catch (error) {
      one.reject(error);
    }
  }
  return { after, decided };
}

/** The entry as a step leaves it, and what comes of the step. */
function decide<R>(core: Core, accountId: string, step: Step<R>, before: EntryDoc | undefined) {
  const moment = { now: new Date(core.clock.now()), etag: newId() };
  const { fate, result } = step.decide(before, moment);
  return { next: entryAfter(fate, accountId, step.key, before, moment), result };
}

function entryAfter(fate: Fate, user_id: string, key: string, before: EntryDoc | undefined, moment: Moment) {
  if (fate === 'kept') return before;
  if (fate === 'removed') return undefined;
  const { now, etag } = moment;
  const entry: EntryDoc = {
    user_id,
    key,
    ...fate.content,
    etag,
    created_at: before?.created_at ?? now,
    updated_at: now,
  };
  return entry;
}

/**
 * Changes several entries, all or none (where the engine can), each key once; `also` is written in the same commit. `decide` of each is asked in
 * order. Throws what it throws, `PayloadTooLargeError` when they are too many bytes to be looked at together, `QuotaExceededError`, `DuplicateKeyError` of
 * `also`, `StorageUnavailableError`.
 */
export async function changeEntries<R>(
  core: Core,
  accountId: string,
  steps: readonly Step<R>[],
  also: (results: readonly R[]) => Write | undefined = () => undefined,
): Promise<R[]> {
  for (let race = 0; ; race++) {
    await awaitRace(race);
    const found = await lookAtAll(core, accountId, steps);
    const decided = steps.map((step, i) => ({ step, ...found[i], ...decide(core, accountId, step, found[i]?.before) }));
    const transitions = decided.map(({ step: { key, holds }, before, ended, next }) => ({
      key,
      before,
      ended,
      after: next,
      holds,
    }));
    const results = decided.map(({ result }) => result);
    const more = also(results);
    try {
      await store(core, accountId, transitions, more === undefined ? [] : [more]);
    } catch (error) {
      if (!(error instanceof ConflictError) || alsoAt(core, accountId, transitions, error) !== undefined) throw error;
      continue;
    }
    for (const transition of transitions) tell(core, accountId, transition);
    return results;
  }
}

/** Which write of `also` a commit failed at, if it was one. */
function alsoAt(core: Core, accountId: string, transitions: readonly Transition[], error: unknown): number | undefined {
  if (!(error instanceof ConflictError) || error.at === undefined) return undefined;
  const at = error.at - writesFor(core, accountId, transitions);
  return at < 0 ? undefined : at;
}

/** Tells the plugins what became of an entry. */
export function tell(core: Core, accountId: string, { key, before, after }: Transition): void {
  if (before === after) return;
  if (after === undefined) {
    if (core.plugins.acts('entries.deleted')) tellPlugins(core, 'entries.deleted', accountId, { key });
  } else if (core.plugins.acts('entries.set'))
    tellPlugins(core, 'entries.set', accountId, { key, size: after.size ?? 0 });
}
