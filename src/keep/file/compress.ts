/** Pieces of a text as members of gzip, one behind the other: programs that read gzip read them as one text. */

import { promisify } from 'node:util';
import { constants, deflateRawSync, gzip } from 'node:zlib';

/** gzip's: higher ones take three times as long and save a tenth. */
const LEVEL = 3;

/** As much of a content tells what the rest is like; it is made smaller by less than this part, or it is dense. */
const TRIED_BYTES = 16 * 1024;
const SAVED = 1 / 16;

/** A part of the text; `dense`: it is base64 of what cannot be made smaller, an image or an encrypted file. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly dense: boolean;
}

/**
 * Each piece as a member. Of dense ones only base64's own third is saved, by codes of six bits for its characters: to look for more takes
 * four times as long and finds nothing. One is compressed while the next is made.
 */
export async function* compressed(pieces: AsyncIterable<Piece>): AsyncGenerator<Uint8Array> {
  let before: Promise<Uint8Array> | undefined;
  for await (const piece of pieces) {
    const member = compress(piece);
    member.catch(() => {}); // whoever awaits it sees it
    if (before !== undefined) yield await before;
    before = member;
  }
  if (before !== undefined) yield await before;
}

function compress({ bytes, dense }: Piece): Promise<Uint8Array> {
  const strategy = dense ? constants.Z_HUFFMAN_ONLY : constants.Z_DEFAULT_STRATEGY;
  return promisify(gzip)(bytes, { level: LEVEL, strategy, chunkSize: 256 * 1024 });
}

/** Whether a content that begins like this cannot be made smaller, by much. */
export function isDense(beginning: Uint8Array): boolean {
  const tried = beginning.subarray(0, TRIED_BYTES);
  return deflateRawSync(tried, { level: 1 }).length > tried.length * (1 - SAVED);
}
