/**
 * How much accounts store, blobs aside. The truth is what a count finds; between two counts a process adds what it writes
 * itself, and takes over what other processes have counted. So no write waits for a counter, and nothing that a crash or a
 * race leaves wrong lasts longer than until the next count.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { inSlices } from '../../base/slices.ts';
import { type AccountUsageDoc, accountsSpec, accountUsageSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { newId } from '../ids.ts';
import type { Meter, Meters } from './usage.ts';
import { minus, NOTHING, plus, sameUsage, type Usage } from './usage.ts';

/**
 * Milliseconds for which a count rests before the next one, for each document: about twenty times what it took. By their number and not by
 * the time, which is long on a busy server for small accounts too; a write waits so long for what was deleted before it.
 */
const REST_MS = 0.03;
const SHORTEST_REST_MS = 100;
const LONGEST_REST_MS = 30_000;

/** Milliseconds after which a meter that nobody needs is given up. */
const IDLE_MS = 600_000;

/** Milliseconds for which the first write of an account in a process waits for a count. Few accounts take that long. */
const FIRST_PATIENCE_MS = 250;

/**
 * So small a part of what is left need not be counted anew. With as many processes as there may be workers, what all of them
 * have not counted is less than what is left.
 */
const PART = 64;

/** Milliseconds after which what others may have written is found out for those who ask. */
const OLD_MS = 30_000;

/** Meters that are looked up together. */
const PORTION = 100;

const NEVER = Number.NEGATIVE_INFINITY;

/** The meters of a process that begins. */
export function createMeters(): Meters {
  return { all: new Map(), last: Promise.resolve(), refreshing: undefined };
}

/** The meter of an account that writes; it begins with what was counted last, by whatever process. */
export function meterOf(core: Core, accountId: string): Meter {
  const { all } = core.meters;
  const present = all.get(accountId);
  if (present) {
    present.usedAt = performance.now();
    return present;
  }
  const meter: Meter = {
    accountId,
    known: Promise.resolve().then(() => lookUp(core, meter)),
    isKnown: false,
    counted: NOTHING,
    count: undefined,
    grown: NOTHING,
    flying: NOTHING,
    freed: false,
    countedAt: NEVER,
    next: 0,
    usedAt: performance.now(),
    counting: undefined,
  };
  meter.known.catch(() => all.delete(accountId)); // whoever waits for it gets the error
  all.set(accountId, meter);
  return meter;
}

/** What an account stores, true to a minute. Throws `StorageUnavailableError`. */
export async function usageOf(core: Core, accountId: string): Promise<Usage> {
  const meter = meterOf(core, accountId);
  await meter.known;
  const now = performance.now();
  if ((changed(meter) || now - meter.countedAt > OLD_MS) && now >= meter.next) await count(core, meter);
  return usedOf(meter);
}

/** What a meter shows. */
export function usedOf({ counted, grown, flying }: Meter): Usage {
  return plus(plus(counted, grown), flying);
}

/**
 * Has an account counted by a count that begins from now on, so that all that was deleted until now is known. Waits for it, and
 * for the rest before it, no longer than `patience` milliseconds; a rest that takes longer is not waited for at all. Throws
 * `StorageUnavailableError`.
 */
export async function countAgain(core: Core, meter: Meter, patience: number): Promise<void> {
  const asked = performance.now();
  const counted = async () => {
    while (meter.countedAt < asked) {
      const rest = meter.counting ? 0 : meter.next - performance.now();
      if (rest > patience) return;
      if (rest > 0) await pause(rest, undefined, { ref: false });
      else await count(core, meter);
    }
  };
  await Promise.race([counted(), pause(patience, undefined, { ref: false })]);
}

/**
 * Takes over what other processes have counted, and counts where that may matter. To be called by every process a few times a
 * minute. Throws `StorageUnavailableError` when all that could be looked at was.
 */
export function refreshMeters(core: Core): Promise<void> {
  const { meters } = core;
  meters.refreshing ??= refreshAll(core).finally(() => {
    meters.refreshing = undefined;
  });
  return meters.refreshing;
}

