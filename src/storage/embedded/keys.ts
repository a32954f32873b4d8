import type { Key } from 'lmdb';
import { checkTuple } from '../cursor.ts';
import type { Range, Scalar } from '../port.ts';

/** Sorts after every scalar: ends a range of tuples with a common beginning. */
export const HIGH = Symbol('high');

/** Every key lies between these two. */
export const EVERYTHING = { start: [], end: [HIGH] } as const;

/** What stands as a key in LMDB: a tuple of scalars; as a bound it may end with {@link HIGH}. */
export type Tuple = readonly (Scalar | typeof HIGH)[];

const NUMBER = 1;
const DATE = 2;
const TEXT = 3;

/**
 * Tuples as bytes that sort as the port demands: texts by their UTF-8 bytes, numbers and dates by value, a tuple before its
 * extensions. A text ends with a zero byte, which no indexed text contains. (The library's own encoding puts control
 * characters out of order in texts of 64 characters and more.)
 */
export const keyEncoder = {
  writeKey(key: Key, target: Buffer, start: number): number {
    let at = start;
    for (const value of key as unknown as Tuple) at = writeScalar(value, target, at);
    return at;
  },

  readKey(source: Buffer, start: number, end: number): Key {
    const tuple: Scalar[] = [];
    let at = start;
    while (at < end) {
      const tag = source[at];
      if (tag === TEXT) {
        let stop = at + 1; // most are short: a call of `indexOf` would take longer
        while (stop < end && source[stop] !== 0) stop++;
        if (stop === end) throw new Error('a text in a key has no end');
        tuple.push(source.toString('utf8', at + 1, stop));
        at = stop + 1;
      } else {
        if ((tag !== NUMBER && tag !== DATE) || at + 9 > end) throw new Error('a key does not hold what it must');
        const number = readNumber(source, at + 1);
        tuple.push(tag === DATE ? new Date(number) : number);
        at += 9;
      }
    }
    return tuple as unknown as Key;
  },
};

function writeScalar(value: Tuple[number], target: Buffer, start: number): number {
  if (typeof value === 'string') {
    target[start] = TEXT;
    const end = start + 1 + target.write(value, start + 1);
    target[end] = 0;
    return end + 1;
  }
  if (value === HIGH) {
    target[start] = 0xff;
    return start + 1;
  }
  target[start] = typeof value === 'number' ? NUMBER : DATE;
  writeNumber(Number(value), target, start + 1);
  return start + 9;
}

/** IEEE 754, big-endian, sign bit turned; negative numbers with all bits turned: byte order is the order of values. */
function writeNumber(value: number, target: Buffer, at: number): void {
  target.writeDoubleBE(value + 0, at); // -0 becomes 0: equal numbers have equal bytes
  const turn = (target[at] as number) >= 0x80 ? 0xff : 0;
  target[at] = (target[at] as number) ^ (turn || 0x80);
  for (let i = at + 1; i < at + 8; i++) target[i] = (target[i] as number) ^ turn;
}

function readNumber(source: Buffer, at: number): number {
  const bytes = Buffer.from(source.subarray(at, at + 8));
  const turn = (bytes[0] as number) >= 0x80 ? 0 : 0xff;
  for (let i = 1; i < 8; i++) bytes[i] = (bytes[i] as number) ^ turn;
  bytes[0] = (bytes[0] as number) ^ (turn || 0x80);
  return bytes.readDoubleBE(0);
}

/** Lowest and (exclusive) highest key of a range. Throws `InvalidInputError` when a bound cannot be indexed. */
export function boundsOf(range: Range): { low: Tuple; high: Tuple } {
  const { prefix = [], from, below } = range;
  checkTuple(prefix);
  if (from !== undefined) checkTuple([from]);
  if (below !== undefined) checkTuple([below]);
  return {
    low: from === undefined ? prefix : [...prefix, from],
    high: [...prefix, below === undefined ? HIGH : below],
  };
}
