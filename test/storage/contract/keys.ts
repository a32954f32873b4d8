import { describe, expect, test } from 'vitest';
import { DuplicateKeyError, InvalidInputError } from '../../../src/base/errors.ts';
import type { Engine } from '../../support/engines.ts';
import { open, readIds, things } from './things.ts';

/** get, insert and put by primary key. */
export function keysContract(engine: Engine): void {
  describe('primary key', () => {
    test('get returns what insert stored, and nothing beside it', async () => {
      const { storage } = await open(engine);
      const doc = { space: 's', id: 'a', email: 'a@b', rank: 1, note: 'n' };
      await storage.collection(things).insert(doc);
      expect(await storage.collection(things).get(['s', 'a'])).toStrictEqual(doc);
    });

    test('get of a key that is not there is undefined', async () => {
      const collection = (await open(engine)).storage.collection(things);
      await collection.insert({ space: 's', id: 'a' });
      expect(await collection.get(['s', 'b'])).toBeUndefined();
      expect(await collection.get(['a', 's'])).toBeUndefined();
      expect(await collection.get(['', ''])).toBeUndefined();
    });

    test('all fields of the key count', async () => {
      const collection = (await open(engine)).storage.collection(things);
      await collection.insert({ space: 'a', id: 'bc', note: '1' });
      await collection.insert({ space: 'ab', id: 'c', note: '2' });
      await collection.insert({ space: 'abc', id: '', note: '3' });
      expect(await collection.get(['a', 'bc'])).toMatchObject({ note: '1' });
      expect(await collection.get(['ab', 'c'])).toMatchObject({ note: '2' });
      expect(await collection.get(['abc', ''])).toMatchObject({ note: '3' });
    });

    test('insert of a key that is taken is a DuplicateKeyError and changes nothing', async () => {
      const collection = (await open(engine)).storage.collection(things);
      await collection.insert({ space: 's', id: 'a', note: 'first', rank: 1 });
      const error = await collection.insert({ space: 's', id: 'a', note: 'second', rank: 2 }).catch(e => e);
      expect(error).toBeInstanceOf(DuplicateKeyError);
      expect(error.index).toBe('primary');
      expect(await collection.get(['s', 'a'])).toStrictEqual({ space: 's', id: 'a', note: 'first', rank: 1 });
      expect(await readIds(collection, { index: 'rank', prefix: ['s'], from: 2 })).toEqual([]);
    });

    test('put stores a new document', async () => {
      const collection = (await open(engine)).storage.collection(things);
      await collection.put({ space: 's', id: 'a', rank: 1 });
      expect(await collection.get(['s', 'a'])).toStrictEqual({ space: 's', id: 'a', rank: 1 });
    });

    test('put replaces the whole document and moves its index entries', async () => {
      const collection = (await open(engine)).storage.collection(things);
      await collection.put({ space: 's', id: 'a', rank: 1, email: 'old', note: 'n' });
      await collection.put({ space: 's', id: 'a', rank: 2, email: 'new' });
      expect(await collection.get(['s', 'a'])).toStrictEqual({ space: 's', id: 'a', rank: 2, email: 'new' });
      expect(await collection.find('email', ['old'])).toBeUndefined();
      expect(await collection.find('email', ['new'])).toMatchObject({ id: 'a' });
      expect(await readIds(collection, { index: 'rank', prefix: ['s', 1] })).toEqual([]);
      expect(await readIds(collection, { index: 'rank', prefix: ['s', 2] })).toEqual(['a']);
    });

    test('20 parallel puts of one key leave one of the documents, and one entry in each index', async () => {
      const collection = (await open(engine)).storage.collection(things);
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => collection.put({ space: 's', id: 'a', rank: i, email: `${i}` })),
      );
      const doc = await collection.get(['s', 'a']);
      expect(doc?.email).toBe(`${doc?.rank}`);
      const ranks = (await collection.scan({ index: 'rank', prefix: ['s'], limit: 100 })).items.map(t => t.rank);
      expect(ranks).toEqual([doc?.rank]);
      expect(await readIds(collection, { index: 'email' })).toEqual(['a']);
    });

    test('20 parallel inserts of one key: one wins', async () => {
      const collection = (await open(engine)).storage.collection(things);
      const attempts = Array.from({ length: 20 }, (_, i) => collection.insert({ space: 's', id: 'a', note: `${i}` }));
      const results = await Promise.allSettled(attempts);
      expect(results.filter(r => r.status === 'fulfilled')).toHaveLength(1);
      for (const r of results) if (r.status === 'rejected') expect(r.reason).toBeInstanceOf(DuplicateKeyError);
      const winner = results.findIndex(r => r.status === 'fulfilled');
      expect(await collection.get(['s', 'a'])).toMatchObject({ note: `${winner}` });
    });

    test.each([
      ['U+0000', 'a\0b'],
      ['a lone high surrogate', 'a\ud800'],
      ['a lone low surrogate', '\udc00a'],
      ['more than 1500 bytes', 'é'.repeat(751)],
    ])('a key with %s is refused by every method', async (_, bad) => {
      const { storage } = await open(engine);
      const collection = storage.collection(things);
      const calls = [
        collection.get(['s', bad]),
        collection.insert({ space: 's', id: bad }),
        collection.put({ space: bad, id: 'a' }),
        collection.update(['s', bad], { set: { note: 'n' } }),
        collection.delete(['s', bad]),
        collection.scan({ prefix: [bad], limit: 1 }),
        collection.scan({ prefix: ['s'], from: bad, limit: 1 }),
        collection.count({ prefix: ['s'], below: bad }),
        collection.deleteMany({ prefix: [bad] }),
        collection.find('email', [bad]),
        collection.insert({ space: 's', id: 'a', email: bad }),
        collection.put({ space: 's', id: 'a', email: bad }),
        storage.commit([{ in: things, insert: { space: 's', id: bad } }]),
      ];
      for (const result of await Promise.allSettled(calls)) {
        expect(result.status === 'rejected' && result.reason).toBeInstanceOf(InvalidInputError);
      }
      expect(await readIds(collection)).toEqual([]);
    });

    test('what is no scalar is refused, operators of a query language above all', async () => {
      const collection = (await open(engine)).storage.collection(things);
      await collection.insert({ space: 's', id: 'a', email: 'a@b' });
      for (const bad of [{ $gt: '' }, ['a'], null, undefined, true, Number.NaN, /a/, new Date(Number.NaN)]) {
        const value = bad as unknown as string;
        await expect(collection.get(['s', value])).rejects.toBeInstanceOf(InvalidInputError);
        await expect(collection.find('email', [value])).rejects.toBeInstanceOf(InvalidInputError);
        await expect(collection.delete(['s', value])).rejects.toBeInstanceOf(InvalidInputError);
        await expect(collection.deleteMany({ prefix: [value] })).rejects.toBeInstanceOf(InvalidInputError);
      }
      expect(await readIds(collection)).toEqual(['a']);
    });

    test('a key of 1480 bytes works, and so does one in the index', async () => {
      const collection = (await open(engine)).storage.collection(things);
      const long = '€'.repeat(493);
      await collection.insert({ space: 's', id: long });
      await collection.insert({ space: 's', id: `${long}a`, rank: 1 });
      expect(await collection.get(['s', long])).toStrictEqual({ space: 's', id: long });
      expect(await readIds(collection)).toEqual([long, `${long}a`]);
    });
  });
}
