import { describe, expect, test } from 'vitest';
import { DuplicateKeyError } from '../../../src/base/errors.ts';
import type { Collection, CollectionSpec } from '../../../src/storage/port.ts';
import { type Engine, needs } from '../../support/engines.ts';
import { failures, open, type Thing, things } from './things.ts';

/** Unique indexes and `find`. */
export function uniqueContract(engine: Engine): void {
  describe('unique index', () => {
    async function withTwo() {
      const { storage, another } = await open(engine);
      const collection = storage.collection(things);
      await collection.insert({ space: 's', id: 'a', email: 'a@b', note: 'n' });
      await collection.insert({ space: 's', id: 'b', email: 'b@b' });
      return { storage, another, collection };
    }

    test('find returns the document that holds the value', async () => {
      const { collection } = await withTwo();
      expect(await collection.find('email', ['a@b'])).toStrictEqual({ space: 's', id: 'a', email: 'a@b', note: 'n' });
      expect(await collection.find('email', ['a@'])).toBeUndefined();
      expect(await collection.find('email', ['a@bb'])).toBeUndefined();
      expect(await collection.find('email', [''])).toBeUndefined();
    });

    const taken: Record<string, (collection: Collection<Thing>) => Promise<unknown>> = {
      'insert of a new document': c => c.insert({ space: 's', id: 'c', email: 'a@b' }),
      'put of a new document': c => c.put({ space: 's', id: 'c', email: 'a@b' }),
      'put of a document that is there': c => c.put({ space: 's', id: 'b', email: 'a@b' }),
      update: c => c.update(['s', 'b'], { set: { email: 'a@b' } }),
    };
    test.for(Object.entries(taken))(
      'a value that is taken is refused by %s, by the name of the index',
      async ([name, write], context) => {
        if (!name.endsWith('new document')) needs(context, engine, 'uniqueUpdates');
        const { collection } = await withTwo();
        const error = await write(collection).catch(e => e);
        expect(error).toBeInstanceOf(DuplicateKeyError);
        expect(error).toMatchObject({ index: 'email' });
        expect(await collection.get(['s', 'c'])).toBeUndefined();
        expect(await collection.get(['s', 'b'])).toStrictEqual({ space: 's', id: 'b', email: 'b@b' });
        expect(await collection.find('email', ['a@b'])).toMatchObject({ id: 'a' });
        expect(await collection.find('email', ['b@b'])).toMatchObject({ id: 'b' });
      },
    );

    test('a document may keep its own value', async () => {
      const { collection } = await withTwo();
      await collection.put({ space: 's', id: 'a', email: 'a@b', note: 'again' });
      expect(await collection.update(['s', 'a'], { set: { email: 'a@b' } })).toMatchObject({ note: 'again' });
      expect(await collection.find('email', ['a@b'])).toMatchObject({ note: 'again' });
    });

    test('a value is free again after delete, deleteMany, put, set and unset', async () => {
      const { collection } = await withTwo();
      const release = {
        delete: () => collection.delete(['s', 'x']),
        deleteMany: () => collection.deleteMany({ prefix: ['s', 'x'] }),
        put: () => collection.put({ space: 's', id: 'x' }),
        set: () => collection.update(['s', 'x'], { set: { email: 'other' } }),
        unset: () => collection.update(['s', 'x'], { unset: ['email'] }),
      };
      for (const [name, act] of Object.entries(release)) {
        await collection.put({ space: 's', id: 'x', email: 'wanted' });
        await act();
        expect(await collection.find('email', ['wanted']), name).toBeUndefined();
        await collection.insert({ space: 's', id: 'y', email: 'wanted' });
        await collection.delete(['s', 'y']);
      }
    });

    test('any number of documents may lack the field', async () => {
      const { collection } = await withTwo();
      for (const id of ['c', 'd', 'e']) await collection.insert({ space: 's', id });
      await collection.update(['s', 'a'], { unset: ['email'] });
      await collection.update(['s', 'b'], { unset: ['email'] });
      expect(await collection.count({ index: 'email' })).toBe(0);
      expect(await collection.count({})).toBe(5);
    });

    test('20 parallel inserts of one value: one wins', async () => {
      const { collection } = await withTwo();
      const attempts = Array.from({ length: 20 }, (_, i) =>
        collection.insert({ space: 's', id: `x${i}`, email: 'one' }),
      );
      const errors = failures(await Promise.allSettled(attempts));
      expect(errors).toHaveLength(19);
      for (const error of errors) expect(error).toMatchObject({ name: 'DuplicateKeyError', index: 'email' });
      expect(await collection.count({ index: 'email', prefix: ['one'] })).toBe(1);
      expect(await collection.count({ prefix: ['s'] })).toBe(3);
    });

    test('20 parallel inserts of one value over two handles: one wins', async () => {
      const { collection, another } = await withTwo();
      const other = (await another()).collection(things);
      const attempts = Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? collection : other).insert({ space: 's', id: `x${i}`, email: 'one' }),
      );
      const errors = failures(await Promise.allSettled(attempts));
      expect(errors).toHaveLength(19);
      for (const error of errors) expect(error).toBeInstanceOf(DuplicateKeyError);
      expect(await collection.find('email', ['one'])).toEqual(await other.find('email', ['one']));
    });

    test('an index over two fields is unique as a pair, and a document that lacks one is outside', async () => {
      interface Seat {
        id: string;
        row?: string;
        number?: number;
      }
      const seats: CollectionSpec<Seat> = {
        name: 'seats',
        key: ['id'],
        indexes: [{ name: 'place', fields: ['row', 'number'], unique: true }],
      };
      const collection = (await open(engine, { specs: [seats] })).storage.collection(seats);
      await collection.insert({ id: 'a', row: 'r', number: 1 });
      await collection.insert({ id: 'b', row: 'r', number: 2 });
      await collection.insert({ id: 'c', row: 'q', number: 1 });
      await collection.insert({ id: 'd', row: 'r' });
      await collection.insert({ id: 'e', row: 'r' });
      await collection.insert({ id: 'f', number: 1 });
      await expect(collection.insert({ id: 'g', row: 'r', number: 1 })).rejects.toMatchObject({ index: 'place' });
      await expect(collection.insert({ id: 'h', row: 'r', number: 2 })).rejects.toMatchObject({ index: 'place' });
      expect(await collection.find('place', ['r', 2])).toMatchObject({ id: 'b' });
      expect(await collection.count({ index: 'place', prefix: ['r'] })).toBe(2);
      expect(await collection.count({ index: 'place' })).toBe(3);
    });
  });
}
