import type { Clock } from '../../src/base/clock.ts';

/** A clock that stands still until it is told to go on. */
export interface TestClock extends Clock {
  /** Moves the clock forward; by a negative number somebody sets it back, while time goes on. */
  advance(ms: number): void;
}

/**
 * Tests live in the year 2100 by default: a MongoDB server removes expired documents by its own clock, and nothing a test
 * writes may vanish before the injected clock says so.
 */
const START = Date.UTC(2100, 0, 1);

/** Makes a clock that shows `start` (milliseconds since 1970-01-01 UTC). */
export function testClock(start: number = START): TestClock {
  let now = start;
  let passed = 0;
  return {
    now: () => now,
    elapsed: () => passed,
    advance: ms => {
      now += ms;
      passed += Math.max(0, ms);
    },
  };
}
