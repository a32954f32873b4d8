import { type Doc, meets, snapshotOfWrite } from '../change.ts';
import { located, unexpected } from '../conflict.ts';
import { checkTuple } from '../cursor.ts';
import type { Write } from '../port.ts';
import * as apply from './apply.ts';
import type { Environment } from './environment.ts';
import { boundsOf } from './keys.ts';
import type { Table } from './table.ts';

/** All or nothing: a commit cannot be divided. */
const EVERYTHING: apply.Portion = { documents: Number.MAX_SAFE_INTEGER, bytes: Number.POSITIVE_INFINITY };

/** Applies all writes in one child transaction, or none. */
export async function commit(env: Environment, tableOf: (name: string) => Table, writes: readonly Write<Doc>[]) {
  const steps = writes.map(write => ({ write: snapshotOfWrite(write), table: tableOf(write.in.name) }));
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

function check(table: Table, write: Write<Doc>): void {
  if ('insert' in write) apply.checkDoc(table, write.insert);
  else if ('put' in write) apply.checkDoc(table, write.put);
  else if ('update' in write) checkTuple(write.update);
  else if ('delete' in write) checkTuple(write.delete);
  else if ('deleteMany' in write) boundsOf(write.deleteMany);
  else checkTuple(write.require);
}

/** Applies one write inside a transaction. Throws `ConflictError`, `DuplicateKeyError`. */
export function step(table: Table, write: Write<Doc>, now: number): void {
  if ('insert' in write) apply.insert(table, write.insert, now);
  else if ('put' in write) apply.put(table, write.put, now);
  else if ('update' in write) {
    if (!apply.update(table, write.update, write.change, write.expect, now)) throw unexpected();
  } else if ('delete' in write) {
    if (!apply.remove(table, write.delete, write.expect, now) && write.expect !== undefined) throw unexpected();
  } else if ('deleteMany' in write) {
    apply.removeRange(table, write.deleteMany, EVERYTHING, now);
  } else {
    const doc = apply.live(table, write.require, now);
    const holds = write.expect === 'absent' ? doc === undefined : doc !== undefined && meets(doc, write.expect);
    if (!holds) throw unexpected();
  }
}
