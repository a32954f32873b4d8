import { describe, expect, test } from 'vitest';
import type { CollectionSpec } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { open, things } from './things.ts';

interface Parcel {
  owner: string;
  id: string;
  weight?: number;
  pieces?: number;
  ends_at?: Date;
}

/** With an index that has what is added up. */
const parcels: CollectionSpec<Parcel> = {
  name: 'parcels',
  key: ['owner', 'id'],
  indexes: [{ name: 'weight', fields: ['owner', 'id'], include: ['weight', 'pieces'] }],
  expires: 'ends_at',
  owner: 'owner',
};

/** How many documents, and sums of their fields. */
export function sumContract(engine: Engine): void {
  describe('sum', () => {
    test('adds up fields of a range, by an index that has them or by the documents', async () => {
      const collection = (await open(engine, { specs: [parcels] })).storage.collection(parcels);
      await collection.insert({ owner: 'a', id: '1', weight: 5, pieces: 1 });
      await collection.insert({ owner: 'a', id: '2', weight: 2.5 });
      await collection.insert({ owner: 'a', id: '3', pieces: 7 });
      await collection.insert({ owner: 'aa', id: '1', weight: 1000 });
      await collection.insert({ owner: 'b', id: '1', weight: 2 ** 40 });
      for (const index of [{ index: 'weight' }, {}]) {
        const of = (range: object, fields: ('weight' | 'pieces')[]) => collection.sum({ ...index, ...range }, fields);
        expect(await of({ prefix: ['a'] }, ['weight', 'pieces'])).toEqual({ documents: 3, sums: [7.5, 8] });
        expect(await of({ prefix: ['a'], from: '2' }, ['weight'])).toEqual({ documents: 2, sums: [2.5] });
        expect(await of({ prefix: ['a', '1'] }, ['pieces'])).toEqual({ documents: 1, sums: [1] });
        expect(await of({ prefix: ['b'] }, [])).toEqual({ documents: 1, sums: [] });
        expect(await of({ prefix: ['c'] }, ['weight'])).toEqual({ documents: 0, sums: [0] });
        expect(await of({}, ['weight'])).toEqual({ documents: 5, sums: [1007.5 + 2 ** 40] });
      }
    });

    test('follows what is written and leaves out what has expired', async () => {
      const { storage, clock } = await open(engine, { specs: [parcels] });
      const collection = storage.collection(parcels);
      const weight = async () => (await collection.sum({ index: 'weight', prefix: ['a'] }, ['weight'])).sums[0];
      await collection.put({ owner: 'a', id: '1', weight: 5 });
      await collection.put({ owner: 'a', id: '2', weight: 10, ends_at: new Date(clock.now() + 1) });
      expect(await weight()).toBe(15);
      await collection.put({ owner: 'a', id: '1', weight: 7 });
      expect(await weight()).toBe(17);
      await collection.update(['a', '1'], { add: { weight: -1 } });
      clock.advance(1);
      expect(await weight()).toBe(6);
      await collection.delete(['a', '1']);
      expect(await weight()).toBe(0);
    });

    test('of 2500 documents is complete, and by an index that lacks the field as well', async () => {
      const { storage } = await open(engine);
      const all = Array.from({ length: 2500 }, (_, i) => ({ space: 's', id: `${i}`, rank: i, total: i }));
      for (let at = 0; at < all.length; at += 250) {
        await storage.commit(all.slice(at, at + 250).map(insert => ({ in: things, insert })));
      }
      const collection = storage.collection(things);
      const expected = { documents: 2500, sums: [(2499 * 2500) / 2] };
      expect(await collection.sum({ prefix: ['s'] }, ['total'])).toEqual(expected);
      expect(await collection.sum({ index: 'rank', prefix: ['s'] }, ['total'])).toEqual(expected);
    });
  });
}
