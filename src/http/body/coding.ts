/** Content codings of bodies (RFC 9110, section 8.4). */

import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, type InputType, inflate, type ZlibOptions } from 'node:zlib';
import { InvalidInputError, PayloadTooLargeError } from '../../base/errors.ts';

/** Undoes a coding. What makes a zlib stream hears its errors, however late they come. */
export type Decode = (bytes: Uint8Array, limit: number) => Promise<Uint8Array>;

/** Bytes that come out at a time: each time costs the main thread a call. */
const CHUNK = 65_536;

const DECODERS = new Map<string, Decode>([
  ['gzip', decoder(promisify<InputType, ZlibOptions, Uint8Array>(gunzip))],
  ['deflate', decoder(promisify<InputType, ZlibOptions, Uint8Array>(inflate))],
  ['br', decoder(promisify<InputType, ZlibOptions, Uint8Array>(brotliDecompress))],
]);

/**
 * What undoes the coding of a body; undefined when it has none. Throws `InvalidInputError` (code `encoding_invalid`) for one that
 * is not known, and for several on top of each other.
 */
export function decoderOf({ headers }: IncomingMessage): Decode | undefined {
  const header = headers['content-encoding'];
  if (header === undefined) return undefined;
  const codings = header
    .split(',')
    .map(coding => coding.trim().toLowerCase())
    .filter(coding => coding !== '' && coding !== 'identity');
  const [coding, another] = codings;
  if (coding === undefined) return undefined;
  const decode = another === undefined ? DECODERS.get(coding === 'x-gzip' ? 'gzip' : coding) : undefined;
  if (decode) return decode;
  throw invalid('this Content-Encoding is not taken: send the body as it is, or one of gzip, deflate, br');
}

/**
 * Off the main thread; nothing beyond `limit` is kept. Rejects with `InvalidInputError` (code `encoding_invalid`) and
 * `PayloadTooLargeError`.
 */
function decoder(decode: (bytes: InputType, options: ZlibOptions) => Promise<Uint8Array>): Decode {
  return async (bytes, limit) => {
    try {
      return await decode(bytes, { maxOutputLength: limit, chunkSize: Math.min(CHUNK, Math.max(limit, 64)) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new PayloadTooLargeError(limit);
      throw invalid('the compressed body is damaged', error);
    }
  };
}

function invalid(message: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(message, { code: 'encoding_invalid', cause });
}
