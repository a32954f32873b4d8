import type { RootDatabase, Transaction } from 'lmdb';
import type { Scalar } from '../port.ts';
import { firstText } from './first-text.ts';
import { keyEncoder, type Tuple } from './keys.ts';

/**
 * Part of a database: from `start` up to (not including) `end`; in reverse down from `start`. Both are always given, the
 * empty tuple for "from the first", because the library's defaults are bounds of its own key encoding.
 */
export interface Stretch {
  readonly start: Tuple;
  readonly end: Tuple;
  readonly limit?: number;
  readonly reverse?: boolean;
  /** As this transaction sees it; else as it is now. */
  readonly transaction?: Transaction;
}

/** What the engine uses of one of LMDB's databases. Reads see the running write transaction, if there is one. */
export interface Db<V> {
  get(key: Tuple): V | undefined;
  put(key: Tuple, value: V): unknown;
  remove(key: Tuple): unknown;
  getRange(stretch: Stretch): Iterable<{ key: Scalar[]; value: V }>;
  getKeys(stretch: Stretch): Iterable<Scalar[]>;
  /** Without decoding anything; it ignores `limit`. */
  getKeysCount(stretch: Stretch): number;
  /** Knows how many entries there are without counting them. */
  getStats(): { entryCount: number };
  clearSync(): void;
}

/** Opens one of LMDB's databases. */
export function openDb<V>(root: RootDatabase, name: string): Db<V> {
  // Plain maps instead of the library's records: shorter for single documents, and safe across processes.
  const options = { name, keyEncoder, encoder: { useRecords: false } };
  return root.openDB(options as never) as unknown as Db<V>;
}

/**
 * A second view of a database whose documents begin with a text, the field `name`: it reads that and nothing else, of keys
 * neither. To decode whole documents takes ten times as long.
 */
export function openTexts(root: RootDatabase, name: string, field: string): Db<string> {
  const encode = () => {
    throw new Error('a view is read only');
  };
  const options = {
    name,
    keyEncoder: { writeKey: keyEncoder.writeKey, readKey: () => [] },
    encoder: { encode, decode: (bytes: Buffer) => firstText(bytes, field) },
  };
  return root.openDB(options as never) as unknown as Db<string>;
}

/** A value as it lies there, until the walk takes its next step: as many of the bytes as its size. */
export interface Raw {
  readonly bytes: Buffer;
  readonly size: number;
}

/** A second view of a database that decodes nothing but keys, for walks. `decode` does that for bytes of their own. */
export function openRaw<V>(root: RootDatabase, name: string): { raw: Db<Raw>; decode: (bytes: Buffer) => V } {
  const encode = () => {
    throw new Error('a view is read only');
  };
  const place = { bytes: Buffer.alloc(0), size: 0 };
  const decode = (bytes: Buffer, size: number) => Object.assign(place, { bytes, size });
  const raw = root.openDB({ name, keyEncoder, encoder: { encode, decode } } as never);
  const { decoder } = openDb<V>(root, name) as unknown as { decoder: { decode(bytes: Buffer): V } };
  return { raw: raw as unknown as Db<Raw>, decode: bytes => decoder.decode(bytes) };
}
