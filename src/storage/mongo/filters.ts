import type { Document, Filter } from 'mongodb';
import { checkTuple, compareScalars, placeOf } from '../cursor.ts';
import type { Change, Expect, Range, Scalar } from '../port.ts';
import { type Doc, existence, type Index, type Table } from './table.ts';

// Values only ever stand under an operator: `{ field: { $eq: value } }`. A value that is an object is compared, never run.

/** Documents whose `fields` have these values. Throws `InvalidInputError` when they cannot be indexed. */
export function equals(fields: readonly string[], values: readonly Scalar[]): Filter<Doc> {
  if (values.length !== fields.length) throw new Error(`a value is needed for each of ${fields.join(', ')}`);
  checkTuple(values);
  const filter: Document = {};
  for (let i = 0; i < fields.length; i++) filter[fields[i] as string] = { $eq: values[i] };
  return filter;
}

/** The document at a key, if it has not ended by `now` (milliseconds) and is as `expect` says. */
export function liveAt(table: Table, key: readonly Scalar[], now: number, expect?: Expect<Doc>): Filter<Doc> {
  const conditions: Document[] = [equals(table.spec.key, key), ...notEnded(table, now)];
  for (const [field, value] of Object.entries(expect ?? {})) {
    conditions.push({ [field]: value === undefined ? { $exists: false } : { $eq: value } });
  }
  return conditions.length === 1 ? (conditions[0] as Document) : { $and: conditions };
}

/** `$not`, because a document without the expiry field never ends. */
export function notEnded(table: Table, now: number): Document[] {
  return table.spec.expires === undefined ? [] : [{ [table.spec.expires]: { $not: { $lte: new Date(now) } } }];
}

/** Documents that have ended by `now` (milliseconds); undefined in a collection where none does. */
export function ended(table: Table, now: number): Document | undefined {
  return table.spec.expires === undefined ? undefined : { [table.spec.expires]: { $lte: new Date(now) } };
}

/** What a document must be like before `add`, so that its `bounds` hold after it. */
export function withinBounds(change: Change<Doc>): Document[] {
  return Object.entries(change.bounds ?? {}).map(([field, bounds]) => {
    const by = change.add?.[field] ?? 0;
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = bounds ?? {};
    const within = { [field]: { $gte: min - by, $lte: max - by } };
    const zeroFits = by >= min && by <= max;
    return zeroFits ? { $or: [within, { [field]: { $exists: false } }] } : within;
  });
}

/**
 * The documents of a range. MongoDB refuses to take a partial index unless the filter says that its fields exist; a
 * comparison with a value says so as well, `{ $exists: true }` is for the fields without one. (Since 7.0 that costs nothing;
 * before, a covered scan reads the documents when a field of a partial index is left open.)
 */
export function inRange(index: Index, range: Range): Filter<Doc> {
  return demanding(index, conditionsOf(index, range));
}

/**
 * The rest of a range after the tuple `after`, as filters to be read one after the other. Tuples beyond (a, b) are those with
 * a and something beyond b, then those beyond a. Each is one interval of the index, read without sorting and without
 * stepping over what came before; one `$or` for all would leave that to the planner. Where the range fixes all fields but
 * the last, it is a single one.
 */
export function restOfRange(index: Index, range: Range, desc: boolean, after: readonly Scalar[]): Filter<Doc>[] {
  const beyond = desc ? '$lt' : '$gt';
  const conditions = conditionsOf(index, range);
  const first = range.prefix?.length ?? 0;
  const rest: Filter<Doc>[] = [];
  for (let last = index.order.length - 1; last >= first; last--) {
    const filter: Record<string, Document> = { ...conditions };
    for (let i = first; i <= last; i++) {
      const field = index.order[i] as string;
      filter[field] = { ...conditions[field], [i === last ? beyond : '$eq']: after[i] };
    }
    const interval = demanding(index, filter);
    // Going down, the position and the end of the range are both a `$lt` of the same field.
    rest.push(desc && range.below !== undefined ? { $and: [interval, conditions] } : interval);
  }
  return rest;
}

/** Whether a document is in a range: what {@link inRange} asks the server, answered here. */
export function contains(index: Index, { prefix = [], from, below }: Range, doc: Doc): boolean {
  if (index.demanded.some(field => doc[field] === undefined)) return false;
  if (!prefix.every((value, i) => compareScalars(doc[fieldAt(index, i)] as Scalar, value) === 0)) return false;
  return (
    placeOf(
      { prefix, from, below },
      index.tuple.map(field => doc[field] as Scalar),
    ) === 'inside'
  );
}

function conditionsOf(index: Index, { prefix = [], from, below }: Range): Record<string, Document> {
  checkTuple([...prefix, ...(from === undefined ? [] : [from])]);
  checkTuple(below === undefined ? [] : [below]);
  const conditions: Record<string, Document> = {};
  for (const [i, value] of prefix.entries()) conditions[fieldAt(index, i)] = { $eq: value };
  if (from === undefined && below === undefined) return conditions;
  const next: Document = {};
  if (from !== undefined) next.$gte = from;
  if (below !== undefined) next.$lt = below;
  conditions[fieldAt(index, prefix.length)] = next;
  return conditions;
}

function fieldAt(index: Index, i: number): string {
  const field = index.tuple[i];
  if (field === undefined) throw new Error(`index ${index.name} has only ${index.tuple.length} fields`);
  return field;
}

function demanding(index: Index, conditions: Record<string, Document>): Filter<Doc> {
  return { ...existence(index.demanded), ...conditions };
}
