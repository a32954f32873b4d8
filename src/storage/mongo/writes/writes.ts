import type { ClientSession, Document, Filter } from 'mongodb';
import { ConflictError } from '../../../base/errors.ts';
import { keyOf } from '../../change.ts';
import { checkTuple } from '../../cursor.ts';
import type { Change, Expect, Range, Scalar } from '../../port.ts';
import { decodeWhole, GUARD, PLACEHOLDER } from '../documents.ts';
import { bulkFailure, isDuplicate } from '../errors.ts';
import { ended, equals, inRange, liveAt, withinBounds } from '../filters.ts';
import { checkDoc, type Doc, indexOf, type Table } from '../table.ts';

// The single writes, each alone or as a step of a transaction. Duplicates surface as the driver's error: see unique.ts.

/** Has to change something: a write that changes nothing meets no conflict. */
const GUARDING: Document = { $inc: { [GUARD]: 1 } };

/** How often an update is tried again whose document changed between being refused and being looked at. */
const UPDATE_ATTEMPTS = 5;

export async function insert(table: Table, doc: Doc, session?: ClientSession): Promise<void> {
  checkDoc(table, doc);
  await table.rows.insertOne({ ...doc }, { session }); // a copy: the driver adds `_id`
}

/** Inserts in this order. When a unique index refuses one, those before it are there, unless a transaction takes them back. */
export async function insertMany(table: Table, docs: readonly Doc[], session?: ClientSession): Promise<void> {
  for (const doc of docs) checkDoc(table, doc);
  const copies = docs.map(doc => ({ ...doc })); // the driver adds `_id`
  await table.rows.insertMany(copies, { session, ordered: true }).catch(error => {
    throw bulkFailure(error);
  });
}

export async function put(table: Table, doc: Doc, session?: ClientSession): Promise<void> {
  checkDoc(table, doc);
  await table.rows.replaceOne(placeFor(table, doc), doc, { session, upsert: true });
}

/** Returns whether it was put: over what has ended, or is not as `over` says, it is not. */
export async function putOver(table: Table, doc: Doc, over: Expect<Doc>, now: number): Promise<boolean> {
  checkDoc(table, doc);
  const place = placeFor(table, doc, over, now);
  try {
    await table.rows.replaceOne(place, doc, { upsert: true });
    return true;
  } catch (error) {
    // What stands in the way is at the key itself, or else at another one that holds a unique value.
    if (!isDuplicate(error) || (await table.rows.findOne(place)) !== null) throw error;
    if ((await table.rows.findOne(placeFor(table, doc))) === null) throw error;
    return false;
  }
}

/**
 * Where a put may take place. What is at the key but not as `over` says is not found: the upsert makes another one then, which the unique
 * index over the key refuses.
 */
export function placeFor(table: Table, doc: Doc, over?: Expect<Doc>, now = 0): Filter<Doc> {
  const key = keyOf(table, doc);
  return over ? liveAt(table, key, now, over) : equals(table.spec.key, key);
}

/** Returns the document after the change; undefined when it is absent or not as expected. */
export async function update(
  table: Table,
  key: readonly Scalar[],
  change: Change<Doc>,
  expect: Expect<Doc> | undefined,
  now: number,
  session?: ClientSession,
): Promise<Doc | undefined> {
  const there = liveAt(table, key, now, expect);
  const operators = operatorsOf(table, key, change);
  const bounds = withinBounds(change);
  const wanted = bounds.length === 0 ? there : { $and: [there, ...bounds] };
  for (let attempt = 1; ; attempt++) {
    const doc = operators
      ? await table.rows.findOneAndUpdate(wanted, operators, { session, returnDocument: 'after' })
      : await table.rows.findOne(wanted, { session });
    if (doc !== null) return decodeWhole(doc);
    if (bounds.length === 0 || (await table.rows.findOne(there, { session })) === null) return undefined;
    // It is there: its value is out of bounds, unless it came, or came back into them, just now.
    const nowWithin = attempt < UPDATE_ATTEMPTS && (await table.rows.findOne(wanted, { session })) !== null;
    if (!nowWithin) throw new ConflictError(`${Object.keys(change.bounds ?? {}).join(', ')} would leave its bounds`);
  }
}

