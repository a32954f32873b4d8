import { RateLimitedError } from '../../base/errors.ts';

const LINE_LENGTH = 100;
const TOTAL_LENGTH = 1000;
const WAIT_MS = 30_000;
/** How soon a line notices what other processes did. */
const POLL_MS = 100;
const RETRY_SECONDS = 2;

/** Gives the result once there is one; undefined: not yet. Throwing ends the wait of the whole line. */
export type Try<T> = () => Promise<T | undefined>;

/** Waiting lines by name, first come first served. */
export interface WaitingLines<T> {
  isEmpty(name: string): boolean;
  /**
   * Tries until there is a result. All tries of one line must be alike. Throws `RateLimitedError` when too many wait
   * already, or when it takes too long.
   */
  wait(name: string, attempt: Try<T>): Promise<T>;
  /** Has the first of the line try again at once. */
  wake(name: string): void;
}

interface Waiter<T> {
  readonly attempt: Try<T>;
  readonly resolve: (result: T) => void;
  readonly reject: (error: unknown) => void;
  readonly deadline: number;
}

interface Line<T> {
  readonly waiters: Waiter<T>[];
  /** Whether something happened since the last try began. */
  woken: boolean;
  /** Ends the pause, if there is one. */
  resume?: () => void;
}

/** Makes the waiting lines of one process. */
export function createLines<T>(): WaitingLines<T> {
  const lines = new Map<string, Line<T>>();
  let total = 0;

  function leave(line: Line<T>): Waiter<T> | undefined {
    total--;
    return line.waiters.shift();
  }

  async function serve(name: string, line: Line<T>): Promise<void> {
    for (let first = line.waiters[0]; first; first = line.waiters[0]) {
      try {
        line.woken = false;
        const result = await first.attempt();
        if (result !== undefined) leave(line)?.resolve(result);
        else if (performance.now() >= first.deadline) leave(line)?.reject(new RateLimitedError(RETRY_SECONDS));
        else if (!line.woken) await pause(line);
      } catch (error) {
        // What stops the first stops everybody behind it: the bucket is used up, or the storage is down.
        while (line.waiters.length > 0) leave(line)?.reject(error);
      }
    }
    lines.delete(name);
  }

  return {
    isEmpty: name => !lines.has(name),

    wait(name, attempt) {
      const line = lines.get(name) ?? { waiters: [], woken: false };
      if (line.waiters.length >= LINE_LENGTH || total >= TOTAL_LENGTH) {
        return Promise.reject(new RateLimitedError(RETRY_SECONDS));
      }
      total++;
      return new Promise((resolve, reject) => {
        line.waiters.push({ attempt, resolve, reject, deadline: performance.now() + WAIT_MS });
        if (lines.has(name)) return;
        lines.set(name, line);
        void serve(name, line);
      });
    },

    wake(name) {
      const line = lines.get(name);
      if (!line) return;
      line.woken = true;
      line.resume?.();
    },
  };
}

function pause<T>(line: Line<T>): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, POLL_MS);
    line.resume = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
