import type { Fill, Storage } from '../storage/port.ts';
import { BackupError } from './backup-error.ts';
import { type Items, noTotals, type Spec, type Totals, UnsoundContent } from './items.ts';

/** Contents up to so many bytes are stored several at once: each waits for the disk. */
const SMALL_BYTES = 256 * 1024;
const AT_ONCE = 32;

/** What is filled. */
export interface Target extends Pick<Storage, 'fill'> {
  readonly blobs: Pick<Storage['blobs'], 'put'>;
}

/** How a storage is filled. */
export interface FillOptions {
  /** Tells copies apart: with the same one, and the same items, it goes on where it stopped. */
  readonly copy: string;
  /** So many more records are in, or were already. */
  readonly passed?: (records: number) => void;
  readonly stopping?: AbortSignal | undefined;
}

/**
 * Puts all items into an empty storage that was opened for it, or those that are not in yet. Throws `StartupError` when it holds
 * something else, the reason of `stopping`, and what the items throw: then it is a part of a copy, which nobody can serve.
 */
export async function fillStore(
  storage: Target,
  specs: readonly Spec[],
  items: Items,
  { copy, passed, stopping }: FillOptions,
): Promise<Totals> {
  const fill = await storage.fill(copy);
  const filler = new Filler(storage, fill, noTotals(specs.map(({ name }) => name)));
  for await (const item of items) {
    stopping?.throwIfAborted();
    if ('docs' in item) {
      if (filler.totals.documents[item.in] === undefined) throw unknownCollection(item.in);
      await filler.documents(item.in, item.docs);
      passed?.(item.docs.length);
    } else if ('blob' in item) {
      await filler.blob(item.blob, item.size, item.content);
      passed?.(1);
    } else if ('counter' in item) {
      await filler.one(position => fill.counter({ name: item.counter, value: item.value }, position));
      filler.totals.counters++;
    } else if ('secret' in item) {
      await filler.one(position => fill.secret({ name: item.secret, value: item.value }, position));
      filler.totals.secrets++;
    }
  }
  await filler.settled();
  await fill.end();
  return filler.totals;
}

class Filler {
  readonly totals: Totals;
  readonly #storage: Target;
  readonly #fill: Fill;
  /** Records that were met, and how many of the first ones are in from before. */
  #met = 0;
  readonly #before: number;
  /** What is being written while more is read. */
  #writing: Promise<void> = Promise.resolve();
  #blobs: Promise<void>[] = [];

  constructor(storage: Target, fill: Fill, totals: Totals) {
    this.#storage = storage;
    this.#fill = fill;
    this.#before = fill.position;
    this.totals = totals;
  }

  async documents(collection: string, docs: Parameters<Fill['documents']>[1]): Promise<void> {
    const from = this.#met;
    this.#met += docs.length;
    this.totals.documents[collection] = (this.totals.documents[collection] ?? 0) + docs.length;
    await this.settled();
    if (this.#met <= this.#before) return;
    const rest = from < this.#before ? docs.slice(this.#before - from) : docs;
    this.#writing = this.#fill.documents(collection, rest, this.#met);
    this.#writing.catch(() => {}); // whoever settles it sees it
  }

  async one(write: (position: number) => Promise<void>): Promise<void> {
    await this.settled();
    if (++this.#met > this.#before) await write(this.#met);
  }

  async blob(sha256: string, size: number, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.#met++;
    this.totals.blobs++;
    this.totals.bytes += size;
    if (this.#met <= this.#before) return this.#soundly(sha256, size, () => drain(content));
    const { blobs } = this.#storage;
    const put = async (all: AsyncIterable<Uint8Array>) => {
      await blobs.put(all, Number.POSITIVE_INFINITY, { expected: sha256 });
    };
    if (size > SMALL_BYTES) {
      await this.#soundly(sha256, size, () => put(content));
    } else {
      const pieces: Uint8Array[] = [];
      await this.#soundly(sha256, size, async () => {
        for await (const piece of content) pieces.push(Buffer.from(piece));
        const storing = put(each(pieces));
        storing.catch(() => {}); // whoever settles it sees it
        this.#blobs.push(storing);
      });
    }
    if (this.#blobs.length >= AT_ONCE || size > SMALL_BYTES) await this.settled();
  }

  /** Resolves when all that was met is in. Throws what kept it out. */
  async settled(): Promise<void> {
    await this.#writing;
    if (this.#blobs.length === 0 && this.#fill.position >= this.#met) return;
    await Promise.all(this.#blobs);
    this.#blobs = [];
    if (this.#met > this.#before && this.#fill.position < this.#met) await this.#fill.reached(this.#met);
  }

  /** A content that was no more what it is called is left out. */
  async #soundly(sha256: string, size: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof UnsoundContent)) throw error;
      this.totals.blobs--;
      this.totals.bytes -= size;
      this.totals.missing.push(sha256);
    }
  }
}

async function drain(content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of content);
}

async function* each(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function unknownCollection(name: string): BackupError {
  return new BackupError(
    `the copy holds the collection ${name}, which this program does not know: restore it with the version that wrote it, or a newer one`,
  );
}
