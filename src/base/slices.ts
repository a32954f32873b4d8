/**
 * Long work on the one thread that answers everybody, done in slices. Those who work at the same time take turns: one slice of
 * one of them, then whatever else waits for the thread, then a slice of the next.
 */

/** How long a slice takes, in milliseconds, as far as who works looks at the clock. */
const SLICE_MS = 8;

/** Those who wait for their next slice. */
const waiting: (() => void)[] = [];

/** Work that is under way. */
export interface Slices {
  /** Whether the slice is over: then `pause` should be waited for. */
  over(): boolean;
  /** Resolves when the next slice may begin. */
  pause(): Promise<void>;
}

/** Begins with a first slice. */
export function inSlices(): Slices {
  let began = performance.now();
  return {
    over: () => performance.now() - began > SLICE_MS,
    async pause() {
      await turn();
      began = performance.now();
    },
  };
}

function turn(): Promise<void> {
  return new Promise(resolve => {
    if (waiting.push(resolve) === 1) setImmediate(next);
  });
}

/** What is queued meanwhile runs before the next one: `setImmediate` within it is for the round after this. */
function next(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(next);
}

/** Does the work for each item, in order, in slices. Throws what the work throws, and goes no further then. */
export async function eachInSlices<T>(items: Iterable<T>, work: (item: T, index: number) => void): Promise<void> {
  const slices = inSlices();
  let index = 0;
  for (const item of items) {
    work(item, index++);
    if (slices.over()) await slices.pause();
  }
}

/** What the work makes of each item, in order: as `eachInSlices`. */
export async function mapInSlices<T, R>(items: Iterable<T>, work: (item: T, index: number) => R): Promise<R[]> {
  const results: R[] = [];
  await eachInSlices(items, (item, index) => results.push(work(item, index)));
  return results;
}

/** The items that fit, in order, in slices; for a `fits` that takes no longer than to look at a clock. */
export async function filterInSlices<T>(items: readonly T[], fits: (item: T) => boolean): Promise<T[]> {
  const fitting: T[] = [];
  await eachPart(items, item => {
    if (fits(item)) fitting.push(item);
  });
  return fitting;
}

/** Items that are sorted at once. */
const RUN = 1000;
/** Items that are merged, or filtered, between two looks at the clock. */
const LOOK_AFTER = 100;

/** The items in order, as `sort` gives them, in slices. What is equal keeps its order. */
export async function sortInSlices<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  const slices = inSlices();
  let runs: T[][] = [];
  for (let at = 0; at < items.length; at += RUN) {
    runs.push(items.slice(at, at + RUN).sort(compare));
    if (slices.over()) await slices.pause();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2)
      merged.push(await merge(runs[i] ?? [], runs[i + 1] ?? [], compare, slices));
    runs = merged;
  }
  return runs[0] ?? [];
}

/** The first `count` of the items in order, for few: the others are not sorted. In slices; what is equal keeps its order. */
export async function firstInSlices<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  count: number,
): Promise<T[]> {
  const first: T[] = [];
  await eachPart(items, item => {
    const last = first[count - 1];
    if (last !== undefined && compare(item, last) >= 0) return;
    let [low, high] = [0, first.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(first[middle] as T, item) <= 0) low = middle + 1;
      else high = middle;
    }
    first.splice(low, 0, item);
    if (first.length > count) first.pop();
  });
  return first;
}

/** Some items at once, with a look at the clock between them. */
async function eachPart<T>(items: readonly T[], work: (item: T) => void): Promise<void> {
  const slices = inSlices();
  for (let at = 0; at < items.length; at += LOOK_AFTER) {
    for (const item of items.slice(at, at + LOOK_AFTER)) work(item);
    if (slices.over()) await slices.pause();
  }
}

async function merge<T>(left: T[], right: T[], compare: (a: T, b: T) => number, slices: Slices): Promise<T[]> {
  const merged: T[] = [];
  let [l, r] = [0, 0];
  // To look at the clock takes longer than to compare.
  let unseen = 0;
  while (l < left.length && r < right.length) {
    const [a, b] = [left[l] as T, right[r] as T];
    if (compare(a, b) <= 0) {
      merged.push(a);
      l++;
    } else {
      merged.push(b);
      r++;
    }
    if (++unseen < LOOK_AFTER) continue;
    unseen = 0;
    if (slices.over()) await slices.pause();
  }
  return merged.concat(left.slice(l), right.slice(r));
}
