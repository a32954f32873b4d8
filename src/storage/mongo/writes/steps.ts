import type { ClientSession } from 'mongodb';
import { unexpected } from '../../conflict.ts';
import type { Write } from '../../port.ts';
import { refusedUpdate } from '../collection.ts';
import type { Doc, Table } from '../table.ts';
import type { Refused } from './unique.ts';
import * as writes from './writes.ts';

/** One write of a commit and the table it goes to. */
export interface Step {
  readonly write: Write<Doc>;
  readonly table: Table;
}

/** Steps from which on a commit counts as one of many: it may take longer than what has to answer in 2 s. */
const MANY = 100;

/** Whether a commit may take long. */
export function isLong(steps: readonly Step[]): boolean {
  return steps.length > MANY || steps.some(({ write }) => 'deleteMany' in write);
}

/** Applies one step, alone or in a transaction. Duplicates surface as the driver's error. */
export async function applyStep({ write, table }: Step, now: number, session?: ClientSession): Promise<void> {
  if ('insert' in write) await writes.insert(table, write.insert, session);
  else if ('put' in write) await writes.put(table, write.put, session);
  else if ('update' in write) {
    const after = await writes.update(table, write.update, write.change, write.expect, now, session);
    if (after === undefined) throw unexpected();
  } else if ('delete' in write) {
    const removed = await writes.remove(table, write.delete, write.expect, now, session);
    if (!removed && write.expect !== undefined) throw unexpected();
  } else if ('deleteMany' in write) await writes.removeRange(table, write.deleteMany, now, session);
  else if (!(await writes.holds(table, write.require, write.expect, now, session))) throw unexpected();
}

/** What a unique index refused when it refused this step. */
export async function refusedStep({ write, table }: Step, cause?: unknown): Promise<Refused> {
  if ('insert' in write) return { table, doc: write.insert, replaces: false };
  if ('put' in write) return { table, doc: write.put, replaces: true };
  if ('update' in write) return refusedUpdate(table, write.update, write.change);
  throw new Error('a unique index refused what is no insert, put or update', { cause });
}
