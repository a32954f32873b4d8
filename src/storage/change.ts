/** What the port says about one document, evaluated in memory; and the copies that writes work on. */

import { ConflictError } from '../base/errors.ts';
import { checkTuple } from './cursor.ts';
import type { Change, CollectionSpec, Expect, Scalar, Write } from './port.ts';

/** A document as an engine handles it: the port's types have checked it. */
export type Doc = Record<string, unknown>;

/**
 * A copy of a document without the fields that are undefined (absent is not stored). Taken when a write is asked for: what
 * the caller does to the document afterwards changes nothing.
 */
export function snapshotOf(doc: Doc): Doc {
  const copy: Doc = {};
  for (const field in doc) if (doc[field] !== undefined) copy[field] = copyOf(doc[field]);
  return copy;
}

/** A copy of a change, for the same reason. */
export function snapshotOfChange(change: Change<Doc>): Change<Doc> {
  if (change.set === undefined) return change;
  // By hand: with pairs of names and values it is the dearest line of a write.
  const set: Doc = {};
  for (const field in change.set) set[field] = copyOf(change.set[field]);
  return { ...change, set };
}

/** A copy of what a write of a commit carries. */
export function snapshotOfWrite(write: Write<Doc>): Write<Doc> {
  if ('insert' in write) return { ...write, insert: snapshotOf(write.insert) };
  if ('put' in write) return { ...write, put: snapshotOf(write.put) };
  return 'update' in write ? { ...write, change: snapshotOfChange(write.change) } : write;
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return new Date(value);
  if (value instanceof Uint8Array || Array.isArray(value)) return value.slice();
  return value;
}

/** Whether a document has the expected fields; `undefined` expects absence. */
export function meets(doc: Doc, expect: Expect<Doc> | undefined): boolean {
  if (expect === undefined) return true;
  for (const field in expect) if (!equal(doc[field], expect[field])) return false;
  return true;
}

/** Equality of two stored values. */
export function equal(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  return a === b;
}

/** The document after a change. Throws `ConflictError` when `add` leaves the bounds. */
export function changed(doc: Doc, change: Change<Doc>): Doc {
  const next: Doc = { ...doc };
  const { set, unset } = change;
  for (const field in set) {
    if (set[field] !== undefined) next[field] = set[field];
    else if (field in next) delete next[field];
  }
  // To delete what is not there would make a slow object of it all the same.
  for (const field of unset ?? []) if (field in next) delete next[field];
  for (const [field, by] of Object.entries(change.add ?? {})) {
    const sum = Number(doc[field] ?? 0) + (by ?? 0);
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = change.bounds?.[field] ?? {};
    if (sum < min || sum > max) throw new ConflictError(`${field} would leave its bounds`);
    next[field] = sum;
  }
  return next;
}

/** Primary key of a document. Throws `InvalidInputError` when it cannot be indexed. */
export function keyOf({ spec }: { readonly spec: CollectionSpec<Doc> }, doc: Doc): Scalar[] {
  const key = spec.key.map(field => doc[field]);
  checkTuple(key);
  return [...key];
}

/** The field that `texts` reads. Throws when the collection has none: a bug of the caller. */
export function textFieldOf({ name, text, expires }: CollectionSpec<Doc>): string {
  if (text === undefined || expires !== undefined) throw new Error(`${name} has no text that is read alone`);
  return text;
}

/** Throws unless the document has the text that its collection names: a bug of the caller. */
export function demandText({ spec: { name, text } }: { readonly spec: CollectionSpec<Doc> }, doc: Doc): void {
  if (text !== undefined && typeof doc[text] !== 'string') throw new Error(`${name}: ${text} must be a text`);
}

/** Whether a document has ended by `now` (milliseconds). */
export function isExpired({ spec }: { readonly spec: CollectionSpec<Doc> }, doc: Doc, now: number): boolean {
  const end = spec.expires === undefined ? undefined : doc[spec.expires];
  return end instanceof Date && end.getTime() <= now;
}
