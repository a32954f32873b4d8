import { describe, expect, test } from 'vitest';
import type { CollectionSpec, Write } from '../../../src/storage/port.ts';
import { can, type Engine } from '../../support/engines.ts';
import { open, readAll } from './things.ts';

interface Leaf {
  tree: string;
  id: string;
  note?: string;
  ends_at?: Date;
}

/** Documents that are replaced when they have ended. */
const leaves: CollectionSpec<Leaf> = {
  name: 'leaves',
  key: ['tree', 'id'],
  expires: 'ends_at',
  kept: true,
  owner: 'tree',
};
const fallen: CollectionSpec<Leaf> = { name: 'fallen', key: ['tree', 'id'], owner: 'tree' };

/** Documents that stay, unseen, until something takes their place. */
export function keptContract(engine: Engine): void {
  async function openLeaves() {
    const opened = await open(engine, { specs: [leaves, fallen] });
    const { storage, clock } = opened;
    const end = (ms: number) => new Date(clock.now() + ms);
    const fall = ({ tree, id, note }: Leaf): Write[] => [
      { in: fallen, put: { tree, id, ...(note !== undefined && { note }) } },
    ];
    return { ...opened, all: storage.collection(leaves), gone: storage.collection(fallen), end, fall };
  }

  describe('a collection whose documents are kept', () => {
    test('hides those that have ended, but from getEnded', async () => {
      const { all, end, clock } = await openLeaves();
      await all.insert({ tree: 't', id: 'a', ends_at: end(1000) });
      clock.advance(1001);
      expect(await all.get(['t', 'a'])).toBeUndefined();
      expect(await readAll(all)).toEqual([]);
      expect(await all.getEnded(['t', 'a'])).toMatchObject({ id: 'a' });
      expect(await all.getEnded(['t', 'b'])).toBeUndefined();
    });

    test('puts something in their place, so many at a time, and of no others', async () => {
      const { all, gone, end, clock, fall } = await openLeaves();
      for (const id of ['a', 'b', 'c']) await all.insert({ tree: 't', id, note: id, ends_at: end(1000) });
      await all.insert({ tree: 't', id: 'later', ends_at: end(5000) });
      await all.insert({ tree: 't', id: 'never' });
      expect(await all.retire(10, fall)).toBe(0);
      clock.advance(1000);
      expect(await all.retire(2, fall)).toBe(2);
      expect(await all.retire(2, fall)).toBe(1);
      expect(await all.retire(2, fall)).toBe(0);
      expect((await readAll(gone)).map(({ id, note }) => [id, note])).toEqual([
        ['a', 'a'],
        ['b', 'b'],
        ['c', 'c'],
      ]);
      expect(await all.getEnded(['t', 'a'])).toBeUndefined();
      expect((await readAll(all)).map(({ id }) => id)).toEqual(['later', 'never']);
    });

    test('takes another document at the key of one that has ended, which then is not replaced', async () => {
      const { all, end, clock, fall } = await openLeaves();
      await all.insert({ tree: 't', id: 'a', ends_at: end(1000) });
      clock.advance(1000);
      await all.insert({ tree: 't', id: 'a', note: 'new' });
      expect(await all.retire(10, fall)).toBe(0);
      expect(await all.get(['t', 'a'])).toMatchObject({ note: 'new' });
    });

    test('replaces each once when several do it at the same time', async () => {
      const { all, gone, end, clock, fall, another } = await openLeaves();
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => all.insert({ tree: 't', id: `${i}`, ends_at: end(1000) })),
      );
      clock.advance(1000);
      const others = (await another()).collection(leaves);
      const counts = await Promise.all([all.retire(20, fall), others.retire(20, fall)]);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20);
      expect(await gone.count({ prefix: ['t'] })).toBe(20);
    });

    test('leaves everything as it was when what is to take the place cannot be written', async context => {
      if (!can(engine, 'transactions')) context.skip('this MongoDB server has no transactions');
      const { all, gone, end, clock } = await openLeaves();
      await gone.insert({ tree: 't', id: 'taken' });
      await all.insert({ tree: 't', id: 'a', ends_at: end(1000) });
      clock.advance(1000);
      const clash = ({ tree }: Leaf): Write[] => [{ in: fallen, insert: { tree, id: 'taken' } }];
      await expect(all.retire(10, clash)).rejects.toThrow();
      expect(await all.getEnded(['t', 'a'])).toMatchObject({ id: 'a' });
    });
  });
}
