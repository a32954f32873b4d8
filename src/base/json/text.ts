/** A long JSON text, made out of its bytes in slices. */

import type { Slices } from '../slices.ts';
import type { LongText } from './outline.ts';

const BACKSLASH = 0x5c;

/** Bytes of the longest escape, `\\u0000`. */
const ESCAPE = 6;

/** A long text as pieces, for whoever has no use for the whole: to join 15 MiB takes long at once. */
export class TextPieces {
  readonly pieces: readonly string[];

  constructor(pieces: readonly string[]) {
    this.pieces = pieces;
  }
}

/** What a long text is to be as a value. */
export type TextOf = (pieces: readonly string[]) => unknown;

/** How it is done: bytes at once, about, what makes a value of JSON text, and one of the pieces of a long text. */
export interface Way {
  readonly atOnce: number;
  readonly parse: (text: string) => unknown;
  readonly textOf: TextOf;
}

/** What the text says. Throws what `parse` throws. */
export async function longText(
  bytes: Buffer,
  { open, close }: LongText,
  slices: Slices,
  { atOnce, parse, textOf }: Way,
): Promise<unknown> {
  const pieces: string[] = [];
  for (let at = open + 1; at < close; ) {
    const end = endOfPiece(bytes, at, Math.min(at + Math.max(atOnce, 2 * ESCAPE), close), close);
    pieces.push(parse(`"${bytes.toString('utf8', at, end)}"`) as string);
    at = end;
    if (slices.over()) await slices.pause();
  }
  return textOf(pieces);
}

/** Where a piece ends that neither cuts a letter nor an escape: at `end`, or some bytes before. */
function endOfPiece(bytes: Buffer, start: number, end: number, close: number): number {
  if (end === close) return end;
  let at = end;
  while (((bytes[at] as number) & 0xc0) === 0x80) at--;
  let last = at - 1;
  while (last >= at - ESCAPE && bytes[last] !== BACKSLASH) last--;
  if (last < start || last < at - ESCAPE) return at;
  let first = last;
  while (first > start && bytes[first - 1] === BACKSLASH) first--;
  const isEscape = (last - first) % 2 === 0; // the others are pairs
  const length = bytes[last + 1] === 0x75 ? ESCAPE : 2;
  return isEscape && last + length > at ? last : at;
}
