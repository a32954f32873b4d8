/** What is asked of the storage, and how long that takes: it stands between storage and core. */

import { AppError } from '../../base/errors.ts';
import type { BlobStore, Collection, CollectionSpec, Storage } from '../../storage/port.ts';
import { BOUNDS, Durations } from './durations.ts';
import { counter, type Family } from './family.ts';

const OF_COLLECTIONS = [
  'get',
  'getMany',
  'find',
  'getEnded',
  'scan',
  'texts',
  'all',
  'insert',
  'put',
  'update',
  'delete',
  'deleteMany',
  'retire',
  'state',
  'count',
  'estimate',
  'sum',
] as const satisfies readonly (keyof Collection<object>)[];
const OF_BLOBS = [
  'put',
  'open',
  'stat',
  'delete',
  'list',
  'sweep',
  'count',
  'ping',
] as const satisfies readonly (keyof BlobStore)[];
const OF_STORAGE = ['increment', 'secret', 'commit', 'size', 'ping'] as const satisfies readonly (keyof Storage)[];

/** The operations of a process. */
export interface Operations {
  /** The same storage, observed. */
  observed(storage: Storage): Storage;
  families(): Family[];
}

interface Kind {
  readonly operation: string;
  readonly durations: Durations;
  failures: number;
}

/** None yet. */
export function countOperations(): Operations {
  const kinds: Kind[] = [];
  const kind = (operation: string): Kind => {
    const made = { operation, durations: new Durations(), failures: 0 };
    kinds.push(made);
    return made;
  };
  const ofCollections = OF_COLLECTIONS.map(name => [name, kind(snake(name))] as const);
  const ofBlobs = OF_BLOBS.map(name => [name, kind(`blob_${name}`)] as const);
  const ofStorage = OF_STORAGE.map(name => [name, kind(name)] as const);
  return {
    observed(storage) {
      const known = new Map<string, Collection<object>>();
      const collectionOf = (spec: CollectionSpec<object>) => {
        const present = known.get(spec.name);
        if (present !== undefined) return present;
        const made: Collection<object> = timed(storage.collection(spec), ofCollections);
        known.set(spec.name, made);
        return made;
      };
      return {
        ...timed(storage, ofStorage),
        description: storage.description,
        ready: storage.ready,
        get atomicCommit() {
          return storage.atomicCommit;
        },
        get changes() {
          return storage.changes;
        },
        collection: collectionOf as Storage['collection'],
        blobs: timed(storage.blobs, ofBlobs),
        snapshot: () => storage.snapshot(),
        fill: copy => storage.fill(copy),
        checkIndexes: repair => storage.checkIndexes(repair),
        close: () => storage.close(),
      };
    },
    families() {
      const used = kinds.filter(({ durations }) => durations.any);
      const failures = used.map(({ operation, failures }) => ({ labels: { operation }, value: failures }));
      return [
        {
          name: 'keybin_storage_operation_duration_seconds',
          help: 'What was asked of the storage, and how long it took; storing a blob takes as long as its client sends.',
          type: 'histogram',
          aggregator: 'sum',
          bounds: BOUNDS,
          distributions: used.map(({ operation, durations }) => durations.told({ operation })),
        },
        counter(
          'keybin_storage_failures',
          'Operations that failed because of the storage, not of what was asked.',
          failures,
        ),
      ];
    },
  };
}

/** The methods of these names, each counted as its kind. */
function timed<T extends object, K extends keyof T>(target: T, methods: readonly (readonly [K, Kind])[]): Pick<T, K> {
  const wrapped = methods.map(([name, kind]) => {
    const method = (target[name] as (...args: unknown[]) => Promise<unknown>).bind(target);
    return [name, (...args: unknown[]) => note(kind, performance.now(), method(...args))];
  });
  return Object.fromEntries(wrapped);
}

function note(kind: Kind, began: number, work: Promise<unknown>): Promise<unknown> {
  return work.then(
    result => {
      kind.durations.add(performance.now() - began);
      return result;
    },
    error => {
      kind.durations.add(performance.now() - began);
      if (!(error instanceof AppError) || error.status >= 500) kind.failures++;
      throw error;
    },
  );
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}
