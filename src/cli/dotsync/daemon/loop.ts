/** When the daemon syncs: after changes, every minute, after sleep; later and later while the server cannot be reached. */

/** Milliseconds without a change before it is sent; and at most, while they do not stop. */
const SETTLE = 300;
const LONGEST_SETTLE = 5_000;
/** Milliseconds between two rounds without a change here. */
const PULL = 60_000;
/** Milliseconds between two looks at the clock, and by how much it may be off before the machine has slept. */
const LOOK = 5_000;
const SLEPT = 15_000;
/** Milliseconds before another try when one failed, at first and at most. */
const FIRST_RETRY = 5_000;
const LAST_RETRY = 300_000;

/** Time, as the daemon has it. */
export interface Timer {
  /** Milliseconds of the machine's clock, which goes on in its sleep and may be set. */
  now(): number;
  /** Calls `work` after so many milliseconds in which the machine is awake; what it returns calls that off. */
  after(ms: number, work: () => void): () => void;
}

/** What the loop calls. */
export interface Rounds {
  /** One round; with `lazy` only if a file here has changed. Rejects when it failed. */
  round(lazy: boolean): Promise<void>;
  /** Seconds that are to pass after an error at least; undefined: no round will succeed any more. */
  patience(error: unknown): number | undefined;
  /** A round failed; the next try is in so many milliseconds. */
  failed(error: unknown, next: number): void;
}

/** The daemon's loop. Never are there two rounds at a time. */
export class Loop {
  /** Resolves after `stop`; rejects with the error after which no round will succeed. */
  readonly ended: Promise<void>;
  readonly #timer: Timer;
  readonly #rounds: Rounds;
  readonly #random: () => number;
  #end: { resolve: () => void; reject: (error: unknown) => void } = { resolve: () => {}, reject: () => {} };
  #running: Promise<void> | undefined;
  #next = () => {};
  #look = () => {};
  #failures = 0;
  /** When the first of the changes came that were not sent yet. */
  #changedAt: number | undefined;
  #stopped = false;

  constructor(timer: Timer, rounds: Rounds, random: () => number = Math.random) {
    this.#timer = timer;
    this.#rounds = rounds;
    this.#random = random;
    this.ended = new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
    });
    this.#watchClock();
    this.#run(false);
  }

  /** A file has changed. */
  changed(): void {
    const now = this.#timer.now();
    this.#changedAt ??= now;
    // While the server is away, the next try sends this too.
    if (this.#stopped || this.#running !== undefined || this.#failures > 0) return;
    const waited = Math.abs(now - this.#changedAt);
    this.#schedule(waited < LONGEST_SETTLE ? SETTLE : 0, true);
  }

  /** Ends it, after the round that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#next();
    this.#look();
    await this.#running;
    this.#end.resolve();
  }

  #schedule(ms: number, lazy: boolean): void {
    this.#next();
    this.#next = this.#timer.after(ms, () => this.#run(lazy));
  }

  #run(lazy: boolean): void {
    if (this.#stopped || this.#running !== undefined) return;
    this.#next();
    this.#changedAt = undefined;
    this.#running = this.#rounds.round(lazy).then(
      () => this.#over(0),
      error => this.#over(this.#failures + 1, error),
    );
  }

  #over(failures: number, error?: unknown): void {
    this.#running = undefined;
    this.#failures = failures;
    if (this.#stopped) return;
    if (failures === 0) {
      const news = this.#changedAt !== undefined;
      this.#schedule(news ? SETTLE : PULL, news);
      return;
    }
    const patience = this.#rounds.patience(error);
    if (patience === undefined) {
      this.#stopped = true;
      this.#look();
      this.#end.reject(error);
      return;
    }
    const delay = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (failures - 1)) * (0.75 + this.#random() / 2);
    const next = Math.max(delay, patience * 1000);
    this.#rounds.failed(error, next);
    this.#schedule(next, false);
  }

  /** Timers stand still while the machine sleeps, and the clock does not. */
  #watchClock(): void {
    const before = this.#timer.now();
    this.#look = this.#timer.after(LOOK, () => {
      const off = Math.abs(this.#timer.now() - before - LOOK);
      this.#watchClock();
      if (off > SLEPT) this.#run(false);
    });
  }
}
