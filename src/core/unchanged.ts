/** What was made of a whole collection, for as long as nothing is written to it. */

import type { Collection } from '../storage/port.ts';

/** By the states of collections: with a state goes what was kept of it. */
export type Kept<T> = WeakMap<object, T>;

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
