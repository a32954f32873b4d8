/** The only source of the present moment. Tests inject their own. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Milliseconds since some moment in the past. It never goes back, whatever somebody sets the clock to. */
  elapsed(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now() };
