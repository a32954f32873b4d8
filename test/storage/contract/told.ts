import { describe, expect, test } from 'vitest';
import type { Changes, CollectionSpec, Storage } from '../../../src/storage/port.ts';
import { can, type Engine } from '../../support/engines.ts';
import { open } from './things.ts';

interface Leaf {
  tree: string;
  id: string;
  note?: string;
  ends_at?: Date;
  stamp?: number;
}

const leaves: CollectionSpec<Leaf> = {
  name: 'leaves',
  key: ['tree', 'id'],
  expires: 'ends_at',
  owner: 'tree',
  told: { stamp: 'stamp', fields: ['note'] },
};
const fallen: CollectionSpec<Leaf> = { ...leaves, name: 'fallen' };

/** What is written to collections that are told. */
export function toldContract(engine: Engine): void {
  const isTold = can(engine, 'transactions');

  async function openLeaves() {
    const opened = await open(engine, { specs: [leaves, fallen] });
    const changes = opened.storage.changes as Changes;
    return { ...opened, changes, all: opened.storage.collection(leaves), gone: opened.storage.collection(fallen) };
  }

  /** What is told behind a position, to its end, in pages of some. */
  async function toldSince(changes: Changes, position: string, limit = 1000) {
    const told: string[] = [];
    for (let at = position; ; ) {
      const page = await changes.since('t', at, limit);
      told.push(...page.items.map(({ name, doc }) => `${name} ${doc.id}`));
      at = page.position;
      if (!page.more) return { told, position: at };
    }
  }

  /** Writes that the engine has in one transaction, if it does that. */
  const together = (storage: Storage, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, i) =>
        storage.collection(leaves).put({ tree: 't', id: `${i}`.padStart(3, '0') }),
      ),
    );

  describe('what is told', () => {
    if (!isTold) {
      test('is nothing without transactions', async () => {
        const { storage } = await openLeaves();
        expect(storage.changes).toBeUndefined();
      });
      return;
    }

    test('is what was written behind a position, of one owner, in the order of the writes', async () => {
      const { changes, all, gone } = await openLeaves();
      await all.insert({ tree: 't', id: 'before' });
      const start = await changes.position();
      await all.insert({ tree: 't', id: 'b', note: 'n' });
      await all.put({ tree: 'other', id: 'x' });
      await gone.put({ tree: 't', id: 'a' });
      await all.update(['t', 'before'], { set: { note: 'm' } });
      const { items, position, more } = await changes.since('t', start, 100);
      expect(items.map(({ name, doc: { id, note } }) => [name, id, note])).toEqual([
        ['leaves', 'b', 'n'],
        ['fallen', 'a', undefined],
        ['leaves', 'before', 'm'],
      ]);
      expect(more).toBe(false);
      expect((await changes.since('t', position, 100)).items).toEqual([]);
      const behindFirst = await changes.since('t', items[0]?.position ?? '', 100);
      expect(behindFirst.items.map(({ doc }) => doc.id)).toEqual(['a', 'before']);
    });

    test('is all of it, page by page, also of what was written together', async () => {
      const { changes, storage } = await openLeaves();
      const start = await changes.position();
      await together(storage, 50);
      for (const limit of [1, 3, 50, 1000]) {
        const { told } = await toldSince(changes, start, limit);
        expect(told.length).toBe(50);
        expect(new Set(told).size).toBe(50);
      }
    });

    test('is the document that took the place of another in the same moment', async () => {
      const { changes, storage, all } = await openLeaves();
      await all.put({ tree: 't', id: 'a' });
      const start = await changes.position();
      await Promise.all([
        storage.commit([
          { in: leaves, delete: ['t', 'a'] },
          { in: fallen, put: { tree: 't', id: 'a' } },
        ]),
        all.put({ tree: 't', id: 'a', note: 'again' }),
      ]);
      expect((await toldSince(changes, start)).told.at(-1)).toBe('leaves a');
    });

    test('is nothing that was removed, or has ended', async () => {
      const { changes, all, clock } = await openLeaves();
      const start = await changes.position();
      await all.put({ tree: 't', id: 'a' });
      await all.put({ tree: 't', id: 'b', ends_at: new Date(clock.now() + 1000) });
      await all.delete(['t', 'a']);
      clock.advance(1000);
      expect((await toldSince(changes, start)).told).toEqual([]);
    });

    test('is told after it was opened again, and to others at the same data', async () => {
      const { changes, all, reopen, another } = await openLeaves();
      const start = await changes.position();
      await all.put({ tree: 't', id: 'a' });
      const others = (await another()).changes as Changes;
      expect((await toldSince(others, start)).told).toEqual(['leaves a']);
      const again = await reopen();
      expect((await toldSince(again.changes as Changes, start)).told).toEqual(['leaves a']);
    });

    test('wakes those who follow the owner, whoever writes it, until they do not any more', async () => {
      const { changes, all, another } = await openLeaves();
      const others = await another();
      const woken = { here: 0, there: 0, elsewhere: 0 };
      const ends = [
        changes.follow('t', () => woken.here++),
        (others.changes as Changes).follow('t', () => woken.there++),
        changes.follow('other', () => woken.elsewhere++),
      ];
      await all.put({ tree: 't', id: 'a' });
      await expect.poll(() => woken.here > 0 && woken.there > 0).toBe(true);
      expect(woken.elsewhere).toBe(0);
      for (const end of ends) end();
      const before = { ...woken };
      await others.collection(leaves).put({ tree: 't', id: 'b' });
      await all.put({ tree: 't', id: 'c' });
      expect(woken).toEqual(before);
    });

    test.each(['', 'x', '1 2', '-1', '1 ["a"'])('is refused behind %j', async position => {
      const { changes } = await openLeaves();
      await expect(changes.since('t', position, 10)).rejects.toMatchObject({ code: 'cursor_invalid' });
    });

    test('is gone behind a position that the data does not have', async () => {
      const { changes } = await openLeaves();
      const ahead = (await changes.position()).replace(/\d+/, number => `${Number(number) + 1000}`);
      await expect(changes.since('t', ahead, 10)).rejects.toMatchObject({ code: 'cursor_gone' });
    });
  });
}
