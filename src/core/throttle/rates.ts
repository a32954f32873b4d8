/** How many requests an account may make in a minute, counted in this process. */

import type { Clock } from '../../base/clock.ts';

/** Over which requests count, in milliseconds. A minute begins with the first request in it. */
const WINDOW_MS = 60_000;

/** What is left to an account. */
export interface Left {
  /** Requests; -1 after one that was too many. */
  readonly remaining: number;
  /** Whole seconds until all of them are there again. */
  readonly reset: number;
}

/** The counts of one process. */
export interface Rates {
  /** Counts a request of an account that has so many in a minute. */
  take(accountId: string, quota: number): Left;
}

/** Counts that begin at 0. */
export function createRates({ elapsed: now }: Clock): Rates {
  const counts = new Map<string, { taken: number; readonly end: number }>();
  let swept = now();

  /** Accounts that ask no more take no room. */
  function sweep(): void {
    if (now() - swept < WINDOW_MS) return;
    swept = now();
    for (const [accountId, { end }] of counts) if (end <= swept) counts.delete(accountId);
  }

  return {
    take(accountId, quota) {
      sweep();
      let count = counts.get(accountId);
      if (count === undefined || count.end <= now()) {
        count = { taken: 0, end: now() + WINDOW_MS };
        counts.set(accountId, count);
      }
      const isTooMany = count.taken >= quota;
      if (!isTooMany) count.taken++;
      return { remaining: isTooMany ? -1 : quota - count.taken, reset: Math.ceil((count.end - now()) / 1000) };
    },
  };
}
