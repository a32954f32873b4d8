import { describe, expect, test } from 'vitest';
import { StartupError, StorageUnavailableError } from '../../../src/base/errors.ts';
import type { CollectionSpec } from '../../../src/storage/port.ts';
import { can, type Engine } from '../../support/engines.ts';
import { everyCall } from './calls.ts';
import { dump, labels, lines, open, readAll, readIds, type Thing, things } from './things.ts';

const withoutIndexes: CollectionSpec<Thing> = { name: things.name, key: things.key, expires: 'ends_at' };

/** Opening, closing, several handles. */
export function lifecycleContract(engine: Engine): void {
  describe('open and close', () => {
    test('a new handle finds everything that was stored', async () => {
      const { storage, reopen } = await open(engine);
      const collection = storage.collection(things);
      for (let i = 0; i < 10; i++)
        await collection.insert({ space: 's', id: `${i}`, email: `${i}`, rank: i, at: new Date(i), note: 'n' });
      await collection.delete(['s', '5']);
      await storage.collection(labels).put({ id: 'l', version: 1 });
      const before = await dump(storage);
      const after = await reopen();
      expect(await dump(after)).toEqual(before);
      await expect(after.collection(things).insert({ space: 's', id: 'x', email: '3' })).rejects.toMatchObject({
        index: 'email',
      });
    });

    test('says what it is without credentials, and answers a ping', async () => {
      const { storage } = await open(engine);
      expect(storage.description).not.toBe('');
      expect(storage.description).not.toMatch(/\/\/[^/]*@/);
      await storage.ping();
      expect(storage.atomicCommit).toBe(can(engine, 'transactions'));
    });

    test('after close every method rejects with StorageUnavailableError', async () => {
      const { storage } = await open(engine);
      const calls = Object.entries(everyCall(storage));
      await storage.close();
      for (const [name, call] of calls) {
        await expect(call(), name).rejects.toBeInstanceOf(StorageUnavailableError);
      }
      for (const [name, call] of Object.entries(everyCall(storage))) {
        await expect(call(), name).rejects.toBeInstanceOf(StorageUnavailableError);
      }
    });

    test('close twice, and at once, is fine', async () => {
      const { storage } = await open(engine);
      await Promise.all([storage.close(), storage.close()]);
      await storage.close();
    });

    test('close right after opening is fine', async () => {
      const { start, reopen } = await open(engine);
      const handle = await start();
      await handle.close();
      await expect(handle.collection(things).get(['s', 'a'])).rejects.toBeInstanceOf(StorageUnavailableError);
      await handle.ready.catch(error => expect(error).toBeInstanceOf(Error));
      expect(await readIds((await reopen()).collection(things))).toEqual([]);
    });

    test('a call before the engine is ready is answered or rejects with StorageUnavailableError', async () => {
      const { start } = await open(engine);
      const handle = await start();
      const results = await Promise.allSettled(Object.values(everyCall(handle)).map(call => call()));
      for (const r of results) if (r.status === 'rejected') expect(r.reason).toBeInstanceOf(StorageUnavailableError);
      await handle.ready;
      await handle.ping();
    });

    test('close waits for the writes that are under way', async () => {
      const { storage, reopen } = await open(engine);
      const collection = storage.collection(things);
      let written = 0;
      const writes = Array.from({ length: 20 }, async (_, i) => {
        if (i % 2) await collection.put({ space: 's', id: `${i}`, rank: i });
        else await storage.commit([{ in: things, insert: { space: 's', id: `${i}`, rank: i } }]);
        written++;
      });
      await storage.close();
      expect(written).toBe(20);
      await Promise.all(writes);
      expect(await (await reopen()).collection(things).count({ index: 'rank', prefix: ['s'] })).toBe(20);
    });

    test('collections take the names that the configuration gives them', async () => {
      const { storage, another } = await open(engine, { names: { things: 'renamed-things.1' } });
      await storage.collection(things).insert({ space: 's', id: 'a', email: 'e' });
      const other = await another({ names: {} });
      expect(await other.collection(things).get(['s', 'a'])).toBeUndefined();
      await other.collection(things).insert({ space: 's', id: 'a', email: 'e' });
      const third = await another();
      expect(await third.collection(things).find('email', ['e'])).toMatchObject({ id: 'a' });
    });
  });

  describe('indexes at opening', () => {
    async function filled() {
      const opened = await open(engine, { specs: [withoutIndexes] });
      const collection = opened.storage.collection(withoutIndexes);
      for (let i = 0; i < 30; i++)
        await collection.insert({ space: 's', id: `${i}`, email: `${i}`, rank: 29 - i, note: `n${i}` });
      await collection.insert({ space: 's', id: 'bare' });
      return opened;
    }

    test('an index that is new is built over the documents that are there', async () => {
      const { reopen } = await filled();
      const collection = (await reopen([things])).collection(things);
      expect(await readIds(collection, { index: 'rank', prefix: ['s'] })).toEqual(
        Array.from({ length: 30 }, (_, i) => `${29 - i}`),
      );
      expect(await collection.find('email', ['7'])).toMatchObject({ id: '7' });
      await expect(collection.insert({ space: 's', id: 'x', email: '7' })).rejects.toMatchObject({ index: 'email' });
      const [first] = (await collection.scan({ index: 'rank', limit: 1, covered: true })).items;
      expect(first).toStrictEqual({ space: 's', id: '29', rank: 0, note: 'n29' });
    });

    test('an index that was away for a while knows what was written meanwhile', async () => {
      const { reopen } = await filled();
      await reopen([things]);
      const between = (await reopen([withoutIndexes])).collection(withoutIndexes);
      await between.put({ space: 's', id: '3', email: 'three', rank: 100 });
      await between.delete(['s', '4']);
      await between.insert({ space: 's', id: 'new', email: 'new', rank: 101 });
      const collection = (await reopen([things])).collection(things);
      expect(await readIds(collection, { index: 'rank', prefix: ['s'], from: 24 })).toEqual([
        '5',
        '2',
        '1',
        '0',
        '3',
        'new',
      ]);
      expect(await collection.find('email', ['3'])).toBeUndefined();
      expect(await collection.find('email', ['three'])).toMatchObject({ id: '3' });
      await collection.insert({ space: 's', id: 'x', email: '4' });
    });

    test('an index whose fields changed is built anew', async () => {
      const { reopen } = await filled();
      await reopen([things]);
      const changed: CollectionSpec<Thing> = {
        ...withoutIndexes,
        indexes: [{ name: 'rank', fields: ['note'], include: ['email'] }],
      };
      const collection = (await reopen([changed])).collection(changed);
      const page = await collection.scan({ index: 'rank', prefix: ['n5'], limit: 10, covered: true });
      expect(page.items).toStrictEqual([{ space: 's', id: '5', note: 'n5', email: '5' }]);
    });

    test('a unique index over documents with equal values never gets ready, and nothing is changed', async () => {
      const { storage, reopen, start } = await filled();
      await storage.collection(withoutIndexes).insert({ space: 's', id: 'twin', email: '7' });
      await storage.close();
      const failed = await start({ specs: [things, lines, labels] });
      const error = await failed.ready.catch(e => e);
      expect(error).toBeInstanceOf(StartupError);
      expect(error.message).toContain('things');
      expect(error.message).toContain('email');
      for (const [name, call] of Object.entries(everyCall(failed))) {
        await expect(call(), name).rejects.toBeInstanceOf(StorageUnavailableError);
      }
      const collection = (await reopen([withoutIndexes])).collection(withoutIndexes);
      expect((await readAll(collection)).filter(t => t.email === '7').map(t => t.id)).toEqual(['7', 'twin']);
    });
  });

  describe('two handles', () => {
    test('see each other’s writes at once', async () => {
      const { storage, another } = await open(engine);
      const one = storage.collection(things);
      const second = await another();
      const two = second.collection(things);
      await one.insert({ space: 's', id: 'a', email: 'a', rank: 1 });
      expect(await two.get(['s', 'a'])).toMatchObject({ rank: 1 });
      await two.update(['s', 'a'], { set: { rank: 2, email: 'b' } }, { rank: 1 });
      expect(await one.find('email', ['b'])).toMatchObject({ rank: 2 });
      expect(await readIds(one, { index: 'rank', prefix: ['s', 2] })).toEqual(['a']);
      await storage.commit([{ in: labels, insert: { id: 'l' } }]);
      expect(await second.collection(labels).get(['l'])).toEqual({ id: 'l' });
      await two.delete(['s', 'a']);
      expect(await one.get(['s', 'a'])).toBeUndefined();
      await second.close();
      await one.insert({ space: 's', id: 'a' });
    });
  });
}
