import { ConflictError, DuplicateKeyError } from '../../../base/errors.ts';
import { changed, equal, isExpired, keyOf, meets } from '../../change.ts';
import { located, unexpected } from '../../conflict.ts';
import type { Expect, Range, Scalar, Write } from '../../port.ts';
import { decode, HIDDEN } from '../documents.ts';
import { contains, equals, inRange } from '../filters.ts';
import { identityOf, readMany } from '../read-many.ts';
import { checkDoc, type Doc, type Index, indexOf, type Table } from '../table.ts';
import type { Step } from './steps.ts';

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
  const run = new DryRun(now, await documentsAt(steps));
  for (const [at, { write, table }] of steps.entries()) {
    await run.play(table, write).catch(error => {
      throw located(error, at);
    });
  }
}

/** Documents by their key: see `identityOf`. */
type Stored = ReadonlyMap<Table, ReadonlyMap<string, Doc>>;

/** What is stored at the primary keys that the steps look at: few queries for any number of steps. */
async function documentsAt(steps: readonly Step[]): Promise<Stored> {
  const keys = new Map<Table, (readonly Scalar[])[]>();
  for (const { write, table } of steps) {
    const key = keyReadBy(table, write);
    if (key === undefined) continue;
    if (!keys.has(table)) keys.set(table, []);
    keys.get(table)?.push(key);
  }
  const stored = new Map<Table, Map<string, Doc>>();
  for (const [table, wanted] of keys) {
    const docs = await readMany(table, table.primary, wanted, query => query());
    for (const doc of docs.values()) decode(doc);
    stored.set(table, docs);
  }
  return stored;
}

/** The primary key that a write looks at; a put, or a delete that expects nothing, takes what is there. */
function keyReadBy(table: Table, write: Write<Doc>): readonly Scalar[] | undefined {
  if ('insert' in write) return keyOf(table, write.insert);
  if ('update' in write) return write.update;
  if ('delete' in write) return write.expect && write.delete;
  return 'require' in write ? write.require : undefined;
}

class DryRun {
  readonly #now: number;
  readonly #before: Stored;
  /** By collection and primary key: what was looked at or written so far. */
  readonly #outcomes = new Map<string, Outcome>();
  readonly #swept: { table: Table; index: Index; range: Range }[] = [];

  constructor(now: number, before: Stored) {
    this.#now = now;
    this.#before = before;
  }

  async play(table: Table, write: Write<Doc>): Promise<void> {
    if ('insert' in write) {
      checkDoc(table, write.insert);
      if (this.#read(table, keyOf(table, write.insert))) throw new DuplicateKeyError('primary');
      await this.#write(table, write.insert);
    } else if ('put' in write) await this.#write(table, write.put);
    else if ('update' in write) {
      const before = this.#demand(table, write.update, write.expect);
      const after = changed(before, write.change);
      if (!table.spec.key.every(field => equal(before[field], after[field]))) {
        throw new ConflictError('a primary key cannot change');
      }
      await this.#write(table, after);
    } else if ('delete' in write) {
      if (write.expect) this.#demand(table, write.delete, write.expect);
      this.#set(table, write.delete, undefined);
    } else if ('deleteMany' in write) this.#sweep(table, write.deleteMany);
    else if (write.expect !== 'absent') this.#demand(table, write.require, write.expect);
    else if (this.#read(table, write.require)) throw unexpected();
  }

  /** The live document at a key, as the steps so far leave it. */
  #read(table: Table, key: readonly Scalar[]): Doc | undefined {
    const known = this.#outcomes.get(identity(table, key));
    return known ? known.doc : this.#unlessGone(table, this.#before.get(table)?.get(identityOf(key)));
  }

  /** A document of the database, unless it has ended or an earlier step removes its range. */
  #unlessGone(table: Table, doc: Doc | undefined): Doc | undefined {
    if (doc === undefined || isExpired(table, doc, this.#now)) return undefined;
    const gone = this.#swept.some(sweep => sweep.table === table && contains(sweep.index, sweep.range, doc));
    return gone ? undefined : doc;
  }

  #demand(table: Table, key: readonly Scalar[], expect: Expect<Doc> | undefined): Doc {
    const doc = this.#read(table, key);
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
    const found = await table.rows.findOne(equals(index.own, values), { projection: HIDDEN });
    const holder = found === null ? undefined : this.#unlessGone(table, decode(found));
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
  return identityOf([table.spec.name, ...key]);
}
