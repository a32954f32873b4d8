/** What was made of a whole collection, for as long as nothing is written to it. */

import type { Collection } from '../storage/port.ts';

/** By the states of collections: with a state goes what was kept of it. */
export type Kept<T> = WeakMap<object, T>;

/** Most documents of a collection that are kept. */
export const MOST_KEPT = 100_000;

/** What `read` gave in the present state of the collection; reads it where that is not known. Callers share it. */
export async function unlessChanged<T>(
  collection: Pick<Collection<object>, 'state'>,
  kept: Kept<T>,
  read: () => Promise<T>,
  isFew: (made: T) => boolean = () => true,
): Promise<T> {
  const state = await collection.state();
  const known = state && kept.get(state);
  if (known !== undefined) return known;
  const made = await read();
  if (state !== undefined && isFew(made) && (await collection.state()) === state) kept.set(state, made);
  return made;
}

const wholes: Kept<readonly object[]> = new WeakMap();

/** All documents of a collection, as its spec tells them as a whole. */
export function wholeOf<T extends object>(collection: Collection<T>): Promise<readonly Readonly<T>[]> {
  const kept = wholes as Kept<readonly Readonly<T>[]>;
  return unlessChanged(
    collection,
    kept,
    () => collection.all(),
    ({ length }) => length <= MOST_KEPT,
  );
}

interface Owned {
  readonly user_id: string;
}

/** Documents by their owners, and the list they were taken from. */
interface ByOwner<T extends Owned> {
  readonly list: readonly T[];
  readonly docs: Map<string, T>;
}

const byOwners = new WeakMap<object, ByOwner<Owned>>();

/** As `wholeOf`, of a collection that has one document for each owner, by those: only what has changed is put in anew. */
export async function wholeByOwner<T extends Owned>(
  collection: Collection<T>,
): Promise<ReadonlyMap<string, Readonly<T>>> {
  const list = await wholeOf(collection);
  const known = byOwners.get(collection) as ByOwner<Readonly<T>> | undefined;
  const docs = (known && patched(known, list)) ?? new Map(list.map(doc => [doc.user_id, doc]));
  if (list.length <= MOST_KEPT) byOwners.set(collection, { list, docs });
  return docs;
}

/** The same documents with those that were changed; undefined where others came or went. */
function patched<T extends Owned>({ list, docs }: ByOwner<T>, now: readonly T[]): Map<string, T> | undefined {
  if (!haveSameOwners(list, now)) return undefined;
  for (const [i, doc] of now.entries()) if (doc !== list[i]) docs.set(doc.user_id, doc);
  return docs;
}

/** Whether one list has documents of the same owners at the same places as the other. */
export function haveSameOwners(before: readonly Owned[], now: readonly Owned[]): boolean {
  return before.length === now.length && now.every((doc, i) => doc === before[i] || doc.user_id === before[i]?.user_id);
}