/** The update operators of a change; undefined when it changes nothing. Throws when it may not be made. */
function operatorsOf(table: Table, key: readonly Scalar[], change: Change<Doc>): Document | undefined {
  demandSameKey(table, key, change);
  const set: Document = {};
  const unset: Document = {};
  for (const [field, value] of Object.entries(change.set ?? {})) {
    if (value === undefined) unset[field] = '';
    else if (!table.spec.key.includes(field)) set[field] = value;
  }
  for (const field of change.unset ?? []) unset[field] = '';
  for (const field in unset) delete set[field];
  checkIndexed(table, set);
  const operators: Document = {};
  if (Object.keys(set).length > 0) operators.$set = set;
  if (Object.keys(unset).length > 0) operators.$unset = unset;
  if (Object.keys(change.add ?? {}).length > 0) operators.$inc = change.add;
  return Object.keys(operators).length > 0 ? operators : undefined;
}

function demandSameKey({ spec }: Table, key: readonly Scalar[], { set = {}, unset = [], add = {} }: Change<Doc>): void {
  for (const [i, field] of spec.key.entries()) {
    const same = !(field in set) || set[field]?.valueOf() === key[i]?.valueOf();
    if (!same || unset.includes(field) || field in add) throw new ConflictError('a primary key cannot change');
  }
}

/** Checks the fields of a change that are indexed; what they stay next to was checked when it was written. */
function checkIndexed(table: Table, set: Doc): void {
  for (const index of table.indexes) checkTuple(index.own.filter(field => field in set).map(field => set[field]));
  const { expires } = table.spec;
  if (expires !== undefined && expires in set) checkTuple([set[expires]]);
}

/** Returns whether a document was there as expected, and is gone now. */
export async function remove(
  table: Table,
  key: readonly Scalar[],
  expect: Expect<Doc> | undefined,
  now: number,
  session?: ClientSession,
): Promise<boolean> {
  const { deletedCount } = await table.rows.deleteOne(liveAt(table, key, now, expect), { session });
  return deletedCount > 0;
}

/** Removes a range; returns how many of its documents had not ended. */
export async function removeRange(table: Table, range: Range, now: number, session?: ClientSession): Promise<number> {
  const index = indexOf(table, range.index);
  const within = inRange(index, range);
  const options = { session, hint: index.name };
  const over = ended(table, now);
  if (over !== undefined) await table.rows.deleteMany({ $and: [within, over] }, options);
  return (await table.rows.deleteMany(within, options)).deletedCount;
}

/**
 * Whether a document is as expected. In a transaction it is written to: a snapshot read guards nothing, while a write lets
 * only one of two commits through that rely on a document and change it.
 */
export async function holds(
  table: Table,
  key: readonly Scalar[],
  expect: Expect<Doc> | 'absent',
  now: number,
  session?: ClientSession,
): Promise<boolean> {
  if (expect === 'absent') return isAbsent(table, key, now, session);
  const filter = liveAt(table, key, now, expect);
  if (session === undefined) return (await table.rows.findOne(filter)) !== null;
  return (await table.rows.updateOne(filter, GUARDING, { session })).matchedCount > 0;
}

/** Where nothing is, something is made in a transaction and taken away again: it meets whoever makes it meanwhile. */
async function isAbsent(table: Table, key: readonly Scalar[], now: number, session?: ClientSession): Promise<boolean> {
  if ((await table.rows.findOne(liveAt(table, key, now), { session })) !== null) return false;
  if (session === undefined) return true;
  const there = equals(table.spec.key, key);
  const made = { ...GUARDING, $setOnInsert: { [PLACEHOLDER]: true } };
  try {
    const { upsertedCount } = await table.rows.updateOne(there, made, { session, upsert: true });
    if (upsertedCount > 0) await table.rows.deleteOne(there, { session });
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false; // somebody made it just now
    throw error;
  }
}
