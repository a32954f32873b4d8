import { MongoBulkWriteError } from 'mongodb';
import { located } from '../../conflict.ts';
import { isDuplicate } from '../errors.ts';
import type { Doc, Table } from '../table.ts';
import { applyStep, refusedStep, type Step } from './steps.ts';
import { settlingDuplicates } from './unique.ts';
import { unitsOf } from './units.ts';
import { insertMany } from './writes.ts';

/**
 * Applies the steps one after the other, for a standalone server, which has no transactions. `dryRun` has found every
 * conflict that was there before; one that arises meanwhile is reported, and what was applied until then stays.
 */
export async function commitInOrder(steps: readonly Step[], now: () => number): Promise<void> {
  for (const { at, inserts = [] } of unitsOf(steps)) {
    const end = at + Math.max(1, inserts.length);
    let next = at;
    while (next < end) {
      const step = steps[next] as Step;
      if (inserts.length > 0) next += await insertUntilRefused(step.table, inserts.slice(next - at));
      if (next < end) await applyAlone(steps[next] as Step, next, now);
      next++;
    }
  }
}

/** Inserts in order up to the first that a unique index refuses; returns how many that were. */
async function insertUntilRefused(table: Table, docs: readonly Doc[]): Promise<number> {
  try {
    await insertMany(table, docs);
    return docs.length;
  } catch (error) {
    if (error instanceof MongoBulkWriteError && isDuplicate(error)) return error.insertedCount;
    throw error;
  }
}

async function applyAlone(step: Step, at: number, now: () => number): Promise<void> {
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
