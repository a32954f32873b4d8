import type { Doc } from '../../change.ts';
import type { Scalar } from '../../port.ts';

/** Most documents that one table remembers, and most of their texts and bytes, about; a longer one is not remembered at all. */
const MOST_DOCUMENTS = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;
const LONGEST = 64 * 1024;

/**
 * Documents of one table as they were decoded last, by the tuple they were asked for. They are frozen: many callers hold the same
 * one. Whoever keeps it says when it is out of date; see `Snapshot`.
 */
export class Remembered {
  readonly #documents = new Map<string, Doc>();
  #bytes = 0;
  /** To be called by whatever writes to the table. */
  readonly touch: () => void;

  constructor(touch: () => void) {
    this.touch = touch;
  }

  /** The document, if it is remembered. `place` tells the primary key and the indexes from each other. */
  get(place: string, tuple: readonly Scalar[]): Doc | undefined {
    const name = nameOf(place, tuple);
    return name === undefined ? undefined : this.#documents.get(name);
  }

  /** Remembers a document that was read just now. */
  keep(place: string, tuple: readonly Scalar[], doc: Doc): void {
    const name = nameOf(place, tuple);
    const bytes = name === undefined ? Number.POSITIVE_INFINITY : bytesOf(doc);
    if (name === undefined || bytes > LONGEST) return;
    if (this.#documents.size >= MOST_DOCUMENTS || this.#bytes + bytes > MOST_BYTES) this.forget();
    this.#bytes += bytes;
    this.#documents.set(name, Object.freeze(doc));
  }

  /** Forgets all of them. */
  forget(): void {
    if (this.#documents.size === 0) return;
    this.#documents.clear();
    this.#bytes = 0;
  }
}

/** Tuples of texts only, which hold no U+0000: nearly all keys are. */
function nameOf(place: string, tuple: readonly Scalar[]): string | undefined {
  let name = place;
  for (let i = 0; i < tuple.length; i++) {
    const value = tuple[i];
    if (typeof value !== 'string') return undefined;
    name += `\0${value}`;
  }
  return name;
}

/** Of the texts and bytes in a document, about. */
function bytesOf(doc: Doc): number {
  let bytes = 200;
  for (const field in doc) {
    const value = doc[field];
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
    else if (typeof value === 'object' && value !== null && !(value instanceof Date)) return Number.POSITIVE_INFINITY;
  }
  return bytes;
}
