/** Bytes of a SHA-256. */
const WIDTH = 32;

/** A set of SHA-256 that are added in their order: 32 bytes each, where a set of texts takes three times as much. */
export class HashList {
  #bytes = Buffer.alloc(WIDTH * 1024);
  #length = 0;

  /** Adds one that comes behind all others. Returns whether it does. */
  add(sha256: string): boolean {
    const hash = Buffer.from(sha256, 'hex');
    if (this.#length > 0 && Buffer.compare(this.#at(this.#length - 1), hash) >= 0) return false;
    if ((this.#length + 1) * WIDTH > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2);
    }
    hash.copy(this.#bytes, this.#length++ * WIDTH);
    return true;
  }

  has(sha256: string): boolean {
    const hash = Buffer.from(sha256, 'hex');
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = Buffer.compare(this.#at(middle), hash);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }

  #at(i: number): Buffer {
    return this.#bytes.subarray(i * WIDTH, (i + 1) * WIDTH);
  }
}
