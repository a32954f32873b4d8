/** What was made of a whole collection, for as long as nothing is written to it. */

import type { Collection } from '../storage/port.ts';

/** By the states of collections: with a state goes what was kept of it. */
export type Kept<T> = WeakMap<object, T>;

/** Most documents of all parts that are kept of one collection. */
const MOST = 100_000;

/** What was made of parts of a collection, by their names; `size` counts the documents in it. */
export type KeptParts<T> = Kept<{ readonly byName: Map<string, T>; size: number }>;

/** What `read` gave in the present state of the collection; reads it where that is not known. Callers share it. */
export async function unlessChanged<T>(
  collection: Pick<Collection<object>, 'state'>,
  kept: Kept<T>,
  read: () => Promise<T>,
): Promise<T> {
  const state = await collection.state();
  const known = state && kept.get(state);
  if (known !== undefined) return known;
  const made = await read();
  if (state !== undefined && (await collection.state()) === state) kept.set(state, made);
  return made;
}

/**
 * As `unlessChanged`, of one of several things that are made of a collection; `sizeOf` says how many documents are in it. Where
 * there are too many the others are forgotten.
 */
export async function partUnlessChanged<T>(
  collection: Pick<Collection<object>, 'state'>,
  kept: KeptParts<T>,
  { name, sizeOf }: { readonly name: string; readonly sizeOf: (part: T) => number },
  read: () => Promise<T>,
): Promise<T> {
  const state = await collection.state();
  const known = state && kept.get(state)?.byName.get(name);
  if (known !== undefined) return known;
  const made = await read();
  if (state === undefined || (await collection.state()) !== state) return made;
  const size = sizeOf(made);
  const before = kept.get(state);
  const parts = before && before.size + size <= MOST ? before : { byName: new Map<string, T>(), size: 0 };
  kept.set(state, parts);
  if (size > MOST || parts.byName.has(name)) return made;
  parts.byName.set(name, made);
  parts.size += size;
  return made;
}
