import { describe, expect, test } from 'vitest';
import { ConflictError } from '../../../src/base/errors.ts';
import { type Engine, needs } from '../../support/engines.ts';
import { open, readIds, things } from './things.ts';

/** A document's end: from that moment it does not exist, by the injected clock and for every method. */
export function expiryContract(engine: Engine): void {
  describe('expiry', () => {
    /** `a` ends after 1 s, `b` after 3 s, `c` never. */
    async function filled() {
      const { storage, clock, another } = await open(engine);
      const collection = storage.collection(things);
      const at = (ms: number) => new Date(clock.now() + ms);
      await collection.insert({ space: 's', id: 'a', rank: 1, email: 'a', note: 'na', ends_at: at(1000) });
      await collection.insert({ space: 's', id: 'b', rank: 2, email: 'b', note: 'nb', ends_at: at(3000) });
      await collection.insert({ space: 's', id: 'c', rank: 3, email: 'c', note: 'nc' });
      return { storage, collection, clock, at, another };
    }

    async function withExpired() {
      const opened = await filled();
      const { collection, clock, at } = opened;
      /** Stores a document that holds this value and is over. */
      const expired = async (email: string) => {
        await collection.insert({ space: 'old', id: email, email, ends_at: at(1) });
        clock.advance(1);
        return email;
      };
      return { ...opened, expired };
    }

    test('a document is there until the very millisecond of its end', async () => {
      const { collection, clock } = await filled();
      const ends_at = new Date(clock.now() + 1000);
      clock.advance(999);
      expect(await collection.get(['s', 'a'])).toStrictEqual({
        space: 's',
        id: 'a',
        rank: 1,
        email: 'a',
        note: 'na',
        ends_at,
      });
      clock.advance(1);
      expect(await collection.get(['s', 'a'])).toBeUndefined();
    });

    test('a document without the field never ends', async () => {
      const { collection, clock } = await filled();
      clock.advance(1e12);
      expect(await readIds(collection)).toEqual(['c']);
    });

    test('find, scan, covered scan and count do not show it', async () => {
      const { collection, clock } = await filled();
      clock.advance(1000);
      expect(await collection.find('email', ['a'])).toBeUndefined();
      expect(await readIds(collection)).toEqual(['b', 'c']);
      expect(await readIds(collection, { order: 'desc', limit: 1 })).toEqual(['c', 'b']);
      expect(await readIds(collection, { index: 'rank', prefix: ['s'] })).toEqual(['b', 'c']);
      expect(await readIds(collection, { index: 'rank', prefix: ['s'], covered: true })).toEqual(['b', 'c']);
      expect(await collection.count({})).toBe(2);
      expect(await collection.count({ index: 'email' })).toBe(2);
      expect(await collection.count({ index: 'rank', prefix: ['s'] }, 1)).toBe(1);
      clock.advance(2000);
      expect(await collection.count({ index: 'rank', prefix: ['s'] }, 1)).toBe(1);
      expect(await readIds(collection, { index: 'email', covered: true })).toEqual(['c']);
    });

    test('a page is full although expired documents lie between', async () => {
      const { storage, clock } = await open(engine);
      const collection = storage.collection(things);
      const ends_at = new Date(clock.now() + 1);
      for (let i = 0; i < 40; i++) {
        await collection.insert({ space: 's', id: `${i}`.padStart(2, '0'), rank: i, ...(i % 10 !== 9 && { ends_at }) });
      }
      clock.advance(1);
      for (const scan of [
        { prefix: ['s'] },
        { index: 'rank', prefix: ['s'] },
        { index: 'rank', prefix: ['s'], covered: true },
      ]) {
        const page = await collection.scan({ ...scan, limit: 3 });
        expect(page.items.map(t => t.id)).toEqual(['09', '19', '29']);
        expect(await readIds(collection, { ...scan, limit: 1 })).toEqual(['09', '19', '29', '39']);
        expect(await readIds(collection, { ...scan, limit: 3, order: 'desc' })).toEqual(['39', '29', '19', '09']);
      }
    });

    test('update, delete and `expect` do not find it', async () => {
      const { collection, clock } = await filled();
      clock.advance(1000);
      expect(await collection.update(['s', 'a'], { set: { note: 'm' } })).toBeUndefined();
      expect(await collection.update(['s', 'a'], { add: { rank: 1 }, bounds: { rank: { max: 0 } } })).toBeUndefined();
      expect(await collection.update(['s', 'a'], { unset: ['ends_at'] }, { note: 'na' })).toBeUndefined();
      expect(await collection.delete(['s', 'a'])).toBe(false);
      expect(await collection.delete(['s', 'a'], { note: 'na' })).toBe(false);
      expect(await collection.get(['s', 'a'])).toBeUndefined();
    });

    test('its key is free for insert and put, and nothing of it comes back', async () => {
      const { collection, clock, at } = await filled();
      clock.advance(1000);
      await collection.insert({ space: 's', id: 'a', total: 1 });
      expect(await collection.get(['s', 'a'])).toStrictEqual({ space: 's', id: 'a', total: 1 });
      expect(await collection.count({ index: 'rank', prefix: ['s', 1] })).toBe(0);
      clock.advance(2000);
      await collection.put({ space: 's', id: 'b', rank: 9, ends_at: at(10_000) });
      expect(await readIds(collection, { index: 'rank', prefix: ['s'] })).toEqual(['c', 'b']);
      expect(await collection.find('email', ['b'])).toBeUndefined();
    });

    test('its unique value is free for insert, and inside a commit', async () => {
      const { storage, collection, expired } = await withExpired();
      await collection.insert({ space: 'new', id: '1', email: await expired('e1') });
      await storage.commit([
        { in: things, insert: { space: 'new', id: '2', email: await expired('e2') } },
        { in: things, put: { space: 'new', id: '3', email: await expired('e3') } },
      ]);
      expect(await readIds(collection, { index: 'email', from: 'e' })).toEqual(['1', '2', '3']);
      expect(await readIds(collection, { prefix: ['old'] })).toEqual([]);
      await expect(collection.insert({ space: 'new', id: '8', email: 'e2' })).rejects.toMatchObject({ index: 'email' });
    });

    test('its unique value is free for put and update, also inside a commit', async context => {
      needs(context, engine, 'uniqueUpdates');
      const { storage, collection, expired } = await withExpired();
      await collection.put({ space: 'new', id: '1', email: await expired('e1') });
      await collection.put({ space: 'new', id: '1', email: await expired('e2') });
      expect(await collection.update(['new', '1'], { set: { email: await expired('e3') } })).toMatchObject({ id: '1' });
      await storage.commit([
        { in: things, update: ['new', '1'], change: { set: { email: await expired('e4') } } },
        { in: things, put: { space: 's', id: 'c', email: await expired('e5') } },
      ]);
      expect((await collection.find('email', ['e4']))?.id).toBe('1');
      expect((await collection.find('email', ['e5']))?.id).toBe('c');
      expect(await readIds(collection, { prefix: ['old'] })).toEqual([]);
    });

    test('20 parallel inserts over an expired holder: one wins', async () => {
      const { collection, clock } = await filled();
      clock.advance(1000);
      const attempts = Array.from({ length: 20 }, (_, i) => collection.insert({ space: 'n', id: `${i}`, email: 'a' }));
      const results = await Promise.allSettled(attempts);
      expect(results.filter(r => r.status === 'fulfilled')).toHaveLength(1);
      expect(await collection.count({ prefix: ['n'] })).toBe(1);
      expect(await collection.find('email', ['a'])).toMatchObject({ space: 'n' });
    });

    test('deleteMany removes it, but counts only what lived', async () => {
      const { collection, clock } = await filled();
      clock.advance(1000);
      expect(await collection.deleteMany({ index: 'rank', prefix: ['s'], below: 3 })).toBe(1);
      expect(await readIds(collection)).toEqual(['c']);
    });

    test('a commit treats it as absent', async () => {
      const { storage, collection, clock } = await filled();
      clock.advance(1000);
      const refused = [
        { in: things, update: ['s', 'a'], change: { set: { note: 'm' } } },
        { in: things, delete: ['s', 'a'], expect: { note: 'na' } },
        { in: things, require: ['s', 'a'], expect: { note: 'na' } },
        { in: things, require: ['s', 'a'], expect: {} },
      ];
      for (const write of refused) await expect(storage.commit([write])).rejects.toBeInstanceOf(ConflictError);
      await storage.commit([
        { in: things, delete: ['s', 'a'] },
        { in: things, require: ['s', 'a'], expect: 'absent' },
        { in: things, insert: { space: 's', id: 'a', note: 'new' } },
      ]);
      expect(await collection.get(['s', 'a'])).toStrictEqual({ space: 's', id: 'a', note: 'new' });
    });

    test('the end can be moved and taken away', async () => {
      const { collection, clock, at } = await filled();
      await collection.update(['s', 'a'], { set: { ends_at: at(5000) } });
      await collection.update(['s', 'b'], { unset: ['ends_at'] });
      await collection.update(['s', 'c'], { set: { ends_at: at(1000) } });
      clock.advance(4000);
      expect(await readIds(collection, { index: 'rank', prefix: ['s'], covered: true })).toEqual(['a', 'b']);
      clock.advance(1000);
      expect(await readIds(collection)).toEqual(['b']);
    });

    test('a page that is asked for again is without what has ended, and with what any handle has changed', async () => {
      const { collection, clock, at, another } = await filled();
      const other = (await another()).collection(things);
      const ids = async () => {
        const { items } = await collection.scan({ index: 'rank', prefix: ['s'], covered: true, limit: 3 });
        return items.map(({ id }) => id);
      };
      expect(await ids()).toEqual(['a', 'b', 'c']);
      expect(await ids()).toEqual(['a', 'b', 'c']);
      clock.advance(1000);
      expect(await ids()).toEqual(['b', 'c']);
      await other.insert({ space: 's', id: 'd', rank: 0, ends_at: at(500) });
      expect(await ids()).toEqual(['d', 'b', 'c']);
      await collection.update(['s', 'd'], { set: { ends_at: at(5000) } });
      clock.advance(500);
      expect(await ids()).toEqual(['d', 'b', 'c']);
      await other.delete(['s', 'b']);
      expect(await ids()).toEqual(['d', 'c']);
    });

    test('holds on another handle too', async () => {
      const { collection, clock, another } = await filled();
      const other = (await another()).collection(things);
      expect(await other.get(['s', 'a'])).toBeDefined();
      clock.advance(1000);
      expect(await other.get(['s', 'a'])).toBeUndefined();
      await other.insert({ space: 's', id: 'a', email: 'a' });
      expect(await collection.find('email', ['a'])).toStrictEqual({ space: 's', id: 'a', email: 'a' });
    });
  });
}
