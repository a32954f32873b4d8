import type { IncomingMessage } from 'node:http';
import { InvalidInputError, PayloadTooLargeError } from '../../base/errors.ts';

const NOTHING = Buffer.alloc(0);

const SENT = Symbol('the body, once it was read');

interface Read extends IncomingMessage {
  [SENT]?: Buffer;
}

/**
 * The body of a request as it was sent; empty where there is none, the same for whoever asks again. Throws `PayloadTooLargeError` for
 * more than `limit` bytes, as soon as that is known, and `InvalidInputError` (code `body_incomplete`) when the client hung up. What
 * is left of a body that is refused flows on and is thrown away: it would stand before the next request of the connection.
 */
export function sentBytes(req: Read, limit: number): Promise<Buffer> {
  const known = req[SENT];
  if (known !== undefined) {
    return known.length > limit ? Promise.reject(new PayloadTooLargeError(limit)) : Promise.resolve(known);
  }
  const { 'content-length': announced, 'transfer-encoding': coding } = req.headers;
  if (coding === undefined && (announced === undefined || announced === '0')) return Promise.resolve(NOTHING);
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => {
      req.off('data', take).off('end', end).off('close', cutOff);
      req.resume();
      reject(error);
    };
    let first: Buffer | undefined;
    let more: Buffer[] | undefined;
    let bytes = 0;
    const take = (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > limit) return refuse(new PayloadTooLargeError(limit));
      if (first === undefined) first = piece;
      else if (more === undefined) more = [first, piece];
      else more.push(piece);
    };
    const end = () => {
      req[SENT] = more === undefined ? (first ?? NOTHING) : Buffer.concat(more, bytes);
      resolve(req[SENT]);
    };
    const cutOff = () => {
      // It comes after the end as well, and an error with its stack is dear.
      if (req[SENT] === undefined) reject(new InvalidInputError('the body was cut off', { code: 'body_incomplete' }));
    };

    if (Number(announced) > limit) return refuse(new PayloadTooLargeError(limit));
    // The client hung up before, while the credential was checked.
    if (!req.readable) return cutOff();
    req.on('data', take).on('end', end).on('close', cutOff);
  });
}
