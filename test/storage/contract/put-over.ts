import { describe, expect, test } from 'vitest';
import { DuplicateKeyError } from '../../../src/base/errors.ts';
import { type Engine, needs } from '../../support/engines.ts';
import { open, readIds, type Thing, things } from './things.ts';

/** A put that replaces only what is as its caller says. */
export function putOverContract(engine: Engine): void {
  describe('put over something', () => {
    async function opened(...docs: Partial<Thing>[]) {
      const { storage, another, clock } = await open(engine);
      const collection = storage.collection(things);
      for (const doc of docs) await collection.insert({ space: 's', id: 'a', ...doc });
      return { another, clock, collection };
    }
    const next = { space: 's', id: 'a', rank: 2 };

    test('stores it where nothing is', async () => {
      const { collection } = await opened({ id: 'b' });
      expect(await collection.put(next, { note: 'n' })).toBe(true);
      expect(await collection.get(['s', 'a'])).toStrictEqual(next);
    });

    test('replaces the whole of what is as expected, and moves its index entries', async () => {
      const { collection } = await opened({ rank: 1, email: 'e', total: 5 });
      expect(await collection.put(next, { email: 'e', note: undefined })).toBe(true);
      expect(await collection.get(['s', 'a'])).toStrictEqual(next);
      expect(await collection.find('email', ['e'])).toBeUndefined();
      expect(await readIds(collection, { index: 'rank', prefix: ['s', 2] })).toEqual(['a']);
      expect(await collection.count({ index: 'rank', prefix: ['s', 1] })).toBe(0);
    });

    test('leaves what is otherwise as it is', async () => {
      const there = { space: 's', id: 'a', rank: 1, note: 'n', email: 'e' };
      const { collection } = await opened(there);
      for (const over of [{ note: undefined }, { note: 'm' }, { rank: 2 }, { note: 'n', email: undefined }]) {
        expect(await collection.put(next, over)).toBe(false);
      }
      expect(await collection.get(['s', 'a'])).toStrictEqual(there);
      expect(await collection.count({ prefix: ['s'] })).toBe(1);
    });

    test('leaves what has ended to whoever puts something in its place', async () => {
      const { collection, clock } = await opened();
      await collection.put({ ...next, ends_at: new Date(clock.now() + 1000) });
      expect(await collection.put({ ...next, ends_at: new Date(clock.now() + 2000) }, { rank: 2 })).toBe(true);
      clock.advance(2000);
      expect(await collection.put(next, { rank: 2 })).toBe(false);
      expect(await collection.get(['s', 'a'])).toBeUndefined();
      expect(await collection.put(next)).toBe(true);
    });

    test('with a unique value that another one has is a DuplicateKeyError, and nothing is put', async context => {
      needs(context, engine, 'uniqueUpdates');
      const { collection } = await opened({ rank: 1 }, { id: 'b', email: 'e' });
      await expect(collection.put({ ...next, email: 'e' }, { rank: 1 })).rejects.toBeInstanceOf(DuplicateKeyError);
      await expect(collection.put({ ...next, id: 'c', email: 'e' }, { rank: 1 })).rejects.toMatchObject({
        index: 'email',
      });
      expect(await collection.put({ ...next, email: 'e' }, { rank: 9 })).toBe(false);
      expect(await readIds(collection, { prefix: ['s'] })).toEqual(['a', 'b']);
    });

    test('of many at the same time tells each its own', async () => {
      const { collection } = await opened();
      for (let i = 0; i < 30; i++) {
        await collection.insert({ space: 's', id: `${i}`, rank: 0, ...(i % 4 === 1 && { note: 'n' }) });
      }
      const numbers = Array.from({ length: 40 }, (_, i) => i);
      const isPut = numbers.map(i => i >= 30 || i % 4 !== 1);
      const puts = numbers.map(i => collection.put({ space: 's', id: `${i}`, rank: i }, { note: undefined }));
      expect(await Promise.all(puts)).toEqual(isPut);
      const found = await Promise.all(numbers.map(i => collection.get(['s', `${i}`])));
      expect(found.map(doc => doc?.rank)).toEqual(numbers.map((i, at) => (isPut[at] ? i : 0)));
    });

    test('over two handles: one that makes it otherwise ends the others, and is not replaced', async () => {
      const { collection, another } = await opened({ rank: 0 });
      const other = (await another()).collection(things);
      const racing = Array.from({ length: 30 }, async (_, i) => {
        if (i === 15) return other.update(['s', 'a'], { set: { note: 'kept' } });
        return (i % 2 ? other : collection).put({ space: 's', id: 'a', rank: i }, { note: undefined });
      });
      await Promise.all(racing);
      expect(await collection.get(['s', 'a'])).toMatchObject({ note: 'kept' });
      expect(await collection.count({ prefix: ['s'] })).toBe(1);
    });
  });
}
