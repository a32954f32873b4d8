import { describe, expect, test } from 'vitest';
import type { Collection, Scan } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { labels, open, readAll, readIds, type Thing, things } from './things.ts';

/** Five in the space `s` (two of one rank, one without rank), and neighbours that no scan of `s` may show. */
async function fill(collection: Collection<Thing>): Promise<void> {
  await collection.insert({ space: 's', id: 'a', rank: 2, note: 'na', total: 1 });
  await collection.insert({ space: 's', id: 'b', rank: 1, note: 'nb' });
  await collection.insert({ space: 's', id: 'c', rank: 2, total: 3 });
  await collection.insert({ space: 's', id: 'd', total: 4 });
  await collection.insert({ space: 's', id: 'e', rank: 10, note: 'ne' });
  await collection.insert({ space: 'r', id: 'z', rank: 99 });
  await collection.insert({ space: 's ', id: 'a', rank: 0 });
  await collection.insert({ space: 'ss', id: 'a', rank: 0 });
}

/** Ranges, order, covered scans and counting. */
export function scanContract(engine: Engine): void {
  describe('scan', () => {
    async function filled() {
      const collection = (await open(engine)).storage.collection(things);
      await fill(collection);
      return collection;
    }

    test('of an empty collection is an empty page without cursor', async () => {
      const collection = (await open(engine)).storage.collection(things);
      expect(await collection.scan({ limit: 10 })).toEqual({ items: [] });
      expect(await collection.scan({ index: 'rank', prefix: ['s'], limit: 10, order: 'desc' })).toEqual({ items: [] });
    });

    test('returns whole documents in the order of the primary key', async () => {
      const collection = await filled();
      const page = await collection.scan({ prefix: ['s'], limit: 2 });
      expect(page.items).toStrictEqual([
        { space: 's', id: 'a', rank: 2, note: 'na', total: 1 },
        { space: 's', id: 'b', rank: 1, note: 'nb' },
      ]);
      expect(page.next).toBeTypeOf('string');
      expect(await readIds(collection, { prefix: ['s'] })).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(await readIds(collection, { prefix: ['s'], order: 'desc' })).toEqual(['e', 'd', 'c', 'b', 'a']);
      expect((await readAll(collection)).map(t => t.space)).toEqual(['r', 's', 's', 's', 's', 's', 's ', 'ss']);
    });

    test('of an index orders by it, then by the key, and leaves out what lacks a field of it', async () => {
      const collection = await filled();
      expect(await readIds(collection, { index: 'rank', prefix: ['s'] })).toEqual(['b', 'a', 'c', 'e']);
      expect(await readIds(collection, { index: 'rank', prefix: ['s'], order: 'desc' })).toEqual(['e', 'c', 'a', 'b']);
      expect(await readIds(collection, { index: 'rank', prefix: ['s', 2] })).toEqual(['a', 'c']);
      expect(await readIds(collection, { index: 'rank', prefix: ['s', 2], order: 'desc' })).toEqual(['c', 'a']);
    });

    test.each(['asc', 'desc'] as const)('takes the range from (inclusive) to below (exclusive), %s', async order => {
      const collection = await filled();
      const ids = async (scan: object) => (await readIds(collection, { ...scan, order })).toSorted().join('');
      expect(await ids({ prefix: ['s'], from: 'b', below: 'd' })).toBe('bc');
      expect(await ids({ prefix: ['s'], from: 'bb', below: 'da' })).toBe('cd');
      expect(await ids({ prefix: ['s'], from: 'd' })).toBe('de');
      expect(await ids({ prefix: ['s'], below: 'b' })).toBe('a');
      expect(await ids({ prefix: ['s'], from: 'c', below: 'c' })).toBe('');
      expect(await ids({ prefix: ['s'], from: 'd', below: 'b' })).toBe('');
      expect(await ids({ index: 'rank', prefix: ['s'], from: 2 })).toBe('ace');
      expect(await ids({ index: 'rank', prefix: ['s'], from: 1, below: 10 })).toBe('abc');
      expect(await ids({ index: 'rank', prefix: ['s'], from: 2, below: 2 })).toBe('');
      expect(await ids({ index: 'rank', prefix: ['s'], from: 1.5, below: 2.5 })).toBe('ac');
      expect(await ids({ from: 's', below: 's ' })).toBe('abcde');
      expect(await ids({ index: 'rank', from: 's', below: 't' })).toBe('aaabce');
    });

    test('a date index takes dates', async () => {
      const collection = (await open(engine)).storage.collection(things);
      for (const [i, id] of ['a', 'b', 'c'].entries())
        await collection.insert({ space: 's', id, at: new Date(i * 1000) });
      expect(await readIds(collection, { index: 'at', from: new Date(1000) })).toEqual(['b', 'c']);
      expect(await readIds(collection, { index: 'at', below: new Date(1000), order: 'desc' })).toEqual(['a']);
      expect(await readIds(collection, { index: 'at', prefix: [new Date(1000)] })).toEqual(['b']);
      expect(await readIds(collection, { index: 'at', limit: 1 })).toEqual(['a', 'b', 'c']);
    });

    test('covered returns only key, index and included fields', async () => {
      const collection = await filled();
      const page = await collection.scan({ index: 'rank', prefix: ['s'], limit: 10, covered: true });
      expect(page.items).toStrictEqual([
        { space: 's', id: 'b', rank: 1, note: 'nb' },
        { space: 's', id: 'a', rank: 2, note: 'na' },
        { space: 's', id: 'c', rank: 2 },
        { space: 's', id: 'e', rank: 10, note: 'ne' },
      ]);
      const last = await collection.scan({ index: 'rank', prefix: ['s'], limit: 1, covered: true, order: 'desc' });
      expect(last.items).toStrictEqual([{ space: 's', id: 'e', rank: 10, note: 'ne' }]);
    });

    test('covered without an index returns only the key', async () => {
      const { storage } = await open(engine);
      await fill(storage.collection(things));
      const keys = { prefix: ['s'], covered: true };
      const ids = async (scan: Partial<Scan>) => readIds(storage.collection(things), { ...keys, ...scan });
      expect((await storage.collection(things).scan({ ...keys, from: 'd', limit: 1 })).items).toStrictEqual([
        { space: 's', id: 'd' },
      ]);
      expect(await ids({ limit: 2 })).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(await ids({ limit: 2, order: 'desc', below: 'e' })).toEqual(['d', 'c', 'b', 'a']);
      for (const id of ['a', 'b', 'c']) await storage.collection(labels).insert({ id, text: 'text', version: 1 });
      for (const limit of [1, 2, 3]) {
        const scan = { covered: true, from: 'b', limit };
        expect(await readAll(storage.collection(labels), scan)).toStrictEqual([{ id: 'b' }, { id: 'c' }]);
      }
    });

    test('settled has everything that was resolved before it', async () => {
      const { storage, another } = await open(engine);
      const collection = storage.collection(things);
      const other = (await another()).collection(things);
      const settled = { index: 'rank', prefix: ['s'], limit: 10, settled: true };
      const ranks = async (from: Collection<Thing>) => (await from.scan(settled)).items.map(({ rank }) => rank);
      for (let rank = 1; rank <= 10; rank++) {
        const insert: Thing = { space: 's', id: `${rank}`, rank };
        await (rank % 2 ? collection.insert(insert) : storage.commit([{ in: things, insert }]));
        expect(await ranks(rank % 3 ? collection : other)).toEqual(Array.from({ length: rank }, (_, i) => i + 1));
      }
    });

    test('covered shows included fields as they are after every kind of change', async () => {
      const { storage } = await open(engine);
      const collection = storage.collection(things);
      const covered = async () =>
        (await collection.scan({ index: 'rank', prefix: ['s'], limit: 10, covered: true })).items;
      await collection.insert({ space: 's', id: 'a', rank: 1, note: 'inserted' });
      await collection.put({ space: 's', id: 'a', rank: 1, note: 'put', total: 1 });
      expect(await covered()).toStrictEqual([{ space: 's', id: 'a', rank: 1, note: 'put' }]);
      await collection.update(['s', 'a'], { set: { note: 'updated' } });
      expect(await covered()).toStrictEqual([{ space: 's', id: 'a', rank: 1, note: 'updated' }]);
      await collection.update(['s', 'a'], { unset: ['note'] });
      expect(await covered()).toStrictEqual([{ space: 's', id: 'a', rank: 1 }]);
      await storage.commit([{ in: things, update: ['s', 'a'], change: { set: { note: 'committed' } } }]);
      expect(await covered()).toStrictEqual([{ space: 's', id: 'a', rank: 1, note: 'committed' }]);
      await collection.update(['s', 'a'], { add: { rank: 1 } });
      expect(await covered()).toStrictEqual([{ space: 's', id: 'a', rank: 2, note: 'committed' }]);
    });
  });

  describe('count', () => {
    test('counts the documents of a range, at most as many as the cap', async () => {
      const collection = (await open(engine)).storage.collection(things);
      await fill(collection);
      expect(await collection.count({})).toBe(8);
      expect(await collection.count({ prefix: ['s'] })).toBe(5);
      expect(await collection.count({ prefix: ['s'], from: 'b', below: 'd' })).toBe(2);
      expect(await collection.count({ prefix: ['s'] }, 3)).toBe(3);
      expect(await collection.count({ prefix: ['s'] }, 5)).toBe(5);
      expect(await collection.count({ prefix: ['s'] }, 6)).toBe(5);
      expect(await collection.count({ prefix: ['nobody'] })).toBe(0);
      expect(await collection.count({ index: 'rank', prefix: ['s'] })).toBe(4);
      expect(await collection.count({ index: 'rank', prefix: ['s', 2] })).toBe(2);
      expect(await collection.count({ index: 'rank', prefix: ['s'], from: 2 }, 2)).toBe(2);
    });

    test('counts documents that do not expire, at most as many as the cap', async () => {
      const { storage, reopen } = await open(engine);
      expect(await storage.collection(labels).count({})).toBe(0);
      for (const id of ['a', 'b', 'ba', 'bb', 'c']) await storage.collection(labels).insert({ id });
      const other = (await reopen()).collection(labels);
      expect(await other.delete(['a'])).toBe(true);
      for (const [cap, all, some] of [
        [undefined, 4, 3],
        [0, 0, 0],
        [1, 1, 1],
        [3, 3, 3],
        [4, 4, 3],
        [5, 4, 3],
      ] as const) {
        expect(await other.count({}, cap), `all, ${cap}`).toBe(all);
        expect(await other.count({ from: 'b', below: 'c' }, cap), `some, ${cap}`).toBe(some);
        expect(await other.count({ prefix: ['nobody'] }, cap)).toBe(0);
      }
    });
  });
}
