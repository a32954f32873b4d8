import { setTimeout as pause } from 'node:timers/promises';

/** Whether it is done within so many milliseconds; rejects when it does. The process lives on until then. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const done = new AbortController();
  const late = pause(milliseconds, false, { signal: done.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    done.abort();
  }
}