async function refreshAll(core: Core): Promise<void> {
  const slices = inSlices();
  const failures: unknown[] = [];
  const all = [...core.meters.all.values()].filter(meter => meter.isKnown);
  for (let at = 0; at < all.length; at += PORTION) {
    const portion = all.slice(at, at + PORTION);
    const seen = portion.map(meter => meter.count);
    const docs = await core.storage.collection(accountUsageSpec).getMany(portion.map(({ accountId }) => [accountId]));
    for (const [i, meter] of portion.entries()) {
      if (meter.count === seen[i]) adopt(meter, docs[i]);
      await refresh(core, meter).catch(error => failures.push(error));
      if (slices.over()) await slices.pause();
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function refresh(core: Core, meter: Meter): Promise<void> {
  const isIdle = () => performance.now() - meter.usedAt > IDLE_MS;
  const due = mayMatter(core, meter) || (isIdle() && changed(meter));
  if (due && performance.now() >= meter.next) await count(core, meter);
  if (isIdle() && !changed(meter)) core.meters.all.delete(meter.accountId);
}

function changed({ grown, freed }: Meter): boolean {
  return freed || grown.bytes !== 0 || grown.keys !== 0;
}

/**
 * Whether counting could make a difference: not while all that is unsure is small beside what is left. That something went is no
 * reason: before a write is refused it is counted anyway.
 */
function mayMatter(core: Core, meter: Meter): boolean {
  const { counted, grown, countedAt } = meter;
  if (countedAt === NEVER) return true;
  const limits = core.settings.quota();
  const part = (of: keyof Usage) => grown[of] !== 0 && Math.abs(grown[of]) * PART >= limits[of] - counted[of];
  return part('bytes') || part('keys');
}

async function lookUp(core: Core, meter: Meter): Promise<void> {
  adopt(meter, await core.storage.collection(accountUsageSpec).get([meter.accountId]));
  await countAgain(core, meter, FIRST_PATIENCE_MS); // others may have died before they did
  meter.isKnown = true;
}

/** Takes what is stored as counted, if it is news. What this process wrote stays on top of it: too much is soon counted. */
function adopt(meter: Meter, stored: AccountUsageDoc | undefined): void {
  if (stored === undefined || stored.count === meter.count) return;
  meter.counted = { bytes: stored.bytes, keys: stored.keys };
  meter.count = stored.count;
}

/** One count at a time, with as long a rest behind it: accounts that take long must not add up to a server that only counts. */
function count(core: Core, meter: Meter): Promise<void> {
  meter.counting ??= enqueue(core.meters, () => countNow(core, meter)).finally(() => {
    meter.counting = undefined;
  });
  return meter.counting;
}

function enqueue(meters: Meters, work: () => Promise<void>): Promise<void> {
  let begun = 0;
  const turn = meters.last.then(() => {
    begun = performance.now();
    return work();
  });
  meters.last = turn.catch(() => {}).then(() => pause(performance.now() - begun, undefined, { ref: false }));
  return turn;
}

async function countNow(core: Core, meter: Meter): Promise<void> {
  const { accountId, grown } = meter;
  const begun = performance.now();
  meter.freed = false;
  meter.countedAt = NEVER;
  const { usage, documents } = await measure(core, accountId);
  const stored = meter.count !== undefined && sameUsage(meter.counted, usage);
  meter.counted = usage;
  meter.grown = minus(meter.grown, grown);
  meter.countedAt = begun;
  meter.next = performance.now() + Math.min(Math.max(REST_MS * documents, SHORTEST_REST_MS), LONGEST_REST_MS);
  if (stored || core.settings.readOnly()) return;
  const account = await core.storage.collection(accountsSpec).get([accountId]);
  if (account === undefined || account.erasing_at) return; // nothing would take it away any more
  meter.count = newId();
  await core.storage.collection(accountUsageSpec).put({ user_id: accountId, ...usage, count: meter.count });
}

/**
 * What an account stores, counted by all collections that charge for it, and how many documents were counted for that. Throws
 * `StorageUnavailableError`.
 */
async function measure({ storage, owned, settings }: Core, accountId: string) {
  let usage = NOTHING;
  let all = 0;
  for (const spec of owned) {
    if (spec.charge === undefined) continue;
    const { index, bytes, keys, marks } = spec.charge;
    const range = { prefix: [accountId], ...(index !== undefined && { index }) };
    const fields = [bytes, keys, marks].filter(field => field !== undefined);
    const { documents, sums } = await storage.collection(spec).sum(range, fields);
    const sumOf = (field: string) => sums[fields.indexOf(field)] ?? 0;
    const spared = marks === undefined ? 0 : Math.min(sumOf(marks), settings.quota().keys);
    usage = plus(usage, { bytes: sumOf(bytes), keys: keys === undefined ? documents - spared : sumOf(keys) });
    all += documents;
  }
  return { usage, documents: all };
}
