/** Random histories of one collection, and what it should hold after them. */

import fc from 'fast-check';
import type { CollectionSpec } from '../../src/storage/port.ts';

export interface Item {
  space: string;
  id: string;
  tag?: string;
  rank?: number;
  total?: number;
  ends_at?: Date;
}

export const items: CollectionSpec<Item> = {
  name: 'items',
  key: ['space', 'id'],
  indexes: [
    { name: 'tag', fields: ['tag'], unique: true },
    { name: 'rank', fields: ['space', 'rank'], include: ['total'] },
  ],
  expires: 'ends_at',
};

export const KEYS = ['a', 'b', 'c', '\uffff', '\u{1f600}'];
const id = fc.constantFrom(...KEYS);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const rank = fc.integer({ min: -2, max: 2 });

/** What a document holds beside its key; `life` in milliseconds. The tag `own` becomes one that no other key has. */
export interface Fields {
  tag?: string | undefined;
  rank?: number | undefined;
  total?: number | undefined;
  life?: number | undefined;
}

export type Writing =
  | { kind: 'insert' | 'put'; id: string; fields: Fields }
  | { kind: 'set'; id: string; fields: Fields; expectRank?: number | undefined }
  | { kind: 'add'; id: string; by: number }
  | { kind: 'delete'; id: string }
  | { kind: 'clear'; from: string };

/** A write, a commit of some, or time that passes. */
export type Step = Writing | { kind: 'commit'; writes: Writing[] } | { kind: 'wait'; ms: number };

/** Random steps; with `contested`, documents try to take unique values from each other. */
export function steps(contested: boolean): fc.Arbitrary<Step> {
  const fields = fc.record({
    tag: optional(contested ? fc.constantFrom('own', 't1', 't2', 't3') : fc.constant('own')),
    rank: optional(rank),
    total: optional(fc.integer({ min: 0, max: 9 })),
    life: optional(fc.integer({ min: 1, max: 20 })),
  });
  const writing: fc.Arbitrary<Writing> = fc.oneof(
    fc.record({ kind: fc.constantFrom('insert', 'put'), id, fields }),
    fc.record({ kind: fc.constant('set'), id, fields, expectRank: optional(rank) }),
    fc.record({ kind: fc.constant('add'), id, by: fc.integer({ min: -3, max: 3 }) }),
    fc.record({ kind: fc.constant('delete'), id }),
    fc.record({ kind: fc.constant('clear'), from: id }),
  );
  return fc.oneof(
    { weight: 6, arbitrary: writing },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit'), writes: fc.array(writing, { maxLength: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.integer({ min: 1, max: 15 }) }) },
  );
}

/** What `add` may not leave. */
export const BOUNDS = { total: { min: 0, max: 20 } };

/** The document that these fields make. */
export function toDoc(key: string, { tag, rank, total, life }: Fields, now: number): Item {
  return {
    space: 's',
    id: key,
    ...(tag !== undefined && { tag: tag === 'own' ? `own ${key}` : tag }),
    ...(rank !== undefined && { rank }),
    ...(total !== undefined && { total }),
    ...(life !== undefined && { ends_at: new Date(now + life) }),
  };
}

/** The change that leaves exactly these fields, except for the end. */
export function toChange(key: string, changed: Fields, now: number) {
  const { space: _space, id: _id, ...set } = toDoc(key, changed, now);
  const unset = (['tag', 'rank', 'total'] as const).filter(field => changed[field] === undefined);
  return { set, unset };
}

/** Order of texts. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What the collection should be. Each operation returns what the engine's should. */
export class Model {
  #docs = new Map<string, Item>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  docs(): Item[] {
    for (const [key, doc] of this.#docs)
      if (doc.ends_at && doc.ends_at.getTime() <= this.#now()) this.#docs.delete(key);
    return [...this.#docs.values()].toSorted((a, b) => byBytes(a.id, b.id));
  }

  commit(writes: readonly Writing[]): unknown {
    const before = new Map(this.#docs);
    for (const write of writes) {
      const answer = this.apply(write);
      const lost = answer === false && write.kind !== 'delete';
      if (typeof answer !== 'string' && !lost) continue;
      this.#docs = before;
      return lost ? 'conflict' : answer;
    }
    return true;
  }

  apply(operation: Writing): unknown {
    const live = this.docs();
    if (operation.kind === 'clear') {
      const gone = live.filter(doc => byBytes(doc.id, operation.from) >= 0);
      for (const doc of gone) this.#docs.delete(doc.id);
      return gone.length;
    }
    const old = this.#docs.get(operation.id);
    switch (operation.kind) {
      case 'insert':
        return old ? 'duplicate primary' : this.#store(toDoc(operation.id, operation.fields, this.#now()));
      case 'put':
        return this.#store(toDoc(operation.id, operation.fields, this.#now()));
      case 'set': {
        if (!old || (operation.expectRank !== undefined && old.rank !== operation.expectRank)) return false;
        const { set, unset } = toChange(operation.id, operation.fields, this.#now());
        const changed: Item = { ...old, ...set };
        for (const field of unset) delete changed[field];
        return this.#store(changed);
      }
      case 'add': {
        if (!old) return false;
        const total = (old.total ?? 0) + operation.by;
        if (total < BOUNDS.total.min || total > BOUNDS.total.max) return 'conflict';
        return this.#store({ ...old, total });
      }
      case 'delete':
        return this.#docs.delete(operation.id);
    }
  }

  #store(doc: Item): unknown {
    const holder = this.docs().find(other => other.id !== doc.id && doc.tag !== undefined && other.tag === doc.tag);
    if (holder) return 'duplicate tag';
    this.#docs.set(doc.id, doc);
    return true;
  }
}
