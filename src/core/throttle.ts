/**
 * Guessing passwords is slowed down by counters in the storage, so that it holds across processes and restarts. An attempt
 * first takes a place in its counters and gives it back unless the password was wrong: parallel guesses cannot pass.
 */

import { ConflictError, DuplicateKeyError, RateLimitedError, StorageUnavailableError } from '../errors.ts';
import { addressGroup } from './address.ts';
import { type ThrottleDoc, throttleSpec } from './collections.ts';
import type { Core, ThrottleSettings } from './context.ts';
import { newId, sha256Hex } from './ids.ts';

/** Places that were taken longer ago are free again: their process died. Dozens of hashes may queue for one thread. */
const ABANDONED_MS = 120_000;
/** An attempt that takes longer does not tell its result, because its place may be free again. */
const TOO_LATE_MS = 100_000;
const RACES = 10;

/** How much a bucket takes in a window. */
interface Limit {
  /** Absent for a counter of an address. */
  readonly subject?: string;
  readonly bucket: string;
  readonly max: number;
  readonly windowMs: number;
}

/** How far one kind of attempt goes, where other limits hold than those of the configuration's `[SECURITY]`. */
export interface AttemptRules {
  /** Tells its counters from those of other kinds. */
  readonly kind: string;
  /** Attempts in a window on one account from wherever, and from one address on whatever account. */
  readonly max: number;
  /** Seconds. */
  readonly window: number;
}

/** Who tries what. */
export interface Attempt {
  /** What is tried on: an account, or a name nobody has. Several, where a name may mean more than one account. */
  readonly subjects: readonly string[];
  readonly address: string;
  readonly rules?: AttemptRules | undefined;
}

/** A place taken in a counter, in one window of it. */
export interface Place {
  readonly limit: Limit;
  readonly window: string;
  readonly takenAt: number;
}

/**
 * Runs `verify` unless too many attempts of that kind failed, on a subject (by default from this address) or from the address
 * at all. `verify` gives the subject whose password was right, if there is one, and so does this. Waits behind attempts in
 * flight. Throws `RateLimitedError`. A correct password clears the failures counted on its subject; when `verify` throws, the
 * attempt does not count.
 */
export async function throttled(
  core: Core,
  attempt: Attempt,
  verify: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const settings = core.settings.throttle();
  if (!settings.enabled) return verify();
  const limits = limitsOf(settings, attempt);
  // Attempts that are refused anyway should cost no write.
  await Promise.all(limits.map(limit => demandUnspent(core, limit)));
  const places: Place[] = [];
  for (const limit of limits) places.push(await take(core, limit).catch(error => abandon(core, places, error)));
  const right = await verify().catch(error => abandon(core, places, error));
  if (places.some(({ takenAt }) => core.clock.now() - takenAt > TOO_LATE_MS)) throw new RateLimitedError(1);
  const settle = (place: Place) => {
    if (right === undefined) return countFailure(core, place);
    return place.limit.subject === right ? clear(core, place) : giveBack(core, place);
  };
  await Promise.all(places.map(settle));
  return right;
}

/** Counts an attempt that counts however it ends. Throws `RateLimitedError` when there were too many. */
export async function countAttempt(core: Core, attempt: Attempt): Promise<void> {
  const settings = core.settings.throttle();
  if (!settings.enabled) return;
  const limits = limitsOf(settings, attempt);
  await Promise.all(limits.map(limit => demandUnspent(core, limit)));
  for (const limit of limits) {
    const counted = await count(core, limit, { taken: 1, failures: 1 }, limit.max).catch(error => {
      throw error instanceof ConflictError ? new RateLimitedError(1) : error; // others were faster
    });
    if (!counted) throw new StorageUnavailableError('a counter changes too fast');
  }
}

/** Those of the subjects, always in one order, so that nobody waits for a place while holding what the other one wants; then that of the address. */
function limitsOf(settings: ThrottleSettings, { subjects, address, rules }: Attempt): Limit[] {
  const group = addressGroup(address);
  const bucket = (...parts: string[]) => sha256Hex(JSON.stringify(parts));
  const sorted = [...subjects].sort();
  if (rules) {
    const { kind, max, window } = rules;
    const windowMs = window * 1000;
    return [
      ...sorted.map(subject => ({ subject, bucket: bucket('account', kind, subject), max, windowMs })),
      { bucket: bucket('address', kind, group), max, windowMs },
    ];
  }
  const { failuresPerPair, pairWindow, failuresPerAddress, addressWindow } = settings;
  return [
    ...sorted.map(subject => ({
      subject,
      bucket: bucket('pair', subject, group),
      max: failuresPerPair,
      windowMs: pairWindow * 1000,
    })),
    { bucket: bucket('address', group), max: failuresPerAddress, windowMs: addressWindow * 1000 },
  ];
}

/** The counter, if there is one. Throws `RateLimitedError` when it has no failures left. */
async function demandUnspent(core: Core, limit: Limit): Promise<ThrottleDoc | undefined> {
  const doc = await core.storage.collection(throttleSpec).get([limit.bucket]);
  if (doc && doc.failures >= limit.max) {
    const wait = Math.ceil((doc.expires_at.getTime() - core.clock.now()) / 1000);
    throw new RateLimitedError(Math.max(1, wait));
  }
  return doc;
}

function take(core: Core, limit: Limit): Promise<Place> {
  const attempt = () => tryToTake(core, limit);
  if (!core.lines.isEmpty(limit.bucket)) return core.lines.wait(limit.bucket, attempt);
  return attempt().then(place => place ?? core.lines.wait(limit.bucket, attempt));
}

/** Undefined: not now. All places are taken, some by attempts in flight, or too many want one at this moment. */
async function tryToTake(core: Core, limit: Limit): Promise<Place | undefined> {
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
async function count(
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
    const fresh = { bucket: limit.bucket, window: newId(), ...add, touched_at, expires_at };
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
async function countFailure(core: Core, { limit, window }: Place): Promise<void> {
  const counters = core.storage.collection(throttleSpec);
  const counted = await counters.update([limit.bucket], { add: { failures: 1 } }, { window });
  // Another attempt's success, or the end of the window, took the counter away: this failure counts in the present one.
  if (!counted && !(await count(core, limit, { taken: 1, failures: 1 }))) {
    throw new StorageUnavailableError('a counter changes too fast');
  }
  core.lines.wake(limit.bucket);
}

async function clear(core: Core, { limit }: Place): Promise<void> {
  await core.storage.collection(throttleSpec).delete([limit.bucket]);
  core.lines.wake(limit.bucket);
}

async function giveBack(core: Core, { limit, window }: Place): Promise<void> {
  await core.storage.collection(throttleSpec).update([limit.bucket], { add: { taken: -1 } }, { window });
  core.lines.wake(limit.bucket);
}

/** Gives places back after an error that says nothing about the password, and throws it. */
async function abandon(core: Core, places: readonly Place[], error: unknown): Promise<never> {
  const results = await Promise.allSettled(places.map(place => giveBack(core, place)));
  for (const result of results) {
    if (result.status === 'rejected')
      core.log.warn({ err: result.reason }, 'a login attempt stays counted for a while');
  }
  throw error;
}
