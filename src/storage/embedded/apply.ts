import { ConflictError, DuplicateKeyError } from '../../base/errors.ts';
import { changed, type Doc, demandText, equal, isExpired, keyOf, meets } from '../change.ts';
import { checkTuple } from '../cursor.ts';
import type { Change, Expect, Range, Scalar } from '../port.ts';
import { beginningWith } from './first-text.ts';
import { boundsOf } from './keys.ts';
import { entryOf, type Index, type Table, tupleOf } from './table.ts';

// Everything here runs inside a write transaction, and checks all it has to check before it writes.

/** Throws `InvalidInputError` unless the document's key and indexed fields can be indexed. */
export function checkDoc(table: Table, doc: Doc): void {
  keyOf(table, doc);
  demandText(table, doc);
  for (const index of table.indexes) {
    const tuple = tupleOf(index, doc);
    if (tuple) checkTuple(tuple);
  }
}

/** The document at a key if it has not ended, read inside the transaction. */
export function live(table: Table, key: readonly Scalar[], now: number): Doc | undefined {
  const doc = table.primary.get(key);
  return doc === undefined || isExpired(table, doc, now) ? undefined : doc;
}

export function insert(table: Table, doc: Doc, now: number): void {
  const key = keyOf(table, doc);
  const old = table.primary.get(key);
  if (old !== undefined && !isExpired(table, old, now)) throw new DuplicateKeyError('primary');
  replace(table, key, old, doc, now);
}

/** Returns whether it was put: over what has ended, or is not as `over` says, it is not. */
export function put(table: Table, doc: Doc, now: number, over?: Expect<Doc>): boolean {
  const key = keyOf(table, doc);
  const old = table.primary.get(key);
  if (over !== undefined && old !== undefined && (isExpired(table, old, now) || !meets(old, over))) return false;
  replace(table, key, old, doc, now);
  return true;
}

/** Returns the document after the change; undefined when it is absent or not as expected. */
export function update(
  table: Table,
  key: readonly Scalar[],
  change: Change<Doc>,
  expect: Expect<Doc> | undefined,
  now: number,
): Doc | undefined {
  const old = live(table, key, now);
  if (old === undefined || !meets(old, expect)) return undefined;
  const next = changed(old, change);
  if (!table.spec.key.every(field => equal(old[field], next[field])))
    throw new ConflictError('a primary key cannot change');
  checkDoc(table, next);
  replace(table, key, old, next, now);
  return next;
}

/** Returns whether a document was there as expected. An expired one goes, and was not there. */
export function remove(table: Table, key: readonly Scalar[], expect: Expect<Doc> | undefined, now: number): boolean {
  const doc = table.primary.get(key);
  if (doc === undefined) return false;
  const there = !isExpired(table, doc, now);
  if (there && !meets(doc, expect)) return false;
  erase(table, key, doc);
  return there;
}

/** How much one transaction removes at most; of the documents, one more may go. */
export interface Portion {
  readonly documents: number;
  /** Of texts and bytes in the documents, about. */
  readonly bytes: number;
}

/** Removes a portion of a range; returns how many documents of it were live, and whether the range is empty now. */
export function removeRange(
  table: Table,
  range: Range,
  portion: Portion,
  now: number,
): { removed: number; done: boolean } {
  const index = indexOf(table, range);
  const { low, high } = boundsOf(range);
  const bounds = { start: low, end: high, limit: portion.documents };
  // Read before anything is removed: a walk does not go on over what changes below it.
  const entries = index ? [...index.db.getRange(bounds)] : undefined;
  const keys = entries
    ? entries.map(({ key, value }) => primaryKey(table, index as Index, key, value))
    : [...table.primary.getKeys(bounds)];
  let [removed, bytes] = [0, 0];
  for (const [i, key] of keys.entries()) {
    if (bytes >= portion.bytes) return { removed, done: false };
    const doc = table.primary.get(key);
    if (doc === undefined) {
      table.remembered.touch();
      index?.db.remove(entries?.[i]?.key ?? []); // it would be met again for ever
    } else {
      erase(table, key, doc);
      bytes += bytesOf(doc);
      if (!isExpired(table, doc, now)) removed++;
    }
  }
  return { removed, done: keys.length < portion.documents };
}

