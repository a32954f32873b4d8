import { StorageUnavailableError } from '../base/errors.ts';

/** How many may wait for one thing. */
const MOST = 100;
/** Milliseconds. */
const WAIT_MS = 30_000;

/**
 * Work on one thing that is done one after another in this process, for work that would only get in its own way. Other
 * processes know nothing of it: it decides about speed and fairness, never about what is right.
 */
export interface Turns {
  /**
   * Does the work when all that was asked for before under the same name has ended, however it did. Throws what the work
   * throws, and `StorageUnavailableError` when too many wait already or the turn does not come in time.
   */
  take<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** The turns of one process. */
export function createTurns(): Turns {
  const lines = new Map<string, { length: number; last: Promise<unknown> }>();

  return {
    async take(name, work) {
      const line = lines.get(name) ?? { length: 0, last: Promise.resolve() };
      if (line.length > MOST) throw busy();
      lines.set(name, line);
      line.length++;
      const deadline = performance.now() + WAIT_MS;
      const turn = line.last.then(() => {
        if (performance.now() > deadline) throw busy();
        return work();
      });
      line.last = turn.catch(() => {});
      try {
        return await turn;
      } finally {
        line.length--;
        if (line.length === 0) lines.delete(name);
      }
    },
  };
}

function busy(): StorageUnavailableError {
  return new StorageUnavailableError('too many wait for the same');
}
