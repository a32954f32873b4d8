import { isExpired, snapshotOf, snapshotOfChange } from '../change.ts';
import type { Change, Collection, Expect, Page, Range, Scalar, Scan, TextScan, Write } from '../port.ts';
import { Recalled } from '../recalled.ts';
import { decode } from './documents.ts';
import { equals, inRange, notEnded } from './filters.ts';
import type { Gate } from './gate.ts';
import { identityOf, readMany } from './read-many.ts';
import { readAll, readPage, readTexts } from './scan.ts';
import { SharedReads } from './shared-reads.ts';
import { sumOf } from './sum.ts';
import { type Doc, type Index, indexOf, type Table } from './table.ts';
import { SharedWrites, type Single } from './writes/shared-writes.ts';
import { type Refused, settlingDuplicates } from './writes/unique.ts';
import * as writes from './writes/writes.ts';

/** Replaces documents of a table that have ended. */
export type Retire = (table: Table, limit: number, successors: (doc: Doc) => readonly Write<Doc>[]) => Promise<number>;

/** The port's collection over one of MongoDB. */
export class MongoDbCollection implements Collection<Doc> {
  readonly #table: Table;
  readonly #gate: Gate;
  readonly #now: () => number;
  readonly #reads = new Map<Index, SharedReads>();
  readonly #writes: SharedWrites;
  readonly #retire: Retire;
  readonly #recalled: Recalled;

  constructor(table: Table, gate: Gate, now: () => number, retire: Retire) {
    this.#retire = retire;
    this.#table = table;
    this.#gate = gate;
    this.#now = now;
    this.#recalled = new Recalled(table.spec);
    this.#writes = new SharedWrites(table, gate, now);
    for (const index of [table.primary, ...table.indexes]) {
      if (index.unique) this.#reads.set(index, new SharedReads(table, index));
    }
  }

  get(key: readonly Scalar[]): Promise<Doc | undefined> {
    return this.#gate.short(() => this.#read(this.#table.primary, key));
  }

  async getMany(keys: readonly (readonly Scalar[])[], uniqueIndex?: string): Promise<(Doc | undefined)[]> {
    if (keys.length === 0) return [];
    return this.#gate.long(async () => {
      const index = indexOf(this.#table, uniqueIndex);
      const found = await readMany(this.#table, index, keys, query => this.#gate.step(query));
      const now = this.#now();
      for (const [id, doc] of found) {
        if (isExpired(this.#table, doc, now)) found.delete(id);
        else decode(doc);
      }
      return keys.map(key => found.get(identityOf(key)));
    });
  }

  find(uniqueIndex: string, values: readonly Scalar[]): Promise<Doc | undefined> {
    return this.#gate.short(async () => this.#read(indexOf(this.#table, uniqueIndex), values));
  }

  getEnded(key: readonly Scalar[]): Promise<Doc | undefined> {
    return this.#gate.short(() => this.#readAny(this.#table.primary, key));
  }

  scan(scan: Scan): Promise<Page<Doc>> {
    return this.#gate.short(() => readPage(this.#table, scan, this.#now()));
  }

  texts(scan: TextScan): Promise<{ texts: string[]; more: boolean }> {
    return this.#gate.short(() => readTexts(this.#table, scan));
  }

  all(): Promise<readonly Doc[]> {
    return this.#gate.long(() => readAll(this.#table, this.#recalled));
  }

  async insert(doc: Doc): Promise<void> {
    await this.#write({ kind: 'insert', doc: snapshotOf(doc) });
  }

  put(doc: Doc, over?: Expect<Doc>): Promise<boolean> {
    return this.#write({ kind: 'put', doc: snapshotOf(doc), ...(over && { over: { ...over } }) });
  }

  update(key: readonly Scalar[], change: Change<Doc>, expect?: Expect<Doc>): Promise<Doc | undefined> {
    const copy = snapshotOfChange(change);
    const refused = () => refusedUpdate(this.#table, key, copy);
    return this.#gate.short(() =>
      settlingDuplicates(this.#now, refused, () => writes.update(this.#table, key, copy, expect, this.#now())),
    );
  }

  delete(key: readonly Scalar[], expect?: Expect<Doc>): Promise<boolean> {
    return this.#gate.short(() => writes.remove(this.#table, key, expect, this.#now()));
  }

  deleteMany(range: Range): Promise<number> {
    return this.#gate.long(() => writes.removeRange(this.#table, range, this.#now()));
  }

  retire(limit: number, successors: (doc: Doc) => readonly Write<Doc>[]): Promise<number> {
    return this.#gate.long(() => this.#retire(this.#table, limit, successors));
  }

  /** Not known: whether others have written would have to be asked for, which takes as long as reading. */
  async state(): Promise<undefined> {}

  count(range: Range, cap?: number): Promise<number> {
    return this.#gate.long(async () => {
      const index = indexOf(this.#table, range.index);
      const conditions = [inRange(index, range), ...notEnded(this.#table, this.#now())];
      const limit = cap !== undefined && Number.isFinite(cap) ? { limit: cap } : {};
      if (cap === 0) return 0; // MongoDB refuses a limit of 0
      return this.#table.rows.countDocuments({ $and: conditions }, { hint: index.name, ...limit });
    });
  }

  estimate(): Promise<number> {
    return this.#gate.short(() => this.#table.rows.estimatedDocumentCount());
  }

  sum(range: Range, fields: readonly string[]): Promise<{ documents: number; sums: number[] }> {
    return this.#gate.long(() => sumOf(this.#table, range, fields, this.#now()));
  }

  async #read(index: Index, values: readonly Scalar[]): Promise<Doc | undefined> {
    const doc = await this.#readAny(index, values);
    return doc === undefined || isExpired(this.#table, doc, this.#now()) ? undefined : doc;
  }

  async #readAny(index: Index, values: readonly Scalar[]): Promise<Doc | undefined> {
    const reads = this.#reads.get(index);
    if (reads === undefined) throw new Error(`index ${index.name} of ${this.#table.spec.name} is not unique`);
    return reads.read(values);
  }

  #write(single: Single): Promise<boolean> {
    const refused = async () => ({ table: this.#table, doc: single.doc, replaces: single.kind === 'put' });
    return this.#gate.short(wanted => settlingDuplicates(this.#now, refused, () => this.#writes.write(single, wanted)));
  }
}

/** The document that an update would have made. */
export async function refusedUpdate(table: Table, key: readonly Scalar[], change: Change<Doc>): Promise<Refused> {
  const before = await table.rows.findOne(equals(table.spec.key, key));
  return { table, doc: { ...before, ...change.set }, replaces: true };
}
