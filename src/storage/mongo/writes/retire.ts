import type { ClientSession, MongoClient } from 'mongodb';
import { keyOf } from '../../change.ts';
import { decodeWhole } from '../documents.ts';
import { ended, equals } from '../filters.ts';
import type { Doc, Table } from '../table.ts';
import { TRANSACTION } from './commit.ts';
import { applyStep, type Step } from './steps.ts';

/** Documents that are to be replaced, and by what. */
export interface Ended {
  readonly table: Table;
  readonly limit: number;
  readonly stepsFor: (doc: Doc) => readonly Step[];
}

/**
 * Replaces documents that have ended; returns how many. Those that somebody else replaces at the same time, or writes to, are
 * left to him. Without transactions the successors come after: whoever wrote meanwhile must not lose anything to them, and a crash in
 * between may leave them out.
 */
export async function retireEnded(
  client: MongoClient,
  { table, limit, stepsFor }: Ended,
  now: () => number,
  atomic: boolean,
) {
  const over = ended(table, now()) ?? {};
  const found = await table.rows.find(over, { hint: 'expiry', limit }).toArray();
  let retired = 0;
  for (const doc of found.map(decodeWhole)) {
    const steps = stepsFor(doc);
    const still = { $and: [equals(table.spec.key, keyOf(table, doc)), over] };
    const remove = async (session?: ClientSession) => (await table.rows.deleteOne(still, { session })).deletedCount > 0;
    const work = async (session?: ClientSession) => {
      if (!(await remove(session))) return false;
      for (const step of steps) await applyStep(step, now(), session);
      return true;
    };
    const inTransaction = (session: ClientSession) => session.withTransaction(() => work(session), TRANSACTION);
    if (await (atomic ? client.withSession(inTransaction) : work())) retired++;
  }
  return retired;
}
