/** The documents the contract is proved with. */

import { onTestFinished } from 'vitest';
import type { Collection, CollectionSpec, Scan, Storage } from '../../../src/storage/port.ts';
import type { Engine, EngineOptions, OpenedEngine } from '../../support/engines.ts';

export interface Thing {
  space: string;
  id: string;
  email?: string;
  rank?: number;
  at?: Date;
  note?: string;
  total?: number;
  ends_at?: Date;
}

/** One collection with an index of every kind. */
export const things: CollectionSpec<Thing> = {
  name: 'things',
  key: ['space', 'id'],
  indexes: [
    { name: 'email', fields: ['email'], unique: true },
    { name: 'rank', fields: ['space', 'rank'], include: ['note'] },
    { name: 'at', fields: ['at'] },
  ],
  expires: 'ends_at',
  owner: 'space',
};

/** A document whose key is one text. */
export interface Label {
  id: string;
  text?: string;
  version?: number;
}

/** One without indexes, and whose documents do not expire. */
export const labels: CollectionSpec<Label> = { name: 'labels', key: ['id'], whole: ['version'] };

/** A document that is a text above all. */
export interface Line {
  book: string;
  number: number;
  hash?: string;
  text: string;
}

/** One whose texts are read alone. */
export const lines: CollectionSpec<Line> = {
  name: 'lines',
  key: ['book', 'number'],
  indexes: [{ name: 'hashes', fields: ['book', 'hash'], unique: true }],
  text: 'text',
};

/** A fresh engine with these collections, unless others are given. It goes when the test is over. */
export async function open(engine: Engine, options: EngineOptions = {}): Promise<OpenedEngine> {
  const opened = await engine.open({ specs: [things, labels, lines], ...options });
  onTestFinished(() => opened.cleanup());
  return opened;
}

/** All items of a scan, page by page. */
export async function readAll<T>(collection: Collection<T>, scan: Partial<Scan> = {}): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await collection.scan({ limit: 100, ...scan, ...(cursor !== undefined && { cursor }) });
    items.push(...page.items);
    if (page.next === cursor && cursor !== undefined) throw new Error('the scan stands still');
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

/** The ids of a scan, in its order. */
export async function readIds(collection: Collection<Thing>, scan: Partial<Scan> = {}): Promise<string[]> {
  return (await readAll(collection, scan)).map(thing => thing.id);
}

/** Everything in both collections, also as the indexes show it: two equal dumps mean that nothing was changed. */
export async function dump(storage: Storage): Promise<unknown> {
  const collection = storage.collection(things);
  return {
    things: await readAll(collection),
    byEmail: await readAll(collection, { index: 'email' }),
    byRank: await readAll(collection, { index: 'rank' }),
    byAt: await readAll(collection, { index: 'at' }),
    labels: await readAll(storage.collection(labels)),
  };
}

/** The errors of the calls that failed. */
export function failures(results: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []));
}
