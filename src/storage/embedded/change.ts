import { ConflictError } from '../../errors.ts';
import type { Change, Expect } from '../port.ts';
import type { Doc } from './table.ts';

/** A copy of a document without the fields that are undefined: absent is not stored. */
export function withoutUndefined(doc: Doc): Doc {
  const copy: Doc = {};
  for (const field in doc) if (doc[field] !== undefined) copy[field] = doc[field];
  return copy;
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
  const next: Doc = { ...doc, ...change.set };
  for (const field of change.unset ?? []) delete next[field];
  for (const [field, by] of Object.entries(change.add ?? {})) {
    const sum = Number(doc[field] ?? 0) + (by ?? 0);
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = change.bounds?.[field] ?? {};
    if (sum < min || sum > max) throw new ConflictError(`${field} would leave its bounds`);
    next[field] = sum;
  }
  return withoutUndefined(next);
}
