import { type Doc, isExpired, snapshotOf, snapshotOfChange } from '../change.ts';
import { checkTuple } from '../cursor.ts';
import type { Change, Collection, Expect, Page, Range, Scalar, Scan, TextScan, Write } from '../port.ts';
import * as apply from './apply.ts';
import { step } from './commit.ts';
import type { Environment } from './environment.ts';
import { boundsOf } from './keys.ts';
import { allOf } from './reads/all.ts';
import { countOf, sumOf } from './reads/count.ts';
import { pageOf, textsOf } from './reads/scan.ts';
import { type Index, isDue, type Table } from './table.ts';

/** What one transaction of `deleteMany` removes: everybody waits for it. */
const PORTION: apply.Portion = { documents: 500, bytes: 1024 * 1024 };

/** The port's collection over one table. Reads are synchronous inside: the data is mapped into memory. */
export class EmbeddedCollection implements Collection<Doc> {
  readonly #env: Environment;
  readonly #table: Table;
  readonly #tableOf: (name: string) => Table;

  /** `tableOf` gives the others, for what takes the place of documents. */
  constructor(env: Environment, table: Table, tableOf: (name: string) => Table) {
    this.#env = env;
    this.#table = table;
    this.#tableOf = tableOf;
  }

  async get(key: readonly Scalar[]): Promise<Doc | undefined> {
    this.#env.beginRead();
    return this.#live(undefined, key, this.#env.now());
  }

  async getMany(keys: readonly (readonly Scalar[])[], uniqueIndex?: string): Promise<(Doc | undefined)[]> {
    if (keys.length === 0) return [];
    this.#env.beginRead();
    const now = this.#env.now();
    return keys.map(key => this.#live(uniqueIndex, key, now));
  }

  async find(uniqueIndex: string, values: readonly Scalar[]): Promise<Doc | undefined> {
    this.#env.beginRead();
    return this.#live(uniqueIndex, values, this.#env.now());
  }

  async getEnded(key: readonly Scalar[]): Promise<Doc | undefined> {
    this.#env.beginRead();
    return this.#any(undefined, key);
  }

  /** The document at a tuple of a unique index, or at its key without one, unless it has ended. */
  #live(uniqueIndex: string | undefined, tuple: readonly Scalar[], now: number): Doc | undefined {
    const doc = this.#any(uniqueIndex, tuple);
    return doc === undefined || isExpired(this.#table, doc, now) ? undefined : doc;
  }

  /** Remembered or read. */
  #any(uniqueIndex: string | undefined, tuple: readonly Scalar[]): Doc | undefined {
    const { remembered } = this.#table;
    const place = uniqueIndex ?? '';
    let doc = remembered.get(place, tuple);
    if (doc === undefined) {
      checkTuple(tuple);
      doc = this.#read(apply.indexOf(this.#table, { index: uniqueIndex }), tuple);
      if (doc !== undefined) remembered.keep(place, tuple, doc);
    }
    return doc;
  }

  #read(index: Index | undefined, tuple: readonly Scalar[]): Doc | undefined {
    if (index === undefined) return this.#table.primary.get(tuple);
    const held = index.db.get(tuple);
    if (held === undefined || index.covering) return held as Doc | undefined;
    return this.#table.primary.get(apply.primaryKey(this.#table, index, tuple, held));
  }

  async scan(scan: Scan): Promise<Page<Doc>> {
    this.#env.beginRead();
    return pageOf(this.#table, scan, this.#env.now());
  }

  async texts(scan: TextScan): Promise<{ texts: string[]; more: boolean }> {
    this.#env.beginRead();
    return textsOf(this.#table, scan);
  }

  all(): Promise<readonly Doc[]> {
    return allOf(this.#env, this.#table);
  }

  async insert(doc: Doc): Promise<void> {
    const next = snapshotOf(doc);
    apply.checkDoc(this.#table, next);
    await this.#env.writer.write(() => apply.insert(this.#table, next, this.#env.now()));
  }

  async put(doc: Doc, over?: Expect<Doc>): Promise<boolean> {
    const next = snapshotOf(doc);
    apply.checkDoc(this.#table, next);
    return this.#env.writer.write(() => apply.put(this.#table, next, this.#env.now(), over));
  }

  async update(key: readonly Scalar[], change: Change<Doc>, expect?: Expect<Doc>): Promise<Doc | undefined> {
    checkTuple(key);
    const copy = snapshotOfChange(change);
    return this.#env.writer.write(() => apply.update(this.#table, key, copy, expect, this.#env.now()));
  }

  async delete(key: readonly Scalar[], expect?: Expect<Doc>): Promise<boolean> {
    checkTuple(key);
    return this.#env.writer.write(() => apply.remove(this.#table, key, expect, this.#env.now()));
  }

  async deleteMany(range: Range): Promise<number> {
    boundsOf(range);
    let total = 0;
    for (;;) {
      const { removed, done } = await this.#env.writer.write(() =>
        apply.removeRange(this.#table, range, PORTION, this.#env.now()),
      );
      total += removed;
      if (done) return total;
    }
  }

  async retire(limit: number, successors: (doc: Doc) => readonly Write<Doc>[]): Promise<number> {
    this.#env.beginRead();
    if (!isDue(this.#table, this.#env.now())) return 0;
    return this.#env.writer.atomically(() => {
      const now = this.#env.now();
      const ended = apply.takeEnded(this.#table, limit, now);
      for (const write of ended.flatMap(successors)) step(this.#tableOf(write.in.name), write, now);
      return ended.length;
    });
  }

  async state(): Promise<object> {
    this.#env.beginRead();
    return this.#table.remembered.state;
  }

  async count(range: Range, cap = Number.POSITIVE_INFINITY): Promise<number> {
    this.#env.beginRead();
    return countOf(this.#table, range, cap, this.#env.now());
  }

  async estimate(): Promise<number> {
    this.#env.beginRead();
    return this.#table.primary.getStats().entryCount;
  }

  async sum(range: Range, fields: readonly string[]): Promise<{ documents: number; sums: number[] }> {
    return sumOf(this.#env, this.#table, range, fields);
  }
}
