import { type ClientSession, MongoBulkWriteError, type MongoServerError } from 'mongodb';
import { equal } from '../../change.ts';
import type { Doc } from '../table.ts';
import { applyStep, type Step } from './steps.ts';
import { insertMany } from './writes.ts';

/** What goes to the server at once: a single step of any kind, or inserts into one collection that follow each other. */
export interface Unit {
  readonly first: Step;
  /** Position of the first step in the commit. */
  readonly at: number;
  /** The documents, where it is two inserts or more. */
  readonly inserts?: readonly Doc[];
}

/** The steps in their order, as few units. Those at the positions `alone` are joined with no other. */
export function unitsOf(steps: readonly Step[], alone: ReadonlySet<number> = new Set()): Unit[] {
  const units: Unit[] = [];
  for (let at = 0; at < steps.length; ) {
    const first = steps[at] as Step;
    const inserts = alone.has(at) ? [] : insertsFrom(steps, at, alone);
    units.push(inserts.length > 1 ? { first, at, inserts } : { first, at });
    at += Math.max(1, inserts.length);
  }
  return units;
}

function insertsFrom(steps: readonly Step[], from: number, alone: ReadonlySet<number>): Doc[] {
  const inserts: Doc[] = [];
  for (let at = from; at < steps.length && !alone.has(at); at++) {
    const { write, table } = steps[at] as Step;
    if (!('insert' in write) || table !== steps[from]?.table) break;
    inserts.push(write.insert);
  }
  return inserts;
}

/** Applies a unit in a transaction. */
export async function applyUnit({ first, inserts }: Unit, now: number, session: ClientSession): Promise<void> {
  if (inserts) await insertMany(first.table, inserts, session);
  else await applyStep(first, now, session);
}

/**
 * Positions in the commit of the inserts that a unique index may have refused. In a transaction the server fails them all as
 * one: it names the value; where it names a position instead, that of a sharded cluster is not always the right one.
 */
export function suspectsIn({ at, inserts = [] }: Unit, error: MongoServerError): number[] {
  const taken = Object.entries(error.keyValue ?? {});
  const suspects = error instanceof MongoBulkWriteError ? [error.writeErrors].flat().map(({ index }) => index) : [];
  for (const [i, doc] of inserts.entries()) {
    if (taken.length > 0 && taken.every(([field, value]) => equal(doc[field], value))) suspects.push(i);
  }
  return suspects.map(i => at + i);
}
