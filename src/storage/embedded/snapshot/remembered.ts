import type { Doc } from '../../change.ts';
import type { Page, Scalar } from '../../port.ts';

/** Most documents that one table remembers, and most of their texts and bytes, about; a longer one is not remembered at all. */
const MOST_DOCUMENTS = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;
const LONGEST = 64 * 1024;

/** A page as it was at one time, and the time at which the first of its documents ends; in milliseconds. */
interface Kept {
  readonly page: Page<Doc>;
  readonly since: number;
  readonly until: number;
}

/**
 * Documents of one table as they were decoded last, by the tuple they were asked for, and short pages. They are frozen: many
 * callers hold the same one. Whoever keeps it says when it is out of date; see `Snapshot`.
 */
export class Remembered {
  readonly #documents = new Map<string, Doc>();
  readonly #pages = new Map<string, Kept>();
  #bytes = 0;
  #state = {};
  /** To be called by whatever writes to the table. */
  readonly touch: () => void;

  constructor(touch: () => void) {
    this.touch = touch;
  }

  /** Another object each time that something was written to the table. */
  get state(): object {
    return this.#state;
  }

  /** The document, if it is remembered. `place` tells the primary key and the indexes from each other. */
  get(place: string, tuple: readonly Scalar[]): Doc | undefined {
    const name = nameOf(place, tuple);
    return name === undefined ? undefined : this.#documents.get(name);
  }

  /** Remembers a document that was read just now. */
  keep(place: string, tuple: readonly Scalar[], doc: Doc): void {
    const name = nameOf(place, tuple);
    if (name !== undefined && this.#hasRoomFor(bytesOf(doc))) this.#documents.set(name, Object.freeze(doc));
  }

  /** The page of that name, if it is remembered and is still what it was at `now`. */
  page(name: string, now: number): Page<Doc> | undefined {
    const kept = this.#pages.get(name);
    return kept !== undefined && kept.since <= now && now < kept.until ? kept.page : undefined;
  }

  /** Remembers a page that was read just now. */
  keepPage(name: string, kept: Kept): void {
    const { items } = kept.page;
    if (!this.#hasRoomFor(items.reduce((sum, item) => sum + bytesOf(item), name.length))) return;
    for (const item of items) Object.freeze(item);
    Object.freeze(items);
    this.#pages.set(name, kept);
  }

  /** Counts so many bytes if they may be remembered; whatever was, goes when there would be too many. */
  #hasRoomFor(bytes: number): boolean {
    if (bytes > LONGEST) return false;
    const isFull = this.#documents.size + this.#pages.size >= MOST_DOCUMENTS || this.#bytes + bytes > MOST_BYTES;
    if (isFull) this.#empty();
    this.#bytes += bytes;
    return true;
  }

  /** Forgets all of them: they may be out of date. */
  forget(): void {
    this.#state = {};
    this.#empty();
  }

  #empty(): void {
    if (this.#bytes === 0) return;
    this.#documents.clear();
    this.#pages.clear();
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
