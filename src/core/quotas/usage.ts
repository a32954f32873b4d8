/** How much an account stores, blobs aside, and how that is found out. */

/** Bytes of contents, and how many documents: keys, punches, dotfiles, operations. */
export interface Usage {
  readonly bytes: number;
  readonly keys: number;
}

/** Of an account that stores nothing. */
export const NOTHING: Usage = { bytes: 0, keys: 0 };

/** The sum of two. */
export function plus(a: Usage, b: Usage): Usage {
  return { bytes: a.bytes + b.bytes, keys: a.keys + b.keys };
}

/** The difference of two. */
export function minus(a: Usage, b: Usage): Usage {
  return { bytes: a.bytes - b.bytes, keys: a.keys - b.keys };
}

/** Whether two are the same. */
export function sameUsage(a: Usage, b: Usage): boolean {
  return a.bytes === b.bytes && a.keys === b.keys;
}

/** What this process knows of one account. */
export interface Meter {
  readonly accountId: string;
  /** Resolves once it knows what was counted before. */
  readonly known: Promise<void>;
  isKnown: boolean;
  /** As it was counted last. */
  counted: Usage;
  /** Which count that was, see `AccountUsageDoc`. */
  count: string | undefined;
  /**
   * What this process has added since, as far as it knows: never less than that. What was replaced by less is not taken off: writers
   * to one key that do not know of each other would all take off the same.
   */
  grown: Usage;
  /** What it is writing at this moment. A count may have met that or not: for as long as it matters it counts beside it. */
  flying: Usage;
  /** Something was deleted, or replaced by less, since, however much. */
  freed: boolean;
  /** When this process counted last, by `performance.now()` as all moments here; `NEVER` also after a count that failed. */
  countedAt: number;
  /** When a count may begin again, and when the account was asked for last. */
  next: number;
  usedAt: number;
  counting: Promise<void> | undefined;
}

/** The meters of one process. */
export interface Meters {
  readonly all: Map<string, Meter>;
  /** The last count of those that wait for each other. */
  last: Promise<unknown>;
  /** The look at all of them that is under way. */
  refreshing: Promise<void> | undefined;
}
