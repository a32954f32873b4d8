/** Uploads that are under way in this process: what has arrived of them takes room before it is a blob. */

import { PayloadTooLargeError, RateLimitedError } from '../../base/errors.ts';

/** Uploads of one account at once: more than any client has. */
const AT_ONCE = 32;

/** Seconds after which one that was too many may try again. */
const LATER_S = 5;

/** A place with limited room: how many bytes its blobs have, and may have. */
export interface Place {
  readonly name: string;
  readonly used: number;
  readonly max: number;
}

/** What is under way: uploads by account, and bytes by place. */
export interface Arrivals {
  readonly uploads: Map<string, number>;
  readonly bytes: Map<string, number>;
}

/** Nothing is under way. */
export function createArrivals(): Arrivals {
  return { uploads: new Map(), bytes: new Map() };
}

/**
 * Begins an upload of an account to places. Throws `RateLimitedError` when the account has too many under way.
 *
 * What has arrived may be new, and then has to fit beside the blobs that are there; or it may be one of those once more, which
 * takes no room, and then has at most as many bytes as they have together. One that can be neither is refused as soon as that
 * is clear. All that is under way to one place has no more bytes than the place may have, or has.
 */
export function arrive(arrivals: Arrivals, accountId: string, places: readonly Place[]): Arrival {
  if ((arrivals.uploads.get(accountId) ?? 0) >= AT_ONCE) throw new RateLimitedError(LATER_S);
  add(arrivals.uploads, accountId, 1);
  return new Arrival(arrivals, accountId, places);
}

/** An upload that is under way. */
export class Arrival {
  readonly #arrivals: Arrivals;
  readonly #accountId: string;
  readonly #places: readonly Place[];
  #size = 0;

  constructor(arrivals: Arrivals, accountId: string, places: readonly Place[]) {
    this.#arrivals = arrivals;
    this.#accountId = accountId;
    this.#places = places;
  }

  /**
   * The pieces. Throws `PayloadTooLargeError` (code `blob_quota_exceeded`) instead of one for which there is no room. One with which the
   * content has more than `maxBytes` passes: who stores it refuses it for that.
   */
  async *count(content: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
    const { bytes } = this.#arrivals;
    for await (const piece of content) {
      const more = piece.byteLength;
      if (this.#size + more > maxBytes) yield piece;
      for (const { name, used, max } of this.#places) {
        const alone = this.#size + more <= Math.max(max - used, used);
        const together = (bytes.get(name) ?? 0) + more <= Math.max(max, used);
        if (!alone || !together) throw new PayloadTooLargeError(max, { code: 'blob_quota_exceeded' }, 'quota');
      }
      this.#size += more;
      for (const { name } of this.#places) add(bytes, name, more);
      yield piece;
    }
  }

  /** To be called once, when it has become a blob or is gone from the disk. */
  end(): void {
    add(this.#arrivals.uploads, this.#accountId, -1);
    for (const { name } of this.#places) add(this.#arrivals.bytes, name, -this.#size);
  }
}

function add(counts: Map<string, number>, name: string, by: number): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
