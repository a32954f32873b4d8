import { isDeepStrictEqual } from 'node:util';
import type { Document, Filter } from 'mongodb';
import { StartupError } from '../../../base/errors.ts';
import { ascending, type Doc, existence, type Index, type Table } from '../table.ts';
import { leftovers } from './original.ts';

/**
 * Throws `StartupError` when data that is already there breaks unique indexes that are still to be built; `built` says which
 * are there. Changes nothing.
 */
export async function demandNoDuplicates(
  tables: readonly Table[],
  built: (table: Table, index: Index) => boolean,
): Promise<void> {
  const found: string[] = [];
  for (const table of tables) {
    for (const index of [table.primary, ...table.indexes]) {
      if (!index.unique || built(table, index)) continue;
      const count = await countDuplicates(table, index);
      if (count === 0) continue;
      const values = count === 1 ? '1 value stands' : `${count} values stand`;
      found.push(
        `collection "${table.rows.collectionName}", ${index.own.join(' + ')}: ${values} in more than one document`,
      );
    }
  }
  if (found.length === 0) return;
  throw new StartupError(
    `MongoDB holds duplicates of what must be unique. ${found.join('; ')}. Remove them and start again; nothing was changed.`,
  );
}

/** How many values stand in more than one document. Reads them in order, so that equal ones are neighbours. */
async function countDuplicates(table: Table, index: Index): Promise<number> {
  const cursor = table.rows.find(documentsOf(table, index), {
    projection: { _id: 0, ...ascending(index.own) },
    sort: ascending(index.own),
    allowDiskUse: true,
  });
  let count = 0;
  let before: unknown[] | undefined;
  let counted = false;
  for await (const doc of cursor) {
    const values = index.own.map(field => doc[field] ?? null); // a unique index takes an absent field for null
    const same = before !== undefined && isDeepStrictEqual(values, before);
    if (same && !counted) count++;
    counted = same;
    before = values;
  }
  return count;
}

/** The documents that will be in an index: not those that are removed before it is built. */
function documentsOf(table: Table, index: Index): Filter<Doc> {
  const left = leftovers(table);
  const conditions: Document[] = left === undefined ? [] : [{ $nor: [left] }];
  return { $and: [existence(index.demanded), ...conditions] };
}
