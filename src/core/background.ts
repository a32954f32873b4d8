import { setImmediate as afterwards } from 'node:timers/promises';
import { ReadOnlyError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

/** Work that goes on after the answer, so that how long an answer takes does not tell what was done for it. */
export interface Background {
  /**
   * Has it done soon, not before the caller goes on. What it throws is logged as an error and goes no further. Resolves when it
   * is done, for callers that wait a while for it.
   */
  run(work: () => Promise<void>): Promise<void>;
  /** Resolves when nothing is under way, what was begun meanwhile included. Never rejects. */
  idle(): Promise<void>;
}

/** The background of one process. */
export function createBackground(log: Log): Background {
  const running = new Set<Promise<void>>();
  return {
    run(work) {
      const done = afterwards()
        .then(work)
        .catch(error => {
          if (error instanceof ReadOnlyError) log.debug({}, 'work in the background waits: nothing may be written');
          else log.error({ err: error }, 'work in the background failed');
        })
        .finally(() => running.delete(done));
      running.add(done);
      return done;
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