function bytesOf(doc: Doc): number {
  let bytes = 0;
  for (const field in doc) {
    const value = doc[field];
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
  }
  return bytes;
}

/** Bytes of texts and bytes in ended documents that are taken out at once, about. */
const ENDED_BYTES = 2_097_152;

/** Takes out documents that have ended, `limit` of them at most, or fewer that are long, and returns them. */
export function takeEnded(table: Table, limit: number, now: number): Doc[] {
  const { expiry } = table;
  const ended: Doc[] = [];
  if (expiry === undefined) return ended;
  const { low, high } = boundsOf({ below: new Date(now + 1) });
  let bytes = 0;
  for (const { key: tuple, value } of [...expiry.db.getRange({ start: low, end: high, limit })]) {
    const key = primaryKey(table, expiry, tuple, value);
    const doc = table.primary.get(key);
    if (doc === undefined) {
      expiry.db.remove(tuple); // it would be met again for ever
      continue;
    }
    erase(table, key, doc);
    ended.push(doc);
    bytes += bytesOf(doc);
    if (bytes >= ENDED_BYTES) break;
  }
  return ended;
}

/** The index a range names; undefined for the primary key. */
export function indexOf(table: Table, range: Range): Index | undefined {
  if (range.index === undefined) return undefined;
  const index = table.indexes.find(candidate => candidate.name === range.index);
  if (index === undefined) throw new Error(`${table.spec.name} has no index ${range.index}`);
  return index;
}

/** Primary key of the document behind an index entry. */
export function primaryKey(table: Table, index: Index, tuple: readonly Scalar[], value: unknown): Scalar[] {
  if (index.covering) return table.spec.key.map(field => (value as Doc)[field] as Scalar);
  const all = index.unique ? [...tuple, ...(value as Scalar[])] : tuple;
  return table.spec.key.map(field => all[index.tuple.indexOf(field)] as Scalar);
}

function replace(table: Table, key: readonly Scalar[], old: Doc | undefined, next: Doc, now: number): void {
  table.remembered.touch();
  const { told } = table;
  if (told) next[told.stamp] = told.stamps.take(next[told.owner] as string);
  for (const { index, holder } of expiredHolders(table, key, next, now)) {
    const doc = table.primary.get(holder);
    if (doc) erase(table, holder, doc);
    else index.db.remove(tupleOf(index, next) ?? []);
  }
  for (const index of table.indexes) moveEntry(index, old, next);
  table.primary.put(key, table.spec.text === undefined ? next : beginningWith(table.spec.text, next));
}

/** Who holds unique values of `next` but has expired. Throws `DuplicateKeyError` when a holder lives. */
function expiredHolders(table: Table, key: readonly Scalar[], next: Doc, now: number) {
  const expired: { index: Index; holder: Scalar[] }[] = [];
  for (const index of table.indexes) {
    const tuple = index.unique ? tupleOf(index, next) : undefined;
    const held = tuple && index.db.get(tuple);
    if (held === undefined) continue;
    const holder = primaryKey(table, index, tuple ?? [], held);
    if (equal(holder, key)) continue;
    if (live(table, holder, now)) throw new DuplicateKeyError(index.name);
    expired.push({ index, holder });
  }
  return expired;
}

function moveEntry(index: Index, old: Doc | undefined, next: Doc): void {
  const from = old && tupleOf(index, old);
  const to = tupleOf(index, next);
  const moved = !equal(from, to);
  if (from && moved) index.db.remove(from);
  if (to && (moved || index.covering || (old && index.include.some(field => !equal(old[field], next[field]))))) {
    index.db.put(to, entryOf(index, next));
  }
}

function erase(table: Table, key: readonly Scalar[], doc: Doc): void {
  table.remembered.touch();
  table.primary.remove(key);
  for (const index of table.indexes) {
    const tuple = tupleOf(index, doc);
    if (tuple) index.db.remove(tuple);
  }
}
