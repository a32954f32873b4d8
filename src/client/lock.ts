/// <reference lib="esnext.disposable" preserve="true" />

/** Locks: a key that only one can create, with an expiry that is pushed on while it is held (v2.md, section 2). */

import { ConditionError, KeybinError } from './errors.ts';
import { backOff, letExit, pause } from './pause.ts';
import { newId } from './transport.ts';
import type { CallOptions, Info, MatchOptions, SetOptions, Stored } from './types.ts';

/** Milliseconds between two looks at most. */
const LONGEST_BACK_OFF = 1_000;

/** How much of the time to live its holder trusts in: clocks do not run alike, and who holds it needs time to stop. */
const TRUSTED = 0.9;

/** Of taking a lock. */
export interface LockOptions extends CallOptions {
  /** Whole seconds after which it is free when its holder is gone; 30 without it. It is renewed in a third of them. */
  readonly ttl?: number | undefined;
  /** Seconds for which it is waited for; without it not at all. */
  readonly wait?: number | undefined;
  /** What stands in the key, for people. */
  readonly value?: string | Uint8Array | undefined;
}

/** A lock that is held. */
export interface Lock extends AsyncDisposable {
  readonly key: string;
  /** The present one: each renewal makes another. A batch that checks it does nothing once the lock is lost. */
  readonly etag: string;
  /** Aborted when the lock is lost, with a `KeybinError` of code `lock_lost`. */
  readonly signal: AbortSignal;
  /** Frees it, unless it is lost. */
  release(): Promise<void>;
}

/** What a lock is made with: a client. */
export interface Values {
  set(key: string, value: string | Uint8Array, options: SetOptions & { readonly json?: false }): Promise<Stored>;
  delete(key: string, options: MatchOptions): Promise<boolean>;
  info(key: string, options?: CallOptions): Promise<Info | undefined>;
  touch(key: string, ttl: number, options: MatchOptions): Promise<Info | undefined>;
}

/** Takes a lock. Rejects with `ConditionError` when somebody else has it. */
export async function acquire(keybin: Values, key: string, options: LockOptions): Promise<Lock> {
  const { ttl = 30, wait = 0, value = 'locked', signal } = options;
  const holder = newId();
  const until = Date.now() + wait * 1000;
  for (let tries = 0; ; tries++) {
    const since = now();
    try {
      const { etag } = await keybin.set(key, value, { ttl, ifAbsent: true, meta: { holder }, signal });
      const lock = new Held(keybin, key, { holder, ttl, etag, since });
      if (lock.begin()) return lock;
      await lock.release();
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      // A try without an answer may have made it.
      const info = error.repeated ? await keybin.info(key, { signal }) : undefined;
      if (info?.meta.holder === holder) {
        await keybin.delete(key, { ifMatch: info.etag, signal }).catch(ignoreCondition);
        continue;
      }
      const left = until - Date.now();
      if (left <= 0) throw error;
      await pause(Math.min(left, backOff(tries, LONGEST_BACK_OFF)), signal);
    }
  }
}

interface Holding {
  readonly holder: string;
  readonly ttl: number;
  readonly etag: string;
  /** When the request was sent that made it: the server counts from a later moment. */
  readonly since: Moment;
}

class Held implements Lock {
  readonly key: string;
  etag: string;
  readonly #keybin: Values;
  readonly #holder: string;
  readonly #ttl: number;
  readonly #lost = new AbortController();
  /** Ends the renewals. */
  readonly #done = new AbortController();
  #since: Moment;
  #work: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(keybin: Values, key: string, { holder, ttl, etag, since }: Holding) {
    this.key = key;
    this.etag = etag;
    this.#keybin = keybin;
    this.#holder = holder;
    this.#ttl = ttl;
    this.#since = since;
    if (Symbol.asyncDispose) this[Symbol.asyncDispose] = () => this.release();
  }

  declare [Symbol.asyncDispose]: () => Promise<void>;

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Begins to hold it; false: the answer took so long that it may have ended. */
  begin(): boolean {
    if (this.#left() <= 0) return false;
    this.#watch();
    this.#work = this.#renewals();
    return true;
  }

  async release(): Promise<void> {
    this.#done.abort();
    clearTimeout(this.#timer);
    await this.#work;
    if (this.signal.aborted) return;
    const isDeleted = await this.#keybin.delete(this.key, { ifMatch: this.etag }).catch(ignoreCondition);
    // A renewal whose answer was lost has given it another ETag.
    if (isDeleted === undefined && (await this.#isOurs())) {
      await this.#keybin.delete(this.key, { ifMatch: this.etag }).catch(ignoreCondition);
    }
  }

  /** Milliseconds for which nobody else can have it. */
  #left(): number {
    return this.#ttl * 1000 * TRUSTED - elapsed(this.#since);
  }

  /** Calls it lost when the time is over, whatever a renewal is waiting for. */
  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#left() > 0 ? this.#watch() : this.#lose()), Math.max(0, this.#left()));
    letExit(this.#timer); // whoever forgets a lock may end, and then it ends as well
  }

  async #renewals(): Promise<void> {
    const { signal } = this.#done;
    for (let wait = (this.#ttl * 1000) / 3; ; ) {
      await pause(wait, signal, true).catch(() => {});
      if (signal.aborted) return;
      wait = await this.#renew();
      if (this.signal.aborted) return;
    }
  }

  /** Renews it, and gives the milliseconds until the next time. */
  async #renew(): Promise<number> {
    const since = now();
    const { signal } = this.#done;
    try {
      const info = await this.#keybin.touch(this.key, this.#ttl, { ifMatch: this.etag, signal });
      if (info === undefined) return this.#lose();
      this.etag = info.etag;
      this.#since = since;
      this.#watch();
      return (this.#ttl * 1000) / 3;
    } catch (error) {
      if (signal.aborted) return 0;
      // The ETag may be that of a renewal whose answer was lost.
      if (error instanceof ConditionError && !(await this.#isOurs().catch(() => true))) return this.#lose();
      return Math.min(1_000, (this.#ttl * 1000) / 10);
    }
  }

  /** Whether the key is that of this holder; takes its ETag over. */
  async #isOurs(): Promise<boolean> {
    const info = await this.#keybin.info(this.key);
    if (info?.meta.holder !== this.#holder) return false;
    this.etag = info.etag;
    return true;
  }

  #lose(): number {
    clearTimeout(this.#timer);
    this.#done.abort();
    this.#lost.abort(new KeybinError(`the lock ${this.key} is lost`, { code: LOST }));
    return 0;
  }
}

const LOST = 'lock_lost';

/** By two clocks: one may be set back, the other stand still while the machine sleeps. */
interface Moment {
  readonly wall: number;
  readonly steady: number;
}

function now(): Moment {
  return { wall: Date.now(), steady: performance.now() };
}

function elapsed({ wall, steady }: Moment): number {
  return Math.max(Date.now() - wall, performance.now() - steady);
}

function ignoreCondition(error: unknown): undefined {
  if (error instanceof ConditionError) return undefined;
  throw error;
}
