import type { Caller } from '../../base/caller.ts';
import { RateLimitedError } from '../../base/errors.ts';
import type { Core } from '../context.ts';
import { demandUnspent } from './counters.ts';
import type { Limit } from './place.ts';

/** What is left of a limit. `reset` is in milliseconds. */
interface Left {
  readonly limit: Limit;
  readonly remaining: number;
  readonly reset: number;
}

/** Tells a caller how many wrong passwords the nearest of some limits leaves. */
export class Told {
  readonly #core: Core;
  readonly #limits: readonly Limit[];
  readonly #hear: Caller['hear'];
  #left: Left[] = [];

  constructor(core: Core, limits: readonly Limit[], hear: Caller['hear']) {
    this.#core = core;
    this.#limits = limits;
    this.#hear = hear;
  }

  /** Throws `RateLimitedError` when a limit has nothing left. */
  async look(): Promise<void> {
    this.#left = await Promise.all(this.#limits.map(limit => this.#leftOf(limit)));
    this.#tell();
  }

  /** The attempt has ended: it was right for one of the subjects, or wrong. */
  settled(right: string | undefined): void {
    this.#left = this.#left.map(left => {
      if (right === undefined) return { ...left, remaining: left.remaining - 1 };
      return left.limit.subject === right ? { ...left, remaining: left.limit.max, reset: left.limit.windowMs } : left;
    });
    this.#tell();
  }

  async #leftOf(limit: Limit): Promise<Left> {
    try {
      const counter = await demandUnspent(this.#core, limit);
      const reset = counter ? counter.expires_at.getTime() - this.#core.clock.now() : limit.windowMs;
      return { limit, remaining: limit.max - (counter?.failures ?? 0), reset };
    } catch (error) {
      if (error instanceof RateLimitedError) {
        this.#left = [{ limit, remaining: 0, reset: (error.retryAfter ?? 1) * 1000 }];
        this.#tell();
      }
      throw error;
    }
  }

  #tell(): void {
    if (this.#hear === undefined) return;
    const [nearest] = [...this.#left].sort((a, b) => a.remaining - b.remaining);
    if (nearest === undefined) return;
    const { limit, remaining, reset } = nearest;
    this.#hear({ quota: limit.max, window: limit.windowMs / 1000, remaining, reset: Math.ceil(reset / 1000) });
  }
}
