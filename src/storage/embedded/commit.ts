import { ConflictError, DuplicateKeyError } from '../../errors.ts';
import { type Doc, meets, snapshotOf, snapshotOfChange } from '../change.ts';
import { checkTuple } from '../cursor.ts';
import type { Write } from '../port.ts';
import * as apply from './apply.ts';
import type { Environment } from './environment.ts';
import { boundsOf } from './keys.ts';
import type { Table } from './table.ts';

/** Applies all writes in one child transaction, or none. */
export async function commit(env: Environment, tableOf: (name: string) => Table, writes: readonly Write<Doc>[]) {
  const steps = writes.map(write => ({ write: copyOf(write), table: tableOf(write.in.name) }));
  for (const { write, table } of steps) check(table, write);
  await env.writer.atomically(() => {
    const now = env.now();
    for (const [at, { write, table }] of steps.entries()) {
      try {
        step(table, write, now);
      } catch (error) {
        throw located(error, at);
      }
    }
  });
}

/** A write whose documents are the engine's own. */
function copyOf(write: Write<Doc>): Write<Doc> {
  if ('insert' in write) return { ...write, insert: snapshotOf(write.insert) };
  if ('put' in write) return { ...write, put: snapshotOf(write.put) };
  return 'update' in write ? { ...write, change: snapshotOfChange(write.change) } : write;
}

function check(table: Table, write: Write<Doc>): void {
  if ('insert' in write) apply.checkDoc(table, write.insert);
  else if ('put' in write) apply.checkDoc(table, write.put);
  else if ('update' in write) checkTuple(write.update);
  else if ('delete' in write) checkTuple(write.delete);
  else if ('deleteMany' in write) boundsOf(write.deleteMany);
  else checkTuple(write.require);
}

function step(table: Table, write: Write<Doc>, now: number): void {
  if ('insert' in write) apply.insert(table, write.insert, now);
  else if ('put' in write) apply.put(table, write.put, now);
  else if ('update' in write) {
    if (!apply.update(table, write.update, write.change, write.expect, now)) throw unexpected();
  } else if ('delete' in write) {
    if (!apply.remove(table, write.delete, write.expect, now) && write.expect !== undefined) throw unexpected();
  } else if ('deleteMany' in write) {
    apply.removeRange(table, write.deleteMany, Number.MAX_SAFE_INTEGER, now);
  } else {
    const doc = apply.live(table, write.require, now);
    const holds = write.expect === 'absent' ? doc === undefined : doc !== undefined && meets(doc, write.expect);
    if (!holds) throw unexpected();
  }
}

function unexpected(): ConflictError {
  return new ConflictError('a document is not as the commit expects it');
}

/** The error with the position of the write that raised it. */
function located(error: unknown, at: number): unknown {
  if (error instanceof DuplicateKeyError) return new DuplicateKeyError(error.index, { at, cause: error });
  if (error instanceof ConflictError) return new ConflictError(error.message, { at, cause: error });
  return error;
}
