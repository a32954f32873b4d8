import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/base/errors.ts';
import type { Collection, CollectionSpec } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { labels, lines, open, type Thing, things } from './things.ts';

/** Documents at many keys at once. */
export function getManyContract(engine: Engine): void {
  describe('getMany', () => {
    test('returns the documents in the order of the keys, undefined for those that are not there', async () => {
      const collection = (await open(engine)).storage.collection(things);
      const a = { space: 's', id: 'a', email: 'e', at: new Date(5), total: 1 };
      const b = { space: 's', id: 'b', note: 'n' };
      const c = { space: 't', id: 'a' };
      for (const thing of [a, b, c]) await collection.insert(thing);
      const keys = [
        ['t', 'a'],
        ['s', 'nobody'],
        ['s', 'b'],
        ['t', 'b'],
        ['s', 'a'],
      ];
      expect(await collection.getMany(keys)).toStrictEqual([c, undefined, b, undefined, a]);
    });

    test('a key that occurs twice has its document twice', async () => {
      const collection = (await open(engine)).storage.collection(labels);
      await collection.put({ id: 'a', version: 1 });
      await collection.put({ id: 'b' });
      const found = await collection.getMany([['a'], ['x'], ['b'], ['a'], ['x']]);
      expect(found).toStrictEqual([
        { id: 'a', version: 1 },
        undefined,
        { id: 'b' },
        { id: 'a', version: 1 },
        undefined,
      ]);
    });

    test('of no key returns nothing', async () => {
      expect(await (await open(engine)).storage.collection(things).getMany([])).toEqual([]);
    });

    test('does not find what has expired', async () => {
      const { storage, clock } = await open(engine);
      const collection = storage.collection(things);
      await collection.insert({ space: 's', id: 'a', ends_at: new Date(clock.now() + 1) });
      await collection.insert({ space: 's', id: 'b' });
      const keys = [
        ['s', 'a'],
        ['s', 'b'],
      ];
      expect((await collection.getMany(keys)).map(thing => thing?.id)).toEqual(['a', 'b']);
      clock.advance(1);
      expect((await collection.getMany(keys)).map(thing => thing?.id)).toEqual([undefined, 'b']);
    });

    test('1200 keys in two spaces, a third of which are there', async () => {
      const { storage } = await open(engine);
      const all = Array.from({ length: 1200 }, (_, i) => ({ space: `s${i % 2}`, id: `${i}`, rank: i }));
      await storage.commit(all.filter(({ rank }) => rank % 3 === 0).map(insert => ({ in: things, insert })));
      const found = await storage.collection(things).getMany(all.map(({ space, id }) => [space, id]));
      expect(found).toStrictEqual(all.map(thing => (thing.rank % 3 === 0 ? thing : undefined)));
    });

    test('600 keys that have no field in common', async () => {
      const { storage } = await open(engine);
      const stored = Array.from({ length: 60 }, (_, i) => ({ space: `s${i * 10}`, id: `${i * 10}` }));
      await storage.commit(stored.map(insert => ({ in: things, insert })));
      const found = await storage.collection(things).getMany(Array.from({ length: 600 }, (_, i) => [`s${i}`, `${i}`]));
      expect(found.filter(thing => thing !== undefined)).toStrictEqual(stored);
      expect(found[590]).toStrictEqual(stored[59]);
    });

    test('dates and numbers in the key are told apart to the last bit', async () => {
      interface Visit {
        at: Date;
        weight: number;
        day: Date;
      }
      const visits: CollectionSpec<Visit> = { name: 'visits', key: ['at', 'weight', 'day'] };
      const collection = (await open(engine, { specs: [visits] })).storage.collection(visits);
      const stored = [
        { at: new Date(1), weight: 0.1, day: new Date(-1) },
        { at: new Date(1), weight: 0.1, day: new Date(8.64e15) },
        { at: new Date(2), weight: -1.5, day: new Date(0) },
        { at: new Date(2), weight: 2 ** 53 - 1, day: new Date(0) },
        { at: new Date(2), weight: 1e300, day: new Date(0) },
      ];
      for (const visit of stored) await collection.insert(visit);
      const keys = stored.map(({ at, weight, day }) => [new Date(at), weight, new Date(day)]);
      expect(await collection.getMany(keys)).toStrictEqual(stored);
      expect(await collection.getMany([[new Date(2), 0.1, new Date(-1)]])).toEqual([undefined]);
      expect(await collection.getMany([[new Date(1), 0.1 + 2 ** -50, new Date(-1)]])).toEqual([undefined]);
    });

    describe('by a unique index', () => {
      const byEmail = async (collection: Collection<Thing>, ...emails: string[]) =>
        (
          await collection.getMany(
            emails.map(email => [email]),
            'email',
          )
        ).map(thing => thing?.id);

      test('returns the documents in the order of the values, undefined where nobody has one', async () => {
        const collection = (await open(engine)).storage.collection(things);
        const a = { space: 's', id: 'a', email: 'e', at: new Date(5), total: 1 };
        const b = { space: 't', id: 'b', email: 'é' };
        for (const thing of [a, b, { space: 's', id: 'f' }]) await collection.insert(thing);
        const values = [['é'], ['E'], ['e'], ['a'], ['e']];
        expect(await collection.getMany(values, 'email')).toStrictEqual([b, undefined, a, undefined, a]);
        expect(await collection.getMany([], 'email')).toEqual([]);
      });

      test('does not find what has expired, was changed or was taken over', async () => {
        const { storage, clock } = await open(engine);
        const collection = storage.collection(things);
        await collection.insert({ space: 's', id: 'a', email: 'a', ends_at: new Date(clock.now() + 1) });
        for (const id of ['b', 'c', 'd']) await collection.insert({ space: 's', id, email: id });
        expect(await byEmail(collection, 'a', 'b', 'c', 'd')).toEqual(['a', 'b', 'c', 'd']);
        clock.advance(1);
        await collection.update(['s', 'b'], { set: { email: 'x' } });
        await collection.update(['s', 'c'], { unset: ['email'] });
        await collection.delete(['s', 'd']);
        await collection.insert({ space: 't', id: 'new', email: 'd' });
        expect(await byEmail(collection, 'a', 'b', 'c', 'd', 'x')).toEqual([
          undefined,
          undefined,
          undefined,
          'new',
          'b',
        ]);
      });

      test('1200 values of two fields, a third of which are there', async () => {
        const { storage } = await open(engine);
        const all = Array.from({ length: 1200 }, (_, number) => ({
          book: `b${number % 2}`,
          number,
          hash: `h${number}`,
          text: '',
        }));
        await storage.commit(all.filter(({ number }) => number % 3 === 0).map(insert => ({ in: lines, insert })));
        const values = all.map(({ book, hash }) => [book, hash]);
        const found = await storage.collection(lines).getMany(values, 'hashes');
        expect(found).toStrictEqual(all.map(line => (line.number % 3 === 0 ? line : undefined)));
      });

      test('one value that cannot be indexed refuses the call', async () => {
        const collection = (await open(engine)).storage.collection(things);
        for (const bad of ['a\0b', 'x'.repeat(1501), { $gt: '' } as never]) {
          await expect(collection.getMany([['a'], [bad]], 'email')).rejects.toBeInstanceOf(InvalidInputError);
        }
      });
    });

    test('one key that cannot be indexed refuses the call', async () => {
      const collection = (await open(engine)).storage.collection(things);
      for (const bad of ['a\0b', '\ud800', 'x'.repeat(1501), { $gt: '' } as never, null as never]) {
        const keys = [
          ['s', 'a'],
          ['s', bad],
        ];
        await expect(collection.getMany(keys)).rejects.toBeInstanceOf(InvalidInputError);
      }
    });
  });
}
