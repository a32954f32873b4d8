import { setTimeout as pause } from 'node:timers/promises';
import type { ClientSession, MongoClient, TransactionOptions } from 'mongodb';
import { MongoError } from 'mongodb';
import { located, unexpected } from '../conflict.ts';
import type { Write } from '../port.ts';
import { refusedUpdate } from './collection.ts';
import { isDuplicate } from './errors.ts';
import type { Doc, Table } from './table.ts';
import { type Refused, settleDuplicate, settlingDuplicates } from './unique.ts';
import * as writes from './writes.ts';

/** One write and the table it goes to. */
export interface Step {
  readonly write: Write<Doc>;
  readonly table: Table;
}

/** How long a commit is run again while others are in its way, in milliseconds. */
const PATIENCE_MS = 1400;

/** Longest pause between two runs, in milliseconds. */
const MAX_PAUSE_MS = 80;

const TRANSACTION: TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
};

/** Applies all steps in one transaction, or none: for replica sets and sharded clusters. */
export async function commitAtomically(client: MongoClient, steps: readonly Step[], now: () => number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let attempt = 1; ; attempt++) {
    const session = client.startSession();
    let at = 0;
    try {
      session.startTransaction(TRANSACTION);
      for (; at < steps.length; at++) await applyStep(steps[at] as Step, now(), session);
      await finish(session, deadline);
      return;
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction().catch(() => {});
      await settle(error, steps[at], attempt, deadline, now).catch(failure => {
        throw located(failure, at);
      });
    } finally {
      session.endSession().catch(() => {}); // the server forgets it by itself
    }
  }
}

/** Commits. When the answer got lost, asking again is safe and tells what became of it. */
async function finish(session: ClientSession, deadline: number): Promise<void> {
  for (;;) {
    try {
      return await session.commitTransaction();
    } catch (error) {
      const unknown = error instanceof MongoError && error.hasErrorLabel('UnknownTransactionCommitResult');
      if (!unknown || performance.now() > deadline) throw error;
    }
  }
}

/** Returns when the commit may be run again, else throws what its caller has to know. */
async function settle(
  error: unknown,
  step: Step | undefined,
  attempt: number,
  deadline: number,
  now: () => number,
): Promise<void> {
  if (isDuplicate(error) && step !== undefined) {
    return settleDuplicate(error, await refusedStep(step, error), attempt, now());
  }
  const passing = error instanceof MongoError && error.hasErrorLabel('TransientTransactionError');
  if (!passing || performance.now() > deadline) throw error;
  await pause(Math.random() * Math.min(2 ** attempt, MAX_PAUSE_MS));
}

/**
 * Applies the steps one after the other, for a standalone server, which has no transactions. `dryRun` has found every
 * conflict that was there before; one that arises meanwhile is reported, and what was applied until then stays.
 */
export async function commitInOrder(steps: readonly Step[], now: () => number): Promise<void> {
  for (const [at, step] of steps.entries()) {
    try {
      await settlingDuplicates(
        now,
        () => refusedStep(step),
        () => applyStep(step, now()),
      );
    } catch (error) {
      throw located(error, at);
    }
  }
}

async function applyStep({ write, table }: Step, now: number, session?: ClientSession): Promise<void> {
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

async function refusedStep({ write, table }: Step, cause?: unknown): Promise<Refused> {
  if ('insert' in write) return { table, doc: write.insert, replaces: false };
  if ('put' in write) return { table, doc: write.put, replaces: true };
  if ('update' in write) return refusedUpdate(table, write.update, write.change);
  throw new Error('a unique index refused what is no insert, put or update', { cause });
}
