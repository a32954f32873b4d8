import { describe, expect, test } from 'vitest';
import { AppError, ConflictError } from '../../../src/base/errors.ts';
import type { CollectionSpec } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { failures, open, readIds, type Thing, things } from './things.ts';

/** Compare-and-set. */
export function updateContract(engine: Engine): void {
  describe('update', () => {
    async function withOne(doc: Partial<Thing> = {}) {
      const { storage, another } = await open(engine);
      const collection = storage.collection(things);
      await collection.insert({ space: 's', id: 'a', rank: 1, note: 'n', email: 'a@b', ...doc });
      return { another, collection };
    }

    test('sets, unsets and adds, and returns the document after the change', async () => {
      const { collection } = await withOne();
      const changed = await collection.update(['s', 'a'], {
        set: { note: 'm', total: 5 },
        unset: ['email'],
        add: { rank: 2 },
      });
      expect(changed).toStrictEqual({ space: 's', id: 'a', rank: 3, note: 'm', total: 5 });
      expect(await collection.get(['s', 'a'])).toStrictEqual(changed);
    });

    test('a document that is not there stays absent: undefined', async () => {
      const { collection } = await withOne();
      expect(await collection.update(['s', 'b'], { set: { note: 'm' } })).toBeUndefined();
      expect(await collection.update(['s', 'b'], { add: { rank: 1 } }, { note: undefined })).toBeUndefined();
      expect(await readIds(collection)).toEqual(['a']);
    });

    test('set to undefined removes the field', async () => {
      const { collection } = await withOne();
      const set = { note: undefined } as unknown as Partial<Thing>;
      expect(await collection.update(['s', 'a'], { set })).toStrictEqual({
        space: 's',
        id: 'a',
        rank: 1,
        email: 'a@b',
      });
      expect(await collection.update(['s', 'a'], { set: { rank: 2 } }, { note: undefined })).toMatchObject({ rank: 2 });
    });

    test('the primary key stays, whatever is asked', async () => {
      const { collection } = await withOne();
      for (const change of [{ set: { id: 'b' } }, { set: { space: 't' } }, { unset: ['id'] as const }]) {
        await collection.update(['s', 'a'], change).catch(error => expect(error).toBeInstanceOf(AppError));
        expect(await readIds(collection)).toEqual(['a']);
        expect(await collection.get(['s', 'a'])).toMatchObject({ space: 's', id: 'a' });
      }
    });

    test('a number in the primary key stays too', async () => {
      const spec: CollectionSpec<{ seq: number }> = { name: 'numbered', key: ['seq'] };
      const collection = (await open(engine, { specs: [spec] })).storage.collection(spec);
      await collection.insert({ seq: 1 });
      await collection.update([1], { add: { seq: 1 } }).catch(error => expect(error).toBeInstanceOf(AppError));
      expect((await collection.scan({ limit: 5 })).items).toEqual([{ seq: 1 }]);
      expect(await collection.get([2])).toBeUndefined();
    });

    test('an empty change returns the document as it is', async () => {
      const { collection } = await withOne();
      expect(await collection.update(['s', 'a'], {})).toStrictEqual({
        space: 's',
        id: 'a',
        rank: 1,
        note: 'n',
        email: 'a@b',
      });
      expect(await collection.update(['s', 'a'], { set: {}, unset: [], add: {} }, { note: 'other' })).toBeUndefined();
      expect(await collection.update(['s', 'a'], { unset: ['total'] })).toMatchObject({ note: 'n' });
    });

    test('moves, makes and removes index entries', async () => {
      const { collection } = await withOne();
      await collection.update(['s', 'a'], { set: { rank: 7, email: 'new' } });
      expect(await readIds(collection, { index: 'rank', prefix: ['s', 1] })).toEqual([]);
      expect(await readIds(collection, { index: 'rank', prefix: ['s', 7] })).toEqual(['a']);
      expect(await collection.find('email', ['a@b'])).toBeUndefined();
      expect(await collection.find('email', ['new'])).toMatchObject({ rank: 7 });
      await collection.update(['s', 'a'], { unset: ['rank', 'email'] });
      expect(await collection.count({ index: 'rank' })).toBe(0);
      expect(await collection.find('email', ['new'])).toBeUndefined();
      await collection.update(['s', 'a'], { add: { rank: -3 } });
      expect(await readIds(collection, { index: 'rank', prefix: ['s', -3] })).toEqual(['a']);
    });

    test('add takes an absent field as 0, and fractions and negative numbers', async () => {
      const { collection } = await withOne();
      expect(await collection.update(['s', 'a'], { add: { total: 1.5 } })).toMatchObject({ total: 1.5 });
      expect(await collection.update(['s', 'a'], { add: { total: -4 } })).toMatchObject({ total: -2.5 });
      expect(await collection.update(['s', 'a'], { add: { total: 2 ** 40 } })).toMatchObject({ total: 2 ** 40 - 2.5 });
    });

    test('bounds that the result would leave are a ConflictError, and nothing changes', async () => {
      const { collection } = await withOne({ total: 5 });
      const change = (by: number) => ({
        set: { note: 'm' },
        add: { total: by },
        bounds: { total: { min: 0, max: 10 } },
      });
      await expect(collection.update(['s', 'a'], change(-6))).rejects.toBeInstanceOf(ConflictError);
      await expect(collection.update(['s', 'a'], change(6))).rejects.toBeInstanceOf(ConflictError);
      expect(await collection.get(['s', 'a'])).toMatchObject({ note: 'n', total: 5 });
      expect(await collection.update(['s', 'a'], change(-5))).toMatchObject({ note: 'm', total: 0 });
      expect(await collection.update(['s', 'a'], change(10))).toMatchObject({ total: 10 });
    });

    test('bounds on an absent field count from 0', async () => {
      const { collection } = await withOne();
      const change = (by: number) => ({ add: { total: by }, bounds: { total: { min: 1, max: 3 } } });
      await expect(collection.update(['s', 'a'], change(4))).rejects.toBeInstanceOf(ConflictError);
      await expect(collection.update(['s', 'a'], change(0))).rejects.toBeInstanceOf(ConflictError);
      expect(await collection.update(['s', 'a'], change(3))).toMatchObject({ total: 3 });
    });

    test('bounds of an absent document, or with `expect` not met, are no conflict but undefined', async () => {
      const { collection } = await withOne({ total: 5 });
      const change = { add: { total: 100 }, bounds: { total: { max: 10 } } };
      expect(await collection.update(['s', 'b'], change)).toBeUndefined();
      expect(await collection.update(['s', 'a'], change, { note: 'other' })).toBeUndefined();
    });

    test('expect compares every given field; undefined means absent', async () => {
      const { collection } = await withOne({ at: new Date(5) });
      const attempt = async (expected: Parameters<typeof collection.update>[2]) =>
        (await collection.update(['s', 'a'], { add: { total: 1 } }, expected)) !== undefined;
      expect(await attempt({ note: 'n' })).toBe(true);
      expect(await attempt({ note: 'n', rank: 1, at: new Date(5), email: 'a@b' })).toBe(true);
      expect(await attempt({ ends_at: undefined, note: 'n' })).toBe(true);
      expect(await attempt({})).toBe(true);
      expect(await attempt({ note: 'N' })).toBe(false);
      expect(await attempt({ note: 'n', rank: 2 })).toBe(false);
      expect(await attempt({ at: new Date(6) })).toBe(false);
      expect(await attempt({ note: undefined })).toBe(false);
      expect(await attempt({ ends_at: new Date(5) })).toBe(false);
      expect(await attempt({ rank: '1' as unknown as number })).toBe(false);
      expect(await collection.get(['s', 'a'])).toMatchObject({ total: 4 });
    });

    test('expect never interprets a value', async () => {
      const { collection } = await withOne();
      for (const bad of [{ $ne: '' }, { $exists: true }, { $gt: '' }, /n/, null, ['n', 'm']]) {
        const expected = { note: bad as unknown as string };
        const results = await Promise.allSettled([
          collection.update(['s', 'a'], { set: { note: 'hacked' } }, expected),
          collection.delete(['s', 'a'], expected),
        ]);
        for (const r of results) if (r.status === 'fulfilled') expect([undefined, false]).toContain(r.value);
      }
      expect(await collection.get(['s', 'a'])).toMatchObject({ note: 'n' });
    });

    test('50 racing adds over two handles lose nothing', async () => {
      const { collection, another } = await withOne({ total: 0 });
      const other = (await another()).collection(things);
      await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          (i % 2 ? collection : other).update(['s', 'a'], { add: { total: 1, rank: 1 } }),
        ),
      );
      expect(await collection.get(['s', 'a'])).toMatchObject({ total: 50, rank: 51 });
      expect(await readIds(collection, { index: 'rank', prefix: ['s'] })).toEqual(['a']);
      expect(await readIds(collection, { index: 'rank', prefix: ['s', 51] })).toEqual(['a']);
    });

    test('20 racing adds with room for 5: five succeed', async () => {
      const { collection } = await withOne({ total: 0 });
      const attempts = Array.from({ length: 20 }, () =>
        collection.update(['s', 'a'], { add: { total: 1 }, bounds: { total: { max: 5 } } }),
      );
      const errors = failures(await Promise.allSettled(attempts));
      expect(errors).toHaveLength(15);
      for (const error of errors) expect(error).toBeInstanceOf(ConflictError);
      expect(await collection.get(['s', 'a'])).toMatchObject({ total: 5 });
    });

    test('20 racing compare-and-sets: one wins', async () => {
      const { collection } = await withOne();
      const attempts = Array.from({ length: 20 }, (_, i) =>
        collection.update(['s', 'a'], { set: { note: `${i}` } }, { note: 'n' }),
      );
      const winners = (await Promise.all(attempts)).filter(doc => doc !== undefined);
      expect(winners).toHaveLength(1);
      expect(await collection.get(['s', 'a'])).toEqual(winners[0]);
    });
  });
}
