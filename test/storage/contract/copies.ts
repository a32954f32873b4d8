import { describe, expect, test } from 'vitest';
import type { AnyDoc, CollectionSpec, Snapshot, Storage } from '../../../src/storage/port.ts';
import { type Engine, needs } from '../../support/engines.ts';
import { type Label, labels, lines, open, readAll, type Thing, things } from './things.ts';

const told: CollectionSpec<Label & { owner: string; stamp?: number }> = {
  name: 'told',
  key: ['owner', 'id'],
  owner: 'owner',
  told: { stamp: 'stamp', fields: ['text'] },
};
const specs = [things, labels, lines, told];

/** What a storage is copied by: a snapshot of it, and another one that is filled. */
export function copiesContract(engine: Engine): void {
  async function all(snapshot: Snapshot, collection: string): Promise<AnyDoc[]> {
    const docs: AnyDoc[] = [];
    for await (const portion of snapshot.documents(collection)) docs.push(...portion);
    return docs;
  }

  const thing = (i: number, more: Partial<Thing> = {}): Thing & AnyDoc => ({
    space: 's',
    id: `${i}`.padStart(5, '0'),
    email: `${i}@example.org`,
    rank: i % 7,
    ...more,
  });

  describe('snapshot', () => {
    test('has every document in the order of the keys, ended ones too, and nothing that is the engine’s', async () => {
      const { storage, clock } = await open(engine, { specs });
      const docs = Array.from({ length: 1203 }, (_, i) =>
        thing(i, i % 3 ? {} : { ends_at: new Date(clock.now() + 1000) }),
      );
      await storage.commit(docs.toReversed().map(insert => ({ in: things, insert })));
      await storage.collection(told).put({ owner: 'o', id: 'a', text: 'b' });
      clock.advance(2000);
      const snapshot = await storage.snapshot();
      expect(await all(snapshot, 'things')).toEqual(docs);
      expect(await all(snapshot, 'told')).toEqual([{ owner: 'o', id: 'a', text: 'b' }]);
      expect(await all(snapshot, 'labels')).toEqual([]);
      expect(await snapshot.about()).toBeGreaterThanOrEqual(1);
      await snapshot.close();
    });

    test('has counters and secrets', async () => {
      const { storage } = await open(engine, { specs });
      await storage.increment('b', 4);
      await storage.increment('a', 2);
      const { value } = await storage.secret('jwt');
      const snapshot = await storage.snapshot();
      expect(await snapshot.counters()).toEqual([
        { name: 'a', value: 2 },
        { name: 'b', value: 4 },
      ]);
      expect(await snapshot.secrets()).toEqual([{ name: 'jwt', value }]);
      await snapshot.close();
    });

    test('is of one moment, whatever is written meanwhile, by whatever handle', async context => {
      needs(context, engine, 'transactions');
      const { storage, another } = await open(engine, { specs });
      const other = await another({ purpose: 'copy' });
      await storage.commit(Array.from({ length: 900 }, (_, i) => ({ in: things, insert: thing(i) })));
      await storage.increment('n', 1);
      const snapshots = [await storage.snapshot(), await other.snapshot()];
      const reads = snapshots.map(async snapshot => {
        const docs: AnyDoc[] = [];
        for await (const portion of snapshot.documents('things')) {
          docs.push(...portion);
          await storage.collection(things).put(thing(899, { note: 'later' }));
          await storage.collection(things).delete(['s', '00898']);
          await storage.collection(things).put(thing(2000 + docs.length));
          await storage.increment('n', 1);
        }
        return docs;
      });
      for (const docs of await Promise.all(reads))
        expect(docs).toEqual(Array.from({ length: 900 }, (_, i) => thing(i)));
      for (const snapshot of snapshots) {
        expect(await snapshot.counters()).toEqual([{ name: 'n', value: 1 }]);
        expect(snapshot.oneMoment).toBe(true);
        await snapshot.close();
      }
      expect((await storage.collection(things).get(['s', '00899']))?.note).toBe('later');
    });
  });

  describe('fill', () => {
    const served = (storage: Storage) => storage.collection(things);

    test('puts documents in with their indexes, counters and secrets', async () => {
      const { storage, reopen, clock } = await open(engine, { specs });
      const secret = 'x'.repeat(43);
      const fill = await storage.fill('copy');
      expect(fill.position).toBe(0);
      const docs = [thing(1), thing(2, { ends_at: new Date(clock.now() - 1000) }), thing(3)];
      await fill.documents('things', docs, 3);
      await fill.documents('told', [{ owner: 'o', id: 'a' }], 4);
      await fill.counter({ name: 'n', value: 12 }, 5);
      await fill.secret({ name: 'jwt', value: secret }, 6);
      expect(fill.position).toBe(6);
      await fill.end();
      const filled = await reopen();
      expect(await readAll(served(filled), { index: 'rank', prefix: ['s'] })).toEqual([docs[0], docs[2]]);
      expect(await served(filled).find('email', ['3@example.org'])).toEqual(docs[2]);
      expect(await served(filled).get(['s', '00002'])).toBeUndefined();
      expect(await filled.increment('n')).toBe(13);
      expect((await filled.secret('jwt')).value).toBe(secret);
      await expect(served(filled).insert(thing(9, { email: '1@example.org' }))).rejects.toThrow('unique');
    });

    test('goes on where it stopped; until it has ended nobody else may open', async () => {
      const { start, storage, another } = await open(engine, { specs });
      const fill = await storage.fill('copy');
      await fill.documents('things', [thing(1), thing(2)], 2);
      for (const purpose of [undefined, 'copy'] as const) {
        const refused = await start({ purpose });
        await expect(refused.ready).rejects.toThrow(/a copy into .* was begun and has not ended/);
      }
      const other = await another({ purpose: 'fill' });
      await expect(other.fill('another')).rejects.toThrow('a part of another copy');
      const again = await other.fill('copy');
      expect(again.position).toBe(2);
      await again.documents('things', [thing(2), thing(3)], 3); // 2 was in already, perhaps
      await again.end();
      const filled = await another();
      expect(await readAll(served(filled), { index: 'at' })).toEqual([]);
      expect(await readAll(served(filled))).toEqual([thing(1), thing(2), thing(3)]);
    });

    test('is refused where there is something already, if it is a counter, a secret or a content', async () => {
      const fillings: ((storage: Storage) => Promise<unknown>)[] = [
        storage => storage.collection(labels).put({ id: 'a' }),
        storage => storage.increment('n'),
        storage => storage.secret('jwt'),
        storage => storage.blobs.put(one('a'), 10),
      ];
      for (const put of fillings) {
        const { storage } = await open(engine, { specs });
        await put(storage);
        await expect(storage.fill('copy')).rejects.toThrow(/is not empty/);
      }
    });

    test('refuses two documents with one unique value', async () => {
      const { storage } = await open(engine, { specs });
      const fill = await storage.fill('copy');
      await fill.documents('things', [thing(1)], 1);
      await expect(fill.documents('things', [thing(2, { email: '1@example.org' })], 2)).rejects.toThrow('unique');
    });
  });

  async function* one(text: string): AsyncGenerator<Uint8Array> {
    yield Buffer.from(text);
  }
}
