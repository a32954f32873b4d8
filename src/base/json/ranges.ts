/** Where in JSON its parts stand: for what is to be kept as it is written, without a copy. */

import { eachInSlices } from '../slices.ts';
import { isBlank } from './outline.ts';

/** A member of a list or an object. */
export interface MemberRange {
  /** Its name, decoded; '' in a list. */
  readonly name: string;
  /** The bytes of its value, without blanks around it: from `from` up to `to`. */
  readonly from: number;
  readonly to: number;
}

/** Bytes after which there is a moment to pause. */
const STRETCH = 65_536;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/**
 * The members of the list or object that begins at `start`, in their order and however often a name comes; undefined now and then, as a moment
 * to let others have their turn. What is neither has none. The bytes must have been parsed before: they are not checked again.
 */
export function* rangesIn(json: Buffer, start: number): Generator<MemberRange | undefined> {
  let open = start;
  while (isBlank(json[open] as number)) open++;
  if (!isOpening(json[open] as number)) return;
  let [depth, from, name] = [1, open + 1, ''];
  let pause = open + STRETCH;
  for (let at = open + 1, quoted = false; depth > 0 && at < json.length; at++) {
    const byte = json[at] as number;
    if (at >= pause) {
      pause = at + STRETCH;
      yield undefined;
    }
    if (quoted) {
      if (byte === BACKSLASH) at++;
      else quoted = byte !== QUOTE;
      continue;
    }
    quoted = byte === QUOTE;
    depth += stepOf(byte);
    if (depth === 1 && byte === COLON) {
      name = JSON.parse(json.toString('utf8', from, at));
      from = at + 1;
    } else if (depth === 0 || (depth === 1 && byte === COMMA)) {
      const range = inked(json, from, at);
      if (range !== undefined) yield { name, ...range };
      from = at + 1;
      name = '';
    }
  }
}

/** The member that an object has under a name; of several the last, as in `JSON.parse`. Done in slices. */
export async function rangeOf(json: Buffer, start: number, name: string): Promise<MemberRange | undefined> {
  let found: MemberRange | undefined;
  await eachInSlices(rangesIn(json, start), member => {
    if (member?.name === name) found = member;
  });
  return found;
}

/** Without blanks at both ends; undefined when there is nothing else. */
function inked(json: Buffer, start: number, end: number): { from: number; to: number } | undefined {
  let [from, to] = [start, end];
  while (from < to && isBlank(json[from] as number)) from++;
  while (to > from && isBlank(json[to - 1] as number)) to--;
  return from < to ? { from, to } : undefined;
}

/** `{` or `[`: they differ in one bit from each other, and the closing ones in another. */
function isOpening(byte: number): boolean {
  return (byte | 0x20) === 0x7b;
}

/** How much deeper it is behind the byte. */
function stepOf(byte: number): number {
  if (isOpening(byte)) return 1;
  return (byte | 0x20) === 0x7d ? -1 : 0;
}
