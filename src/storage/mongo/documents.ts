import { Binary, BSON, BSONSymbol, Code, Decimal128, Long, ObjectId, Timestamp } from 'mongodb';
import type { Doc } from './table.ts';

/** Counts the commits that relied on a document without changing it; written by `require`, seen by nobody. */
export const GUARD = '_guard';

/** Marks what a commit made only to take it away again: whoever follows the changes passes over it. */
export const PLACEHOLDER = '_placeholder';

/** What reads leave out: MongoDB's own id, and the guard. */
export const HIDDEN = { _id: 0, [GUARD]: 0 } as const;

/**
 * Turns a document that was just read into one of the port, in place. Only values of our own documents that are objects are
 * dates and bytes; the original service also left arrays, sub-documents and any other type of BSON.
 */
export function decode(doc: Doc): Doc {
  for (const field in doc) {
    const value = doc[field];
    if (typeof value === 'object' && !(value instanceof Date)) doc[field] = plain(value);
  }
  return doc;
}

/** A document that was read without a projection, in place of {@link HIDDEN}. */
export function decodeWhole({ _id, [GUARD]: _, ...doc }: Doc): Doc {
  return decode(doc);
}

/** A document answered by an index alone, where null stands for an absent field. */
export function decodeCovered(doc: Doc): Doc {
  for (const field in doc) if (doc[field] === null) delete doc[field];
  return decode(doc);
}

/** Bytes as Uint8Array, integers beyond 2^53 as bigint, what JavaScript has no type for as text. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Binary) return value.sub_type === Binary.SUBTYPE_UUID ? value.toUUID().toString() : bytes(value);
  if (Long.isLong(value) && !(value instanceof Timestamp)) return value.toBigInt();
  if (value instanceof ObjectId || value instanceof Decimal128 || value instanceof Timestamp) return value.toString();
  if (value instanceof Code) return String(value.code);
  if (value instanceof BSONSymbol || value instanceof RegExp) return value.toString();
  if ('_bsontype' in value && typeof value._bsontype === 'string') return BSON.EJSON.stringify(value);
  const doc = value as Doc;
  for (const field of Object.keys(doc)) doc[field] = plain(doc[field]);
  return doc;
}

function bytes({ buffer, position }: Binary): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, position);
}
