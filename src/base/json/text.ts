/** A long JSON text, made out of its bytes in slices. */

import type { Slices } from '../slices.ts';
import type { LongText } from './outline.ts';

const BACKSLASH = 0x5c;

/** Bytes of the longest escape, `\\u0000`. */
const ESCAPE = 6;

/** How it is done: bytes at once, about, and what makes a value of JSON text. */
export interface Way {
  readonly atOnce: number;
  readonly parse: (text: string) => unknown;
}

/** What the text says. Throws what `parse` throws. */
export async function longText(
  bytes: Buffer,
  { open, close }: LongText,
  slices: Slices,
  { atOnce, parse }: Way,
): Promise<string> {
  const pieces: string[] = [];
  for (let at = open + 1; at < close; ) {
    const end = endOfPiece(bytes, at, Math.min(at + Math.max(atOnce, 2 * ESCAPE), close), close);
    pieces.push(parse(`"${bytes.toString('utf8', at, end)}"`) as string);
    at = end;
    if (slices.over()) await slices.pause();
  }
  return pieces.join('');
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
