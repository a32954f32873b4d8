import { describe, expect, test } from 'vitest';
import type { CollectionSpec } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { open, things } from './things.ts';

interface Card {
  owner: string;
  id: number;
  name?: string;
  at?: Date;
  body?: string;
}

/** One that is told as a whole, but for the body. */
const cards: CollectionSpec<Card> = { name: 'cards', key: ['owner', 'id'], whole: ['name', 'at'] };

/** Every document of a collection at once. */
export function allContract(engine: Engine): void {
  const opened = () => open(engine, { specs: [cards, things] });

  describe('all documents', () => {
    test('come in the order of the keys, with the fields of the whole alone', async () => {
      const collection = (await opened()).storage.collection(cards);
      expect(await collection.all()).toEqual([]);
      await collection.insert({ owner: 'b', id: 1, name: 'é', at: new Date(5), body: 'x'.repeat(100_000) });
      await collection.insert({ owner: 'a', id: 10, body: 'y' });
      await collection.insert({ owner: 'a', id: 9, name: '' });
      expect(await collection.all()).toEqual([
        { owner: 'a', id: 9, name: '' },
        { owner: 'a', id: 10 },
        { owner: 'b', id: 1, name: 'é', at: new Date(5) },
      ]);
    });

    test('are as they are after whatever was written, by whatever process', async () => {
      const { storage, another } = await opened();
      const [ours, theirs] = [storage.collection(cards), (await another()).collection(cards)];
      const expected = new Map<number, Card>();
      const agree = async () => {
        const cardsThere = [...expected.values()].sort((a, b) => a.id - b.id);
        for (const one of [ours, theirs]) expect(await one.all()).toEqual(cardsThere);
      };
      const put = async (to: typeof ours, card: Card) => {
        await to.put(card);
        expected.set(card.id, card);
      };
      for (let id = 0; id < 12; id++) await put(ours, { owner: 'a', id: id * 10, name: `${id}` });
      await agree();
      await put(theirs, { owner: 'a', id: 30, name: 'longer than it was' });
      await put(ours, { owner: 'a', id: 40, name: 'x' });
      await agree();
      // Two beside each other, the first and the last go; others come before, between and behind.
      for (const id of [50, 60, 0, 110]) {
        await (id > 55 ? ours : theirs).delete(['a', id]);
        expected.delete(id);
      }
      for (const id of [-5, 55, 56, 200]) await put(theirs, { owner: 'a', id, name: 'new' });
      await agree();
      await ours.deleteMany({ prefix: ['a'] });
      expected.clear();
      await agree();
    });

    test('that were not written to are the same objects again', async () => {
      const collection = (await opened()).storage.collection(cards);
      for (let id = 0; id < 300; id++) await collection.insert({ owner: 'a', id, name: `${id}` });
      const before = await collection.all();
      await collection.update(['a', 100], { set: { name: 'another' } });
      await collection.delete(['a', 0]);
      const after = await collection.all();
      expect(after).toHaveLength(299);
      const others = after.filter((doc, i) => doc !== before[i + 1]);
      expect(others).toEqual([{ owner: 'a', id: 100, name: 'another' }]);
    });

    test('are asked for at the same time as each other, and as writes', async () => {
      const collection = (await opened()).storage.collection(cards);
      for (let id = 0; id < 200; id++) await collection.insert({ owner: 'a', id, name: 'old' });
      const walks = Array.from({ length: 6 }, async (_, i) => {
        await collection.update(['a', i], { set: { name: 'new' } });
        const names = (await collection.all()).map(({ name }) => name);
        expect([names.length, names[i]]).toEqual([200, 'new']);
      });
      await Promise.all(walks);
      expect((await collection.all()).filter(({ name }) => name === 'new')).toHaveLength(6);
    });
  });

  test('a collection that is not told as a whole has no such list', async () => {
    const { storage } = await opened();
    await expect(storage.collection(things).all()).rejects.toThrow('not told as a whole');
  });
}
