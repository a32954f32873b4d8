import type { IncomingMessage } from 'node:http';

/** How much of a body is thrown away at most: bytes, and milliseconds. */
export interface DrainBounds {
  readonly bytes: number;
  readonly ms: number;
}

/**
 * Reads the rest of a body and throws it away, however far somebody read it, within bounds. For refusals of large bodies: a
 * client that is still sending when the connection is closed sees a broken pipe instead of the answer. Resolves with whether
 * the end was reached; if it was not, the answer should close the connection, or the rest goes on arriving.
 */
export function drain(req: IncomingMessage, { bytes, ms }: DrainBounds): Promise<boolean> {
  if (req.readableEnded || req.destroyed) return Promise.resolve(req.readableEnded);
  return new Promise(resolve => {
    let left = bytes;
    const done = () => {
      clearTimeout(timer);
      req.off('data', count).off('end', done).off('close', done);
      resolve(req.readableEnded);
    };
    const count = (piece: Uint8Array) => {
      left -= piece.byteLength;
      if (left < 0) done();
    };
    const timer = setTimeout(done, ms);
    // Whoever reads it by `readable` would keep it from flowing.
    req.unpipe().removeAllListeners('readable');
    req.on('data', count).on('end', done).on('close', done);
    req.resume();
  });
}
