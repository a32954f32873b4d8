/** Long bodies: put together in slices, for 16 MiB of fresh memory take as long to get as to fill. */

import type { IncomingMessage } from 'node:http';
import { InvalidInputError, PayloadTooLargeError } from '../../base/errors.ts';
import { inSlices } from '../../base/slices.ts';

/** Bytes from which on a body is long. */
const LONG = 1_048_576;

/** Whether the body is long, or may be, as far as its head says. */
export function isLong({ headers }: IncomingMessage, limit: number): boolean {
  const length = headers['content-length'];
  return limit > LONG && (length === undefined ? headers['transfer-encoding'] !== undefined : Number(length) > LONG);
}

/** The bytes of the body. Throws `PayloadTooLargeError`, `InvalidInputError` (code `body_incomplete`); what is left of the body then is passed over. */
export async function longBytes(req: IncomingMessage, limit: number): Promise<Uint8Array> {
  try {
    if (Number(req.headers['content-length'] ?? 0) > limit) throw new PayloadTooLargeError(limit);
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of cutOff(req)) {
      size += piece.byteLength;
      if (size > limit) throw new PayloadTooLargeError(limit);
      pieces.push(piece);
    }
    return await joined(pieces, size);
  } catch (error) {
    req.resume();
    throw error;
  }
}

/** To destroy the request would be to close the connection, and there is an answer to be sent. */
async function* cutOff(req: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* req.iterator({ destroyOnReturn: false });
  } catch (cause) {
    throw new InvalidInputError('the body was cut off', { code: 'body_incomplete', cause });
  }
}

async function joined(pieces: readonly Uint8Array[], size: number): Promise<Uint8Array> {
  const whole = Buffer.allocUnsafeSlow(size);
  const slices = inSlices();
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
    if (slices.over()) await slices.pause();
  }
  return whole;
}
