import { createHash } from 'node:crypto';
import { InvalidInputError, PayloadTooLargeError } from '../base/errors.ts';
import type { PutOptions } from './port.ts';

/** Milliseconds after which an upload that has not ended belongs to a process that died. */
export const STALE = 24 * 3_600_000;

/** What the caller's own code threw, as `cause`: not a failure of the engine, whatever it looks like. */
export class CallerError extends Error {}

/** Throws `InvalidInputError` unless it is a lower-case hex SHA-256. */
export function demandAddress(sha256: string): void {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new InvalidInputError('not a lower-case hex SHA-256', { code: 'blob_hash_invalid' });
}

/** A content on its way into the storage: hashed and measured while it is read, which is done once. */
export class Upload implements AsyncIterable<Uint8Array> {
  readonly #content: AsyncIterable<Uint8Array>;
  readonly #maxBytes: number;
  readonly #hash = createHash('sha256');
  #size = 0;

  constructor(content: AsyncIterable<Uint8Array>, maxBytes: number) {
    this.#content = content;
    this.#maxBytes = maxBytes;
  }

  /** The pieces. Throws `PayloadTooLargeError` instead of one that makes it too large, `CallerError`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const piece of ofCaller(this.#content)) {
      this.#size += piece.byteLength;
      if (this.#size > this.#maxBytes) throw new PayloadTooLargeError(this.#maxBytes);
      this.#hash.update(piece);
      yield piece;
    }
  }

  /**
   * What was read, once it may be kept. Throws `InvalidInputError` when it is not what was expected, `CallerError` when it is
   * not accepted.
   */
  async accepted({ expected, accept }: PutOptions = {}): Promise<{ sha256: string; size: number }> {
    const sha256 = this.#hash.digest('hex');
    if (expected !== undefined && expected !== sha256) {
      throw new InvalidInputError('the content does not have the hash that was announced', {
        code: 'blob_hash_mismatch',
      });
    }
    const size = this.#size;
    try {
      await accept?.({ sha256, size });
    } catch (cause) {
      throw new CallerError(undefined, { cause });
    }
    return { sha256, size };
  }
}

async function* ofCaller(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (cause) {
    throw new CallerError(undefined, { cause });
  }
}
