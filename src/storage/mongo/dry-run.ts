import { ConflictError, DuplicateKeyError } from '../../errors.ts';
import { changed, equal, isExpired, keyOf, meets } from '../change.ts';
import { located, unexpected } from '../conflict.ts';
import type { Expect, Range, Scalar, Write } from '../port.ts';
import type { Step } from './commit.ts';
import { decodeWhole } from './documents.ts';
import { contains, equals, inRange } from './filters.ts';
import { checkDoc, type Doc, type Index, indexOf, type Table } from './table.ts';

/** A document as the commit leaves it; without `doc` it is gone. */
interface Outcome {
  readonly table: Table;
  readonly doc: Doc | undefined;
}

/**
 * Plays a commit through in memory, over what the database holds, without writing: a standalone server cannot take back what
 * was applied, so every conflict has to be found before. Throws what the commit would throw.
 */
export async function dryRun(steps: readonly Step[], now: number): Promise<void> {
  const run = new DryRun(now);
  for (const [at, { write, table }] of steps.entries()) {
    await run.play(table, write).catch(error => {
      throw located(error, at);
    });
  }
}

class DryRun {
  readonly #now: number;
  /** By collection and primary key: what was looked at or written so far. */
  readonly #outcomes = new Map<string, Outcome>();
  readonly #swept: { table: Table; index: Index; range: Range }[] = [];

  constructor(now: number) {
    this.#now = now;
  }

  async play(table: Table, write: Write<Doc>): Promise<void> {
    if ('insert' in write) {
      checkDoc(table, write.insert);
      if (await this.#read(table, keyOf(table, write.insert))) throw new DuplicateKeyError('primary');
      await this.#write(table, write.insert);
    } else if ('put' in write) await this.#write(table, write.put);
    else if ('update' in write) {
      const before = await this.#demand(table, write.update, write.expect);
      const after = changed(before, write.change);
      if (!table.spec.key.every(field => equal(before[field], after[field]))) {
        throw new ConflictError('a primary key cannot change');
      }
      await this.#write(table, after);
    } else if ('delete' in write) {
      if (write.expect) await this.#demand(table, write.delete, write.expect);
      this.#set(table, write.delete, undefined);
    } else if ('deleteMany' in write) this.#sweep(table, write.deleteMany);
    else if (write.expect !== 'absent') await this.#demand(table, write.require, write.expect);
    else if (await this.#read(table, write.require)) throw unexpected();
  }

  /** The live document at a key, as the steps so far leave it. */
  async #read(table: Table, key: readonly Scalar[]): Promise<Doc | undefined> {
    const filter = equals(table.spec.key, key);
    const known = this.#outcomes.get(identity(table, key));
    return known ? known.doc : this.#stored(table, filter);
  }

  /** The live document a filter finds in the database, unless an earlier step removes its range. */
  async #stored(table: Table, filter: Doc): Promise<Doc | undefined> {
    const found = await table.rows.findOne(filter);
    if (found === null || isExpired(table, found, this.#now)) return undefined;
    const doc = decodeWhole(found);
    const gone = this.#swept.some(sweep => sweep.table === table && contains(sweep.index, sweep.range, doc));
    return gone ? undefined : doc;
  }

  async #demand(table: Table, key: readonly Scalar[], expect: Expect<Doc> | undefined): Promise<Doc> {
    const doc = await this.#read(table, key);
    if (doc === undefined || !meets(doc, expect)) throw unexpected();
    return doc;
  }

  async #write(table: Table, doc: Doc): Promise<void> {
    checkDoc(table, doc);
    for (const index of table.indexes) {
      const values = index.own.map(field => doc[field]);
      if (!index.unique || values.includes(undefined)) continue;
      if (await this.#isTaken(table, index, values as Scalar[], keyOf(table, doc))) {
        throw new DuplicateKeyError(index.name);
      }
    }
    this.#set(table, keyOf(table, doc), doc);
  }

  /** Whether a document other than the one at `key` has these values. */
  async #isTaken(table: Table, index: Index, values: readonly Scalar[], key: readonly Scalar[]): Promise<boolean> {
    const own = identity(table, key);
    for (const [id, outcome] of this.#outcomes) {
      if (id === own || outcome.table !== table || outcome.doc === undefined) continue;
      if (contains(index, { prefix: values }, outcome.doc)) return true;
    }
    const holder = await this.#stored(table, equals(index.own, values));
    if (holder === undefined) return false;
    const id = identity(table, keyOf(table, holder));
    return id !== own && !this.#outcomes.has(id);
  }

  #sweep(table: Table, range: Range): void {
    const index = indexOf(table, range.index);
    inRange(index, range); // throws when the range is not one
    for (const [id, { doc, ...outcome }] of this.#outcomes) {
      if (outcome.table !== table || doc === undefined || !contains(index, range, doc)) continue;
      this.#outcomes.set(id, { table, doc: undefined });
    }
    this.#swept.push({ table, index, range });
  }

  #set(table: Table, key: readonly Scalar[], doc: Doc | undefined): void {
    equals(table.spec.key, key); // throws when the key is not one
    this.#outcomes.set(identity(table, key), { table, doc });
  }
}

function identity(table: Table, key: readonly Scalar[]): string {
  return JSON.stringify([table.spec.name, ...key]);
}
