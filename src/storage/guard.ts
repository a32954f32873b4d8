/** Engines whose data nobody may change for a while: each write is refused before the engine sees it. */

import { ReadOnlyError } from '../base/errors.ts';
import type { BlobStore, Collection, CollectionSpec, Storage } from './port.ts';

type Kind = 'reads' | 'writes';

const COLLECTION: Readonly<Record<keyof Collection<object>, Kind>> = {
  get: 'reads',
  getMany: 'reads',
  find: 'reads',
  getEnded: 'reads',
  scan: 'reads',
  texts: 'reads',
  all: 'reads',
  state: 'reads',
  count: 'reads',
  sum: 'reads',
  estimate: 'reads',
  insert: 'writes',
  put: 'writes',
  update: 'writes',
  delete: 'writes',
  deleteMany: 'writes',
  retire: 'writes',
};

/** `secret` makes what is missing: it reads, as everything does that wants to know one. */
const STORAGE: Readonly<Record<Exclude<keyof Storage, keyof Facts | 'collection' | 'blobs'>, Kind>> = {
  secret: 'reads',
  snapshot: 'reads',
  checkIndexes: 'reads',
  size: 'reads',
  ping: 'reads',
  close: 'reads',
  increment: 'writes',
  commit: 'writes',
  fill: 'writes',
};

type Facts = Pick<Storage, 'description' | 'ready' | 'atomicCommit' | 'changes'>;

const BLOBS: Readonly<Record<keyof BlobStore, Kind>> = {
  open: 'reads',
  stat: 'reads',
  list: 'reads',
  count: 'reads',
  ping: 'reads',
  put: 'writes',
  delete: 'writes',
  sweep: 'writes',
};

/** The same storage, of which every write rejects with `ReadOnlyError` as long as `readOnly` says so. */
export function guardWrites(storage: Storage, readOnly: () => boolean): Storage {
  const guarded = new Map<string, Collection<object>>();
  const parts: Pick<Storage, 'blobs' | 'collection'> = {
    blobs: methodsOf(storage.blobs, BLOBS, readOnly),
    collection: <T extends object>(spec: CollectionSpec<T>) => {
      let collection = guarded.get(spec.name);
      if (collection === undefined) {
        collection = methodsOf(storage.collection(spec) as unknown as Collection<object>, COLLECTION, readOnly);
        guarded.set(spec.name, collection);
      }
      return collection as unknown as Collection<T>;
    },
  };
  const facts: Facts = {
    description: storage.description,
    ready: storage.ready,
    get atomicCommit() {
      return storage.atomicCommit;
    },
    get changes() {
      return storage.changes;
    },
  };
  const methods = Object.assign(methodsOf(storage, STORAGE, readOnly), parts);
  return Object.defineProperties(methods, Object.getOwnPropertyDescriptors(facts));
}

function methodsOf<T extends object>(inner: T, kinds: Readonly<Record<string, Kind>>, readOnly: () => boolean): T {
  const methods = inner as Readonly<Record<string, (...args: unknown[]) => unknown>>;
  const own = Object.entries(kinds).map(([name, kind]) => {
    const method = methods[name]?.bind(inner);
    // Not async: it would be one promise more for each write, and an upload has ten thousand.
    const guarded = (...args: unknown[]) => (readOnly() ? Promise.reject(new ReadOnlyError()) : method?.(...args));
    return [name, kind === 'reads' ? method : guarded];
  });
  return Object.fromEntries(own);
}
