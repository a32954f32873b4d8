/** When a process can end: not while a thread of its own waits for it. */

import { setTimeout as pause } from 'node:timers/promises';

/** How long that is waited for, in milliseconds: it may wait for another process. */
const PATIENCE = 5_000;

const under = new Set<Promise<unknown>>();

/** Has the end of the process wait for this work. */
export function beforeEnd(work: Promise<unknown>): void {
  under.add(work);
  const done = () => under.delete(work);
  work.then(done, done);
}

/**
 * Resolves when the process can end. LMDB's thread waits for the event loop inside a transaction, and the end of a process for that thread:
 * one that ends meanwhile never does, and keeps the write lock from all others. False: it still cannot, and only a signal helps that nobody
 * can hear. What was acknowledged is safe either way.
 */
export function canEnd(): Promise<boolean> {
  return Promise.race([nothingIsUnder(), pause(PATIENCE, false)]);
}

async function nothingIsUnder(): Promise<true> {
  while (under.size > 0) await Promise.allSettled(under);
  return true;
}
