/** Base64 (RFC 4648, section 4) of long values, in slices. */

import { inSlices } from '../../base/slices.ts';

/** Characters that are looked at in one go; a multiple of four. */
const AT_ONCE = 262_144;

/** The bytes of base64 with its padding, both in pieces; undefined when it is none. */
export async function bytesOfBase64(texts: readonly string[]): Promise<Buffer[] | undefined> {
  const slices = inSlices();
  const pieces: Buffer[] = [];
  let rest = '';
  for (const text of texts) {
    for (let at = 0; at < text.length; at += AT_ONCE) {
      const some = rest + text.slice(at, at + AT_ONCE);
      // What may be the end, with its padding, waits for whatever comes.
      const whole = Math.max(0, some.length - (some.length % 4 || 4));
      if (!/^[A-Za-z0-9+/]*$/.test(some.slice(0, whole))) return undefined;
      pieces.push(Buffer.from(some.slice(0, whole), 'base64'));
      rest = some.slice(whole);
      if (slices.over()) await slices.pause();
    }
  }
  if (!/^(?:[A-Za-z0-9+/]{2}(?:[A-Za-z0-9+/]{2}|[A-Za-z0-9+/]=|==))?$/.test(rest)) return undefined;
  pieces.push(Buffer.from(rest, 'base64'));
  return pieces;
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
