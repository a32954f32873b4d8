import type { Collection, CollectionSpec, Storage } from '../../src/storage/port.ts';

/** A call of a collection's method, before it reaches the storage or after it did. */
export interface Call {
  readonly collection: string;
  readonly method: string;
  readonly when: 'before' | 'after';
}

/** The storage, with a word in every call of its collections: `hook` may wait, do something else first, or throw. */
export function intercept(storage: Storage, hook: (call: Call) => Promise<void>): Storage {
  const collection = <T extends object>(spec: CollectionSpec<T>): Collection<T> =>
    new Proxy(storage.collection(spec), {
      get(target, method: string & keyof Collection<T>) {
        return async (...args: unknown[]) => {
          await hook({ collection: spec.name, method, when: 'before' });
          const result: unknown = await Reflect.apply(target[method], target, args);
          await hook({ collection: spec.name, method, when: 'after' });
          return result;
        };
      },
    });
  return new Proxy(storage, {
    get(target, name) {
      if (name === 'collection') return collection;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
