import { type AnyBulkWriteOperation, BSON, MongoBulkWriteError } from 'mongodb';
import { StorageUnavailableError } from '../../../base/errors.ts';
import { keyOf } from '../../change.ts';
import type { Expect } from '../../port.ts';
import { bulkFailure } from '../errors.ts';
import type { Gate } from '../gate.ts';
import { identityOf } from '../read-many.ts';
import { checkDoc, type Doc, type Table } from '../table.ts';
import { insert, placeFor, put, putOver } from './writes.ts';

/**
 * Writes sent at once, and how large they may be together, in bytes; what is larger goes alone. All of them have the time of a
 * short operation, on a slow server too.
 */
const MAX_WRITES = 100;
const MAX_BYTES = 4 * 1024 * 1024;

/** After writes that took longer than this, in milliseconds, half as many are sent at once, down to so few. */
const SLOW_MS = 800;
const FEWEST = 16;

/** A write that needs nothing back but whether it was done. */
export interface Single {
  readonly kind: 'insert' | 'put';
  readonly doc: Doc;
  /** Of a put: what it may replace. */
  readonly over?: Expect<Doc>;
}

interface Waiting extends Single {
  readonly bytes: number;
  readonly wanted: () => boolean;
  /** Whether it was written; undefined when it was refused among others. */
  readonly resolve: (done: boolean | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Writes of single documents. What comes while the last ones are under way goes together when they are through, all inserts in
 * one command and all puts in another; each answers when a majority has it, so nobody is answered sooner than alone.
 */
export class SharedWrites {
  readonly #table: Table;
  readonly #gate: Gate;
  readonly #now: () => number;
  /** By `identityOf` the primary key: of two writes to one key, the second goes when the first is through. */
  readonly #waiting = new Map<string, Waiting[]>();
  #sending = false;
  /** How many may be sent at once: fewer while the server is slow, lest all of them run out of time instead of some. */
  #most = MAX_WRITES;

  constructor(table: Table, gate: Gate, now: () => number) {
    this.#table = table;
    this.#gate = gate;
    this.#now = now;
  }

  /**
   * Writes the document unless it is not `wanted` any more when its turn comes; returns whether it was written, which only what is `over`
   * something else is not. Duplicates surface as the driver's error (see unique.ts). Throws `InvalidInputError`.
   */
  async write(single: Single, wanted: () => boolean): Promise<boolean> {
    checkDoc(this.#table, single.doc);
    // What was refused among others goes again, alone: so it gets the error that is its own, with all that the server says.
    return (await this.#join(single, wanted)) ?? writeAlone(this.#table, single, this.#now());
  }

  #join(single: Single, wanted: () => boolean): Promise<boolean | undefined> {
    const id = identityOf(keyOf(this.#table, single.doc));
    const bytes = BSON.calculateObjectSize(single.doc, { ignoreUndefined: true });
    return new Promise((resolve, reject) => {
      const waiting = { ...single, bytes, wanted, resolve, reject };
      const others = this.#waiting.get(id);
      if (others) others.push(waiting);
      else this.#waiting.set(id, [waiting]);
      if (this.#sending) return;
      this.#sending = true;
      setImmediate(() => this.#send()); // with what else comes in this turn
    });
  }

  /** Never rejects. */
  async #send(): Promise<void> {
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      const groups = (['insert', 'put'] as const).map(kind => batch.filter(write => write.kind === kind));
      // Given up as every short operation is: the next ones do not wait for a command that is never answered.
      const work = () => Promise.all(groups.map(group => writeTogether(this.#table, group, this.#now())));
      const sent = performance.now();
      await this.#gate.step(work).catch(() => {});
      const slow = performance.now() - sent > SLOW_MS;
      this.#most = slow ? Math.max(FEWEST, Math.ceil(batch.length / 2)) : Math.min(MAX_WRITES, this.#most * 2);
    }
    this.#sending = false;
  }

  /** The next writes to be sent: of each key one, in the order in which they came. */
  #take(): Waiting[] {
    const batch: Waiting[] = [];
    const more: [string, Waiting[]][] = [];
    let bytes = 0;
    for (const [id, queue] of this.#waiting) {
      const next = firstWanted(queue);
      const full = batch.length >= this.#most || bytes + (next?.bytes ?? 0) > MAX_BYTES;
      if (full && batch.length > 0) break;
      this.#waiting.delete(id);
      if (next === undefined) continue;
      batch.push(next);
      bytes += next.bytes;
      queue.shift();
      if (queue.length > 0) more.push([id, queue]);
    }
    for (const [id, queue] of more) this.#waiting.set(id, queue); // at the end: others have their turn
    return batch;
  }
}

/** Whoever has been told that the storage does not answer is not written for any more: what waits stays little. */
function firstWanted(queue: Waiting[]): Waiting | undefined {
  for (let first = queue[0]; first !== undefined; first = queue[0]) {
    if (first.wanted()) return first;
    queue.shift();
    first.reject(new StorageUnavailableError());
  }
  return undefined;
}

async function writeAlone(table: Table, { kind, doc, over }: Single, now: number): Promise<boolean> {
  if (over !== undefined) return putOver(table, doc, over, now);
  await (kind === 'insert' ? insert(table, doc) : put(table, doc));
  return true;
}

/** Writes of one kind, in one command; tells each what became of it. Never rejects. */
async function writeTogether(table: Table, group: readonly Waiting[], now: number): Promise<void> {
  const [only] = group;
  if (only === undefined) return;
  try {
    if (group.length === 1) return only.resolve(await writeAlone(table, only, now));
    const operations = group.map(single => operationOf(table, single, now));
    await table.rows.bulkWrite(operations, { ordered: false });
    for (const { resolve } of group) resolve(true);
  } catch (error) {
    const refused = refusedBy(error, group.length);
    for (const [i, { resolve, reject }] of group.entries()) {
      if (refused === undefined) reject(bulkFailure(error));
      else resolve(refused.has(i) ? undefined : true);
    }
  }
}

function operationOf(table: Table, { kind, doc, over }: Single, now: number): AnyBulkWriteOperation<Doc> {
  if (kind === 'insert') return { insertOne: { document: { ...doc } } }; // a copy: the driver adds `_id`
  return { replaceOne: { filter: placeFor(table, doc, over, now), replacement: doc, upsert: true } };
}

/**
 * Positions of the writes, of so many, that the server has refused, the others being done; undefined when all of the command has failed. A
 * server that leaves some out behind a refused one has all of them sent again.
 */
function refusedBy(error: unknown, count: number): ReadonlySet<number> | undefined {
  if (!(error instanceof MongoBulkWriteError) || bulkFailure(error) !== error) return undefined;
  if (error.result.getWriteConcernError() !== undefined) return undefined;
  const errors = [error.writeErrors].flat();
  if (errors.length === 0) return undefined;
  const { insertedCount, matchedCount, upsertedCount } = error.result;
  if (insertedCount + matchedCount + upsertedCount + errors.length < count) return new Set(Array(count).keys());
  return new Set(errors.map(({ index }) => index));
}
