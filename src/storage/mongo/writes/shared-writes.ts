import { type AnyBulkWriteOperation, BSON, MongoBulkWriteError } from 'mongodb';
import { StorageUnavailableError } from '../../../base/errors.ts';
import { keyOf } from '../../change.ts';
import { bulkFailure } from '../errors.ts';
import { equals } from '../filters.ts';
import type { Gate } from '../gate.ts';
import { identityOf } from '../read-many.ts';
import { checkDoc, type Doc, type Table } from '../table.ts';
import { insert, put } from './writes.ts';

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
export type Kind = 'insert' | 'put';

interface Single {
  readonly kind: Kind;
  readonly doc: Doc;
}

interface Waiting extends Single {
  readonly bytes: number;
  readonly wanted: () => boolean;
  /** Done, or refused among others. */
  readonly resolve: (done: boolean) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Writes of single documents. What comes while the last ones are under way goes together when they are through, all inserts in
 * one command and all puts in another; each answers when a majority has it, so nobody is answered sooner than alone.
 */
export class SharedWrites {
  readonly #table: Table;
  readonly #gate: Gate;
  /** By `identityOf` the primary key: of two writes to one key, the second goes when the first is through. */
  readonly #waiting = new Map<string, Waiting[]>();
  #sending = false;
  /** How many may be sent at once: fewer while the server is slow, lest all of them run out of time instead of some. */
  #most = MAX_WRITES;

  constructor(table: Table, gate: Gate) {
    this.#table = table;
    this.#gate = gate;
  }

  /**
   * Writes the document unless it is not `wanted` any more when its turn comes. Duplicates surface as the driver's error (see
   * unique.ts). Throws `InvalidInputError`.
   */
  async write(single: Single, wanted: () => boolean): Promise<void> {
    checkDoc(this.#table, single.doc);
    // What was refused among others goes again, alone: so it gets the error that is its own, with all that the server says.
    if (!(await this.#join(single, wanted))) await writeAlone(this.#table, single);
  }

  #join(single: Single, wanted: () => boolean): Promise<boolean> {
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
      const work = () => Promise.all(groups.map(group => writeTogether(this.#table, group)));
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

function writeAlone(table: Table, { kind, doc }: Single): Promise<void> {
  return kind === 'insert' ? insert(table, doc) : put(table, doc);
}

/** Writes of one kind, in one command; tells each what became of it. Never rejects. */
async function writeTogether(table: Table, group: readonly Waiting[]): Promise<void> {
  const [only] = group;
  if (only === undefined) return;
  try {
    if (group.length === 1) await writeAlone(table, only);
    else
      await table.rows.bulkWrite(
        group.map(single => operationOf(table, single)),
        { ordered: false },
      );
    for (const { resolve } of group) resolve(true);
  } catch (error) {
    const refused = refusedBy(error);
    for (const [i, { resolve, reject }] of group.entries()) {
      if (refused === undefined) reject(bulkFailure(error));
      else resolve(!refused.has(i));
    }
  }
}

function operationOf(table: Table, { kind, doc }: Single): AnyBulkWriteOperation<Doc> {
  if (kind === 'insert') return { insertOne: { document: { ...doc } } }; // a copy: the driver adds `_id`
  return { replaceOne: { filter: equals(table.spec.key, keyOf(table, doc)), replacement: doc, upsert: true } };
}

/** Positions of the writes that the server has refused, the others being done; undefined when all of the command has failed. */
function refusedBy(error: unknown): ReadonlySet<number> | undefined {
  if (!(error instanceof MongoBulkWriteError) || bulkFailure(error) !== error) return undefined;
  if (error.result.getWriteConcernError() !== undefined) return undefined;
  const errors = [error.writeErrors].flat();
  return errors.length > 0 ? new Set(errors.map(({ index }) => index)) : undefined;
}
