/** Base64 (RFC 4648, section 4) of long values, in slices. */

import { inSlices } from '../../base/slices.ts';

/** Characters that are looked at in one go; a multiple of four. */
const AT_ONCE = 262_144;

/** The bytes of base64 with its padding; undefined when it is none. */
export async function bytesOfBase64(text: string): Promise<Buffer | undefined> {
  if (text.length % 4 !== 0) return undefined;
  const slices = inSlices();
  const pieces: Buffer[] = [];
  for (let at = 0; at < text.length; at += AT_ONCE) {
    const piece = text.slice(at, at + AT_ONCE);
    const isLast = at + AT_ONCE >= text.length;
    if (!(isLast ? /^[A-Za-z0-9+/]*={0,2}$/ : /^[A-Za-z0-9+/]*$/).test(piece)) return undefined;
    pieces.push(Buffer.from(piece, 'base64'));
    if (slices.over()) await slices.pause();
  }
  return Buffer.concat(pieces);
}

/** The base64 of bytes that come in pieces, in pieces. */
export async function* base64Of(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = rest.byteLength === 0 ? asBuffer(piece) : Buffer.concat([rest, piece]);
    const whole = bytes.byteLength - (bytes.byteLength % 3);
    if (whole > 0) yield bytes.toString('base64', 0, whole);
    rest = bytes.subarray(whole);
  }
  if (rest.byteLength > 0) yield rest.toString('base64');
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
