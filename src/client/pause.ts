/** Waiting, which a signal ends. */

const SHORTEST = 100;

/** Resolves after so many milliseconds. Rejects with the signal's reason once it is aborted. `isIdle`: no process waits for it to end. */
export function pause(ms: number, signal?: AbortSignal, isIdle = false): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (isIdle) letExit(timer);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Milliseconds before the next try after so many failures: twice as long each time, and never the same for two clients. */
export function backOff(failures: number, longest: number): number {
  return Math.min(longest, SHORTEST * 2 ** failures) * (0.5 + Math.random() / 2);
}

/** Has Node end although the timer runs. Elsewhere nothing waits for timers. */
export function letExit(timer: unknown): void {
  (timer as { unref?(): void }).unref?.();
}
