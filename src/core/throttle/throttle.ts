/**
 * Guessing passwords is slowed down by counters. An attempt first takes a place in them and gives it back unless the password was
 * wrong: parallel guesses cannot pass. Registrations from one address are counted as well.
 */

import type { Caller } from '../../base/caller.ts';
import { ConflictError, RateLimitedError, StorageUnavailableError } from '../../base/errors.ts';
import type { Core, ThrottleSettings } from '../context.ts';
import { sha256Hex } from '../ids.ts';
import { addressGroup } from './address.ts';
import { abandon, clear, count, countFailure, demandUnspent, giveBack, take, tryToTake } from './counters.ts';
import type { Limit, Place } from './place.ts';
import { Told } from './told.ts';

/** An attempt that takes longer does not tell its result, because its place may be free again. */
const TOO_LATE_MS = 100_000;

/** Over which registrations count, in milliseconds. */
const REGISTRATIONS_MS = 3_600_000;

/** What tells counters apart, wherever other limits hold than those of `[SECURITY]`. */
const ATTEMPT_KINDS = [
  'verstak pair',
  'verstak test',
  'verstak login',
  'verstak register',
  'verstak forgot',
  'verstak reset',
  'verstak revoke',
  'verstak admin-reset',
  'verstak admin-password',
] as const;

/** A kind of attempt. */
export type AttemptName = (typeof ATTEMPT_KINDS)[number];

/** How far one kind of attempt goes, where other limits hold than those of the configuration's `[SECURITY]`. */
export interface AttemptRules {
  /** Tells its counters from those of other kinds. */
  readonly kind: string;
  /** Attempts in a window on one account from wherever, and from one address on whatever account. */
  readonly max: number;
  /** Seconds. */
  readonly window: number;
  /** They count by account and address alone: nobody elsewhere, and nothing else, uses them up. */
  readonly apart?: true;
}

/** Who tries what. */
export interface Attempt {
  /** What is tried on: an account, or a name nobody has. Several, where a name may mean more than one account. */
  readonly subjects: readonly string[];
  readonly address: string;
  readonly rules?: AttemptRules | undefined;
  readonly hear?: Caller['hear'] | undefined;
}

/**
 * Runs `verify` unless too many attempts of that kind failed, on a subject (by default from this address) or from the address,
 * or too many of whatever kind from the address. `verify` gives the subject whose password was right, if there is one, and so does this. Waits behind attempts in
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
  const { rules, address } = attempt;
  const limits = limitsOf(settings, attempt);
  if (rules !== undefined && !rules.apart) limits.push(addressLimit(settings, address));
  const told = new Told(core, limits, attempt.hear);
  // Attempts that are refused anyway should cost no write.
  await told.look();
  const places: Place[] = [];
  for (const limit of limits) places.push(await take(core, limit).catch(error => abandon(core, places, error)));
  const right = await verify().catch(error => abandon(core, places, error));
  if (places.some(({ takenAt }) => core.clock.now() - takenAt > TOO_LATE_MS)) throw new RateLimitedError(1);
  const settle = (place: Place) => {
    if (right === undefined) return countFailure(core, place);
    return place.limit.subject === right ? clear(core, place) : giveBack(core, place);
  };
  await Promise.all(places.map(settle));
  told.settled(right);
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

/**
 * Has an account made for somebody at this address. Throws `RateLimitedError` when as many as may be were made in this hour, or
 * are just being made; what is not made does not count.
 */
export async function rationed<T>(core: Core, address: string, make: () => Promise<T>): Promise<T> {
  const { enabled, registrationsPerAddress: max } = core.settings.throttle();
  if (!enabled || max === 0) return make();
  const limit = { bucket: bucketOf('registrations', addressGroup(address)), max, windowMs: REGISTRATIONS_MS };
  await demandUnspent(core, limit);
  const place = await tryToTake(core, limit);
  if (place === undefined) throw new RateLimitedError(1);
  const made = await make().catch(error => abandon(core, [place], error));
  await countFailure(core, place).catch(error => core.log.warn({ err: error }, 'a registration was not counted'));
  return made;
}

/**
 * Those of the subjects, always in one order, so that nobody waits for a place while holding what the other one wants; then that
 * of the address.
 */
function limitsOf(settings: ThrottleSettings, { subjects, address, rules }: Attempt): Limit[] {
  const group = addressGroup(address);
  const sorted = [...subjects].sort();
  if (rules === undefined) {
    const { failuresPerPair: max, pairWindow } = settings;
    const pair = (subject: string) => ({
      subject,
      bucket: bucketOf('pair', subject, group),
      max,
      windowMs: pairWindow * 1000,
    });
    return [...sorted.map(pair), addressLimit(settings, address)];
  }
  const { kind, max, window, apart } = rules;
  const windowMs = window * 1000;
  if (apart) {
    return sorted.map(subject => ({ subject, bucket: bucketOf('pair', kind, subject, group), max, windowMs }));
  }
  return [
    ...sorted.map(subject => ({ subject, bucket: bucketOf('account', kind, subject), max, windowMs })),
    { bucket: bucketOf('address', kind, group), max, windowMs },
  ];
}

/**
 * The counters that can refuse these subjects, from wherever and from these groups of addresses, and with `whole` those that can
 * refuse the addresses whatever they try.
 */
export function bucketsOf(subjects: readonly string[], groups: readonly string[], whole: boolean): string[] {
  const ofSubject = subjects.flatMap(subject => [
    ...ATTEMPT_KINDS.map(kind => bucketOf('account', kind, subject)),
    ...groups.flatMap(group => [
      bucketOf('pair', subject, group),
      ...ATTEMPT_KINDS.map(kind => bucketOf('pair', kind, subject, group)),
    ]),
  ]);
  const ofAddress = groups.flatMap(group => [
    bucketOf('address', group),
    bucketOf('registrations', group),
    ...ATTEMPT_KINDS.map(kind => bucketOf('address', kind, group)),
  ]);
  return whole ? [...ofSubject, ...ofAddress] : ofSubject;
}

/** Of failures at whatever API. */
function addressLimit({ failuresPerAddress, addressWindow }: ThrottleSettings, address: string): Limit {
  return {
    bucket: bucketOf('address', addressGroup(address)),
    max: failuresPerAddress,
    windowMs: addressWindow * 1000,
  };
}

function bucketOf(...parts: string[]): string {
  return sha256Hex(JSON.stringify(parts));
}
