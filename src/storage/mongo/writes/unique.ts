import type { MongoServerError } from 'mongodb';
import { DuplicateKeyError } from '../../../base/errors.ts';
import { isExpired, keyOf } from '../../change.ts';
import type { Scalar } from '../../port.ts';
import { isDuplicate } from '../errors.ts';
import { ended, equals } from '../filters.ts';
import { ascending, type Doc, type Index, type Table } from '../table.ts';

/** How often a write is run that unique indexes refuse although nobody holds the value any more. */
export const UNIQUE_ATTEMPTS = 5;

/** What a unique index refused. */
export interface Refused {
  readonly table: Table;
  /** The document as it would have become. */
  readonly doc: Doc;
  /** Whether the document may replace the one at its own key. */
  readonly replaces: boolean;
}

/** Runs a write again while all that refuses it are expired documents and races. Throws `DuplicateKeyError`. */
export async function settlingDuplicates<R>(
  now: () => number,
  refused: () => Promise<Refused>,
  write: () => Promise<R>,
): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      await settleDuplicate(error, await refused(), attempt, now());
    }
  }
}

/**
 * Finds who holds the value that a unique index refused, outside any transaction. Returns when the write may be run again:
 * the holder had ended (and is removed) or is gone, or an upsert met another one. Throws `DuplicateKeyError` otherwise.
 */
export async function settleDuplicate(
  error: MongoServerError,
  { table, doc, replaces }: Refused,
  attempt: number,
  now: number,
): Promise<void> {
  const suspects = suspectsOf(table, error);
  for (const index of suspects) {
    const values = index.own.map(field => doc[field]);
    if (values.includes(undefined)) continue;
    const projection = { _id: 0, ...ascending(index.covered) };
    const holder = await table.rows.findOne(equals(index.own, values as Scalar[]), { projection });
    if (holder === null || (replaces && isAt(table, holder, doc))) continue;
    if (!isExpired(table, holder, now)) throw new DuplicateKeyError(index.name, { cause: error });
    // Only if it is still that one: meanwhile it may have been replaced by a live one.
    await table.rows.deleteOne({ $and: [equals(table.spec.key, keyOf(table, holder)), ended(table, now) ?? {}] });
    return;
  }
  if (attempt >= UNIQUE_ATTEMPTS) throw new DuplicateKeyError(suspects[0]?.name ?? 'primary', { cause: error });
}

/** The unique indexes that may have refused: the one the server names by its key, else all. */
function suspectsOf(table: Table, error: MongoServerError): readonly Index[] {
  const unique = [table.primary, ...table.indexes.filter(index => index.unique)];
  if (typeof error.keyPattern !== 'object') return unique;
  const fields = Object.keys(error.keyPattern).join();
  const named = unique.filter(index => index.own.join() === fields);
  return named.length > 0 ? named : unique;
}

function isAt(table: Table, holder: Doc, doc: Doc): boolean {
  return table.spec.key.every(field => holder[field]?.valueOf() === doc[field]?.valueOf());
}
