/** How much a bucket takes in a window. */
export interface Limit {
  /** Absent for a counter of an address. */
  readonly subject?: string;
  readonly bucket: string;
  readonly max: number;
  readonly windowMs: number;
}

/** A place taken in a counter, in one window of it. */
export interface Place {
  readonly limit: Limit;
  readonly window: string;
  readonly takenAt: number;
}
