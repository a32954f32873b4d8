import { isDeepStrictEqual } from 'node:util';
import type { IndexFault, Scalar } from '../port.ts';
import { primaryKey } from './apply.ts';
import type { Environment } from './environment.ts';
import { EVERYTHING, type Tuple } from './keys.ts';
import { buildIndex } from './opening/layout.ts';
import type { Opened } from './opening/open-data.ts';
import { entryOf, type Index, type Table, tupleOf } from './table.ts';

/** Entries looked at between two turns of the event loop: those of one read transaction. */
const PORTION = 500;

/** Compares each index with the documents; with `repair` an index that differs is built anew in one transaction. */
export async function* checkIndexes(env: Environment, opened: Opened, repair: boolean): AsyncGenerator<IndexFault> {
  for (const table of opened.tables) {
    for (const index of table.indexes) {
      const missing = await count(env, table.primary, ({ value }) => !isIndexed(index, value));
      const stray = await count(env, index.db, ({ key, value }) => !isTrue(table, index, key, value));
      if (missing + stray === 0) continue;
      if (repair) {
        await env.writer.atomically(() => {
          buildIndex(table, index);
          table.remembered.touch();
        });
      }
      yield { collection: table.spec.name, index: index.name, missing, stray };
    }
  }
}

/** How many entries are wrong. */
async function count<V>(
  env: Environment,
  db: { getRange(stretch: { start: Tuple; end: Tuple; limit: number }): Iterable<{ key: Scalar[]; value: V }> },
  isWrong: (entry: { key: Scalar[]; value: V }) => boolean,
): Promise<number> {
  let wrong = 0;
  let start: Tuple = EVERYTHING.start;
  for (;;) {
    env.beginRead();
    let read = 0;
    let last: Tuple = start;
    for (const entry of db.getRange({ start, end: EVERYTHING.end, limit: PORTION + 1 })) {
      read++;
      if (read > 1 || start.length === 0) if (isWrong(entry)) wrong++; // the first was the last one before
      last = entry.key;
    }
    if (read <= PORTION) return wrong;
    start = last;
    await new Promise(setImmediate); // others have their turn
  }
}

/** Whether the index has what it must have of a document. */
function isIndexed(index: Index, doc: Parameters<typeof tupleOf>[1]): boolean {
  const tuple = tupleOf(index, doc);
  if (tuple === undefined) return true;
  return isDeepStrictEqual(index.db.get(tuple), entryOf(index, doc));
}

/** Whether there is a document of which an entry tells the truth. */
function isTrue(table: Table, index: Index, tuple: Scalar[], held: unknown): boolean {
  const doc = table.primary.get(primaryKey(table, index, tuple, held));
  return doc !== undefined && isDeepStrictEqual(tupleOf(index, doc), tuple);
}
