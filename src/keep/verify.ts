import { createHash } from 'node:crypto';
import { blobRefsSpec } from '../core/collections.ts';
import { compareScalars } from '../storage/cursor.ts';
import type { AnyDoc, Scalar } from '../storage/port.ts';
import type { Backup } from './file/read.ts';
import { HashList } from './hash-list.ts';
import { documentsIn, type Item, type Spec, UnsoundContent } from './items.ts';

/** What a backup was found to hold. */
export interface Report {
  readonly documents: number;
  readonly blobs: number;
  readonly bytes: number;
  /** When its documents were as they are in it; and whether that holds for all of them. */
  readonly moment: Date | undefined;
  readonly oneMoment: boolean;
  /** A sentence for each thing that a storage would not hold, some of them. */
  readonly problems: readonly string[];
}

/** Most problems that are named. */
const NAMED = 20;

/** Reads all of a backup. Throws `BackupError` where it is not what was written. */
export async function verifyBackup(
  { items, manifest, totals }: Backup,
  specs: readonly Spec[],
  passed: (records: number) => void = () => {},
): Promise<Report> {
  const findings = new Findings(specs);
  for await (const item of items) {
    await findings.take(item);
    passed('docs' in item ? item.docs.length : 1);
  }
  if (!manifest.excluded.includes('blobs')) findings.demandContents();
  const { moment, oneMoment, problems } = findings;
  return { documents: documentsIn(totals), blobs: totals.blobs, bytes: totals.bytes, moment, oneMoment, problems };
}

class Findings {
  moment: Date | undefined;
  oneMoment = false;
  readonly problems: string[] = [];
  readonly #contents = new Contents();
  readonly #orders: ReadonlyMap<string, Order>;

  constructor(specs: readonly Spec[]) {
    this.#orders = new Map(specs.map(spec => [spec.name, new Order(spec, text => this.#problem(text))]));
  }

  async take(item: Item): Promise<void> {
    if ('docs' in item) this.#documents(item.in, item.docs);
    else if ('blob' in item) {
      if (await isSound(item.content)) this.#contents.add(item.blob);
    } else if ('moment' in item) {
      this.moment = item.moment;
      this.oneMoment = item.oneMoment;
    }
  }

  /** What documents refer to has to be there. */
  demandContents(): void {
    for (const hash of this.#contents.wanted)
      this.#problem(`documents refer to the content ${hash}, which is not there, or was damaged before`);
  }

  #documents(collection: string, docs: readonly AnyDoc[]): void {
    const order = this.#orders.get(collection);
    if (order === undefined) this.#problem(`the collection ${collection} is not known to this program`);
    for (const doc of docs) {
      order?.take(doc);
      if (collection === blobRefsSpec.name) this.#contents.want(String(doc.hash));
    }
  }

  #problem(text: string): void {
    if (this.problems.length < NAMED) this.problems.push(text);
  }
}

/** Contents that are there, and those that are wanted and are not. Most come in order, and before anybody wants them. */
class Contents {
  readonly wanted = new Set<string>();
  readonly #ordered = new HashList();
  readonly #others = new Set<string>();

  add(sha256: string): void {
    if (!this.#ordered.add(sha256)) this.#others.add(sha256);
    this.wanted.delete(sha256);
  }

  want(sha256: string): void {
    if (!this.#ordered.has(sha256) && !this.#others.has(sha256)) this.wanted.add(sha256);
  }
}

/** Whether the content was what it is called when it was written. */
async function isSound(content: AsyncIterable<Uint8Array>): Promise<boolean> {
  try {
    for await (const _ of content);
    return true;
  } catch (error) {
    if (error instanceof UnsoundContent) return false;
    throw error;
  }
}

/** Whether the documents of a collection come in the order of their keys, each once, and unique values as well. */
class Order {
  readonly #spec: Spec;
  readonly #problem: (text: string) => void;
  readonly #unique: readonly {
    readonly name: string;
    readonly fields: readonly string[];
    readonly seen: Set<string>;
  }[];
  #before: Scalar[] | undefined;

  constructor(spec: Spec, problem: (text: string) => void) {
    this.#spec = spec;
    this.#problem = problem;
    const unique = (spec.indexes ?? []).filter(index => index.unique);
    this.#unique = unique.map(({ name, fields }) => ({ name, fields, seen: new Set() }));
  }

  take(doc: AnyDoc): void {
    const key = this.#spec.key.map(field => doc[field] as Scalar);
    if (key.includes(undefined as never)) this.#problem(`a document of ${this.#spec.name} lacks a part of its key`);
    else if (this.#before !== undefined && !isBehind(key, this.#before)) {
      this.#problem(`documents of ${this.#spec.name} are not in order, or one is there twice`);
    }
    this.#before = key;
    for (const { name, fields, seen } of this.#unique) {
      const values = fields.map(field => doc[field]);
      if (values.includes(undefined)) continue;
      const identity = createHash('sha256').update(JSON.stringify(values)).digest().toString('latin1', 0, 16);
      if (seen.has(identity)) this.#problem(`two documents of ${this.#spec.name} have one ${name}`);
      seen.add(identity);
    }
  }
}

function isBehind(key: readonly Scalar[], before: readonly Scalar[]): boolean {
  for (const [i, value] of key.entries()) {
    const order = compareScalars(before[i] as Scalar, value);
    if (order !== 0) return order < 0;
  }
  return false;
}
