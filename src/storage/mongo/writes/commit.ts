import { setTimeout as pause } from 'node:timers/promises';
import type { ClientSession, MongoClient, MongoServerError, TransactionOptions } from 'mongodb';
import { MongoError } from 'mongodb';
import { located } from '../../conflict.ts';
import { isDuplicate } from '../errors.ts';
import { isLong, refusedStep, type Step } from './steps.ts';
import { settleDuplicate } from './unique.ts';
import { applyUnit, suspectsIn, type Unit, unitsOf } from './units.ts';

/** How long a commit is run again while others are in its way, in milliseconds: one of few steps, and one of many. */
const PATIENCE_MS = { few: 1400, many: 10_000 };

/** Longest pause between two runs, in milliseconds. */
const MAX_PAUSE_MS = 80;

/** How transactions are read and written. */
export const TRANSACTION: TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
};

/** Applies all steps in one transaction, or none: for replica sets and sharded clusters. */
export async function commitAtomically(client: MongoClient, steps: readonly Step[], now: () => number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS[isLong(steps) ? 'many' : 'few'];
  const alone = new Set<number>();
  for (let attempt = 1; ; attempt++) {
    const session = client.startSession();
    const units = unitsOf(steps, alone);
    let next = 0;
    try {
      session.startTransaction(TRANSACTION);
      for (; next < units.length; next++) await applyUnit(units[next] as Unit, now(), session);
      await finish(session, deadline);
      return;
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction().catch(() => {});
      const unit = units[next];
      if (unit?.inserts && isDuplicate(error)) separate(unit, error, alone);
      else {
        await settle(error, unit?.first, attempt, deadline, now).catch(failure => {
          throw located(failure, unit?.at ?? steps.length);
        });
      }
    } finally {
      session.endSession().catch(() => {}); // the server forgets it by itself
    }
  }
}

/** Has the inserts that may have been refused go alone in the next run: there the server says which it was, and why. */
function separate(unit: Unit, error: MongoServerError, alone: Set<number>): void {
  const suspects = alone.size === 0 ? suspectsIn(unit, error) : []; // else it was not those, or not those only
  const all = unit.inserts?.map((_, i) => unit.at + i) ?? [];
  for (const at of suspects.length > 0 ? suspects : all) alone.add(at);
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
