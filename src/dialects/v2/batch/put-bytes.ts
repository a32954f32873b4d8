/** The bytes of a `put`, in pieces: 15 MiB in one piece would take long to make, each time. */

import { rangeOf, rangesIn } from '../../../base/json/ranges.ts';
import { TextPieces } from '../../../base/json/text.ts';
import { eachInSlices, mapInSlices } from '../../../base/slices.ts';
import { bytesOfBase64 } from '../../../core/entries/base64.ts';
import type { Op, Put } from './schema.ts';

/** What a `put` stores, and its size in bytes. */
export interface PutBytes {
  readonly pieces: readonly Uint8Array[];
  readonly size: number;
}

/** Long texts of an operation, by the names under which they stand. */
export interface LongTexts {
  readonly value?: TextPieces;
  readonly value_base64?: TextPieces;
}

/** An operation with its long texts beside it: where they were is an empty one, which every rule takes. */
export function withoutLong(given: unknown): { readonly op: unknown; readonly long: LongTexts } {
  if (typeof given !== 'object' || given === null) return { op: given, long: {} };
  const { value, value_base64 } = given as Readonly<Record<string, unknown>>;
  const long = {
    ...(value instanceof TextPieces && { value }),
    ...(value_base64 instanceof TextPieces && { value_base64 }),
  };
  const names = Object.keys(long);
  if (names.length === 0) return { op: given, long };
  return { op: { ...given, ...Object.fromEntries(names.map(name => [name, ''])) }, long };
}

/** What stands under `json` in each operation that has it, as it is written: parts of the body itself. */
export async function jsonIn(source: Buffer, ops: readonly Op[]): Promise<(Buffer | undefined)[]> {
  if (!ops.some(op => op.op === 'put' && op.json !== undefined)) return [];
  const list = await rangeOf(source, 0, 'ops');
  const places: number[] = [];
  await eachInSlices(rangesIn(source, list?.from ?? 0), member => {
    if (member !== undefined) places.push(member.from);
  });
  const found: (Buffer | undefined)[] = [];
  for (const [i, op] of ops.entries()) {
    const range = op.op === 'put' && op.json !== undefined ? await rangeOf(source, places[i] ?? 0, 'json') : undefined;
    found.push(range && source.subarray(range.from, range.to));
  }
  return found;
}

/** The bytes of an operation that has one of `value`, `value_base64` and `json`; undefined when it is no base64. Throws `RangeError` when its text cannot be UTF-8. */
export async function putBytes(op: Put, long: LongTexts, json: Buffer | undefined): Promise<PutBytes | undefined> {
  if (op.json !== undefined) return ofPieces(json === undefined ? [] : [json]);
  if (op.value !== undefined) return ofPieces(await mapInSlices(whole(long.value?.pieces ?? [op.value]), utf8));
  const pieces = await bytesOfBase64(long.value_base64?.pieces ?? [op.value_base64 ?? '']);
  return pieces && ofPieces(pieces);
}

/** A pair that is cut stands together again. */
function* whole(pieces: readonly string[]): Generator<string> {
  let half = '';
  for (const piece of pieces) {
    const text = half + piece;
    half = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
    yield half === '' ? text : text.slice(0, -1);
  }
  if (half !== '') yield half;
}

function utf8(text: string): Buffer {
  if (!text.isWellFormed()) throw new RangeError('a lone surrogate cannot be stored as UTF-8');
  return Buffer.from(text);
}

function ofPieces(pieces: readonly Uint8Array[]): PutBytes {
  let size = 0;
  for (const { byteLength } of pieces) size += byteLength;
  return { pieces, size };
}
