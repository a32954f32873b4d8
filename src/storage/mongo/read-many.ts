import type { Document, Filter } from 'mongodb';
import type { Scalar } from '../port.ts';
import type { Run } from './blobs/files.ts';
import { HIDDEN } from './documents.ts';
import { equals } from './filters.ts';
import type { Doc, Index, Table } from './table.ts';

/** Keys in one query. */
const MAX_KEYS = 500;

type Key = readonly Scalar[];

/**
 * What is stored at these keys of a unique index, also what has ended, by {@link identityOf} the key; decoding is left to the
 * caller. `run` runs each query. Throws `InvalidInputError` when a key cannot be indexed.
 */
export async function readMany(
  table: Table,
  { name, own }: Index,
  keys: readonly Key[],
  run: Run,
): Promise<Map<string, Doc>> {
  for (const key of keys) equals(own, key); // throws when it is none
  const distinct = [...new Map(keys.map(key => [identityOf(key), key])).values()];
  const filters: { filter: Filter<Doc>; limit: number }[] = [];
  for (let from = 0; from < distinct.length; from += MAX_KEYS) {
    const portion = distinct.slice(from, from + MAX_KEYS);
    filters.push({ filter: atKeys(own, portion), limit: portion.length });
  }
  const found = new Map<string, Doc>();
  for (const { filter, limit } of filters) {
    const options = { projection: HIDDEN, hint: name, limit, batchSize: limit };
    const docs = await run(() => table.rows.find(filter, options).toArray());
    for (const doc of docs) found.set(identityOf(own.map(field => doc[field])), doc);
  }
  return found;
}

/** A key as a text: equal for equal keys, dates too, which JSON writes out to the millisecond. */
export function identityOf(key: readonly unknown[]): string {
  return JSON.stringify(key);
}

/** Keys that differ in their last field only become one `$in`; each alternative is a stretch of the index over `fields`. */
export function atKeys(fields: readonly string[], keys: readonly Key[]): Filter<Doc> {
  const last = fields.length - 1;
  const alternatives = new Map<string, { shared: Document; values: Scalar[] }>();
  for (const key of keys) {
    const shared = key.slice(0, last);
    const id = identityOf(shared);
    const alternative = alternatives.get(id) ?? { shared: equals(fields.slice(0, last), shared), values: [] };
    alternative.values.push(key[last] as Scalar);
    alternatives.set(id, alternative);
  }
  const filters = [...alternatives.values()].map(({ shared, values }) => ({
    ...shared,
    [fields[last] as string]: { $in: values },
  }));
  return filters.length === 1 ? (filters[0] as Document) : { $or: filters };
}
