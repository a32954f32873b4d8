import { describe, expect, test } from 'vitest';
import type { Collection } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { open, readAll, readIds, type Thing, things } from './things.ts';

/** delete and deleteMany. */
export function deleteContract(engine: Engine): void {
  describe('delete', () => {
    async function withOne() {
      const collection = (await open(engine)).storage.collection(things);
      await collection.insert({ space: 's', id: 'a', rank: 1, email: 'a@b', note: 'n' });
      return collection;
    }

    test('removes the document and its index entries, and says whether it was there', async () => {
      const collection = await withOne();
      expect(await collection.delete(['s', 'b'])).toBe(false);
      expect(await collection.delete(['s', 'a'])).toBe(true);
      expect(await collection.delete(['s', 'a'])).toBe(false);
      expect(await collection.get(['s', 'a'])).toBeUndefined();
      expect(await collection.find('email', ['a@b'])).toBeUndefined();
      expect(await readIds(collection, { index: 'rank' })).toEqual([]);
    });

    test('with `expect` removes only a document that is so', async () => {
      const collection = await withOne();
      expect(await collection.delete(['s', 'a'], { note: 'm' })).toBe(false);
      expect(await collection.delete(['s', 'a'], { note: undefined })).toBe(false);
      expect(await collection.delete(['s', 'a'], { note: 'n', rank: 2 })).toBe(false);
      expect(await collection.get(['s', 'a'])).toBeDefined();
      expect(await collection.delete(['s', 'a'], { note: 'n', rank: 1, total: undefined })).toBe(true);
    });

    test('20 racing deletes: one removes it', async () => {
      const collection = await withOne();
      const results = await Promise.all(Array.from({ length: 20 }, () => collection.delete(['s', 'a'])));
      expect(results.filter(Boolean)).toHaveLength(1);
    });
  });

  describe('deleteMany', () => {
    async function filled(): Promise<Collection<Thing>> {
      const collection = (await open(engine)).storage.collection(things);
      for (const [i, id] of ['a', 'b', 'c', 'd', 'e'].entries())
        await collection.insert({ space: 's', id, rank: i % 2, email: id });
      await collection.insert({ space: 'r', id: 'z', rank: 0 });
      await collection.insert({ space: 's\u0001', id: '', rank: 0 });
      await collection.insert({ space: 'ss', id: '', rank: 0 });
      return collection;
    }
    const rest = async (collection: Collection<Thing>) => (await readAll(collection)).map(t => `${t.space}/${t.id}`);

    test('removes a range of the primary key and returns how many', async () => {
      const collection = await filled();
      expect(await collection.deleteMany({ prefix: ['s'], from: 'b', below: 'd' })).toBe(2);
      expect(await collection.deleteMany({ prefix: ['s'], from: 'b', below: 'd' })).toBe(0);
      expect(await rest(collection)).toEqual(['r/z', 's/a', 's/d', 's/e', 's\u0001/', 'ss/']);
      expect(await collection.find('email', ['b'])).toBeUndefined();
      expect(await collection.deleteMany({ prefix: ['s'] })).toBe(3);
      expect(await rest(collection)).toEqual(['r/z', 's\u0001/', 'ss/']);
      expect(await readIds(collection, { index: 'rank', prefix: ['s'] })).toEqual([]);
    });

    test('removes a range of an index', async () => {
      const collection = await filled();
      expect(await collection.deleteMany({ index: 'rank', prefix: ['s', 1] })).toBe(2);
      expect(await readIds(collection, { prefix: ['s'] })).toEqual(['a', 'c', 'e']);
      expect(await collection.deleteMany({ index: 'email', from: 'b' })).toBe(2);
      expect(await readIds(collection, { prefix: ['s'] })).toEqual(['a']);
    });

    test('of everything empties the collection', async () => {
      const collection = await filled();
      expect(await collection.deleteMany({})).toBe(8);
      expect(await rest(collection)).toEqual([]);
      expect(await collection.count({ index: 'rank' })).toBe(0);
      await collection.insert({ space: 's', id: 'a', email: 'a' });
      expect(await rest(collection)).toEqual(['s/a']);
    });

    // A server that reads whole collections has no use for thousands of documents.
    const many = engine.name === 'embedded' ? 2500 : 150;
    test(`of ${many} documents leaves their neighbours alone`, async () => {
      const { storage } = await open(engine);
      const collection = storage.collection(things);
      const ids = Array.from({ length: many }, (_, i) => `${i}`.padStart(5, '0'));
      await Promise.all(ids.map(id => collection.insert({ space: 's', id, rank: 1, email: id })));
      await collection.insert({ space: 'r', id: 'z', rank: 1 });
      await collection.insert({ space: 't', id: 'a', rank: 1 });
      expect(await collection.count({ prefix: ['s'] })).toBe(many);
      expect(await collection.deleteMany({ index: 'rank', prefix: ['s', 1] })).toBe(many);
      expect(await rest(collection)).toEqual(['r/z', 't/a']);
      expect(await collection.count({ index: 'email' })).toBe(0);
    });
  });
}
