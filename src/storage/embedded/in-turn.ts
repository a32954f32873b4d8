import { beforeEnd } from '../../base/ending.ts';

/** Of each folder, the last of this process that asked for its write lock. */
const last = new Map<string, Promise<unknown>>();

/**
 * Does the work when nobody of this process has the write lock of the folder any more, or waits for it. To open a folder is to wait
 * for that lock on the event loop, and who has it in a transaction waits for the event loop: neither would ever go on.
 */
export async function inTurn<T>(folder: string, work: () => T | Promise<T>): Promise<T> {
  const before = last.get(folder);
  const mine = before === undefined ? Promise.resolve(work()) : before.then(work, work);
  last.set(folder, mine);
  beforeEnd(mine);
  try {
    return await mine;
  } finally {
    if (last.get(folder) === mine) last.delete(folder);
  }
}
