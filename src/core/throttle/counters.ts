/**
 * Counters of what may be done so often in a while, in the storage, so that they hold across processes and restarts. Each is an
 * expiring document: first a place in it is taken, then that is spent or given back. So many at once cannot pass.
 */

import { ConflictError, DuplicateKeyError, RateLimitedError, StorageUnavailableError } from '../../base/errors.ts';
import { type ThrottleDoc, throttleSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { newId } from '../ids.ts';
import type { Limit, Place } from './place.ts';

/** Places that were taken longer ago are free again: their process died. Dozens of hashes may queue for one thread. */
const ABANDONED_MS = 120_000;
const RACES = 10;

/** The counter, if there is one. Throws `RateLimitedError` when it has no failures left. */
export async function demandUnspent(core: Core, limit: Limit): Promise<ThrottleDoc | undefined> {
  const doc = await core.storage.collection(throttleSpec).get([limit.bucket]);
  if (doc && doc.failures >= limit.max) {
    const wait = Math.ceil((doc.expires_at.getTime() - core.clock.now()) / 1000);
    throw new RateLimitedError(Math.max(1, wait));
  }
  return doc;
}

/** A place, if need be after those that hold one now. Throws `RateLimitedError`. */
export function take(core: Core, limit: Limit): Promise<Place> {
  const attempt = () => tryToTake(core, limit);
  if (!core.lines.isEmpty(limit.bucket)) return core.lines.wait(limit.bucket, attempt);
  return attempt().then(place => place ?? core.lines.wait(limit.bucket, attempt));
}

/** Undefined: not now. All places are taken, some by attempts in flight, or too many want one at this moment. */
export async function tryToTake(core: Core, limit: Limit): Promise<Place | undefined> {
  const counters = core.storage.collection(throttleSpec);
  for (let race = 0; race < RACES; race++) {
    const takenAt = core.clock.now();
    try {
      const doc = await count(core, limit, { taken: 1, failures: 0 }, limit.max);
      return doc && { limit, window: doc.window, takenAt };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
    const doc = await demandUnspent(core, limit);
    if (!doc) continue;
    const { taken, failures, touched_at } = doc;
    if (takenAt - touched_at.getTime() <= ABANDONED_MS) return undefined;
    await counters.update([limit.bucket], { set: { taken: failures } }, { taken, failures, touched_at });
  }
  return undefined;
}

/**
 * Adds to the counter of the present window and opens a window when there is none. Throws `ConflictError` over `max`.
 * Undefined: others opened and cleared windows all the while.
 */
export async function count(
  core: Core,
  limit: Limit,
  add: { taken: number; failures: number },
  max?: number,
): Promise<ThrottleDoc | undefined> {
  const counters = core.storage.collection(throttleSpec);
  const bounds = max === undefined ? undefined : { taken: { max } };
  for (let race = 0; race < RACES; race++) {
    const now = core.clock.now();
    const touched_at = new Date(now);
    const doc = await counters.update([limit.bucket], { add, set: { touched_at }, ...(bounds && { bounds }) });
    if (doc) return doc;
    const expires_at = new Date(now + limit.windowMs);
    const fresh = { bucket: limit.bucket, window: newId(), ...add, max: limit.max, touched_at, expires_at };
    try {
      await counters.insert(fresh);
      return fresh;
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
  }
  return undefined;
}

/** The place stays taken until the window ends. */
export async function countFailure(core: Core, { limit, window }: Place): Promise<void> {
  const counters = core.storage.collection(throttleSpec);
  const counted = await counters.update([limit.bucket], { add: { failures: 1 } }, { window });
  // Another attempt's success, or the end of the window, took the counter away: this failure counts in the present one.
  if (!counted && !(await count(core, limit, { taken: 1, failures: 1 }))) {
    throw new StorageUnavailableError('a counter changes too fast');
  }
  core.lines.wake(limit.bucket);
}

/** Takes the counter away. */
export async function clear(core: Core, { limit }: Place): Promise<void> {
  await core.storage.collection(throttleSpec).delete([limit.bucket]);
  core.lines.wake(limit.bucket);
}

/** As if the place had never been taken. */
export async function giveBack(core: Core, { limit, window }: Place): Promise<void> {
  await core.storage.collection(throttleSpec).update([limit.bucket], { add: { taken: -1 } }, { window });
  core.lines.wake(limit.bucket);
}

/** Gives places back after an error that says nothing about the password, and throws it. */
export async function abandon(core: Core, places: readonly Place[], error: unknown): Promise<never> {
  const results = await Promise.allSettled(places.map(place => giveBack(core, place)));
  for (const result of results) {
    if (result.status === 'rejected') core.log.warn({ err: result.reason }, 'an attempt stays counted for a while');
  }
  throw error;
}
