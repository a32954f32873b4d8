import { InvalidInputError } from '../base/errors.ts';
import type { Range, Scalar } from './port.ts';

/** Longest tuple an index takes, in bytes. LMDB's own limit is 1978. */
export const MAX_TUPLE_BYTES = 1500;

/**
 * Checks that a tuple can be indexed: scalars only, no U+0000, no lone surrogate, finite numbers, valid dates, at most
 * {@link MAX_TUPLE_BYTES} bytes together. Throws `InvalidInputError` (code `index_value_invalid`).
 */
export function checkTuple(tuple: readonly unknown[]): asserts tuple is readonly Scalar[] {
  let bytes = 0;
  for (const value of tuple) bytes += scalarBytes(value);
  if (bytes > MAX_TUPLE_BYTES) refuse(`an indexed value is longer than ${MAX_TUPLE_BYTES} bytes`);
}

function scalarBytes(value: unknown): number {
  if (typeof value === 'string') {
    if (value.includes('\0')) refuse('an indexed text may not hold U+0000');
    if (!value.isWellFormed()) refuse('an indexed text may not hold a lone surrogate');
    return Buffer.byteLength(value) + 1;
  }
  if (
    typeof value === 'number' ? !Number.isFinite(value) : !(value instanceof Date && !Number.isNaN(value.getTime()))
  ) {
    refuse('an indexed value must be a text, a finite number or a date');
  }
  return 9;
}

function refuse(message: string): never {
  throw new InvalidInputError(message, { code: 'index_value_invalid' });
}

/** Throws `InvalidInputError` unless a page of so many items can be. */
export function demandLimit(limit: number): void {
  if (!(limit >= 1)) throw new InvalidInputError('limit must be at least 1');
}

/** Makes the opaque cursor that goes on after `tuple` (index fields, then primary key). */
export function encodeCursor(tuple: readonly Scalar[]): string {
  const plain = tuple.map(value => (value instanceof Date ? { d: value.getTime() } : value));
  return Buffer.from(JSON.stringify(plain)).toString('base64url');
}

/** Order of two scalars of one type, as the engines sort them. */
export function compareScalars(a: Scalar, b: Scalar): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a) - Number(b);
}

/** Where the field behind a range's prefix lies. */
export function placeOf({ prefix = [], from, below }: Range, tuple: readonly Scalar[]): 'inside' | 'above' | 'below' {
  const value = tuple[prefix.length];
  if (value === undefined) return 'inside';
  if (below !== undefined && compareScalars(value, below) >= 0) return 'above';
  return from !== undefined && compareScalars(value, from) < 0 ? 'below' : 'inside';
}

/**
 * Reads a cursor back. Throws `InvalidInputError` (code `cursor_invalid`) unless it is a tuple of `length` scalars in the
 * range: a cursor leads nobody out of it.
 */
export function decodeCursor(cursor: string, length: number, range: Range = {}): Scalar[] {
  try {
    const plain: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(plain) || plain.length !== length) throw new Error('another index');
    const tuple = plain.map(value => (isDate(value) ? new Date(value.d) : value));
    checkTuple(tuple);
    const begins = (range.prefix ?? []).every((value, i) => value.valueOf() === tuple[i]?.valueOf());
    if (!begins || placeOf(range, tuple) !== 'inside') throw new Error('another range');
    return tuple;
  } catch (cause) {
    throw new InvalidInputError('cursor: not one that this server gave out for this list', {
      code: 'cursor_invalid',
      cause,
    });
  }
}

function isDate(value: unknown): value is { d: number } {
  return typeof value === 'object' && value !== null && 'd' in value && typeof value.d === 'number';
}
