import { describe, expect, test } from 'vitest';
import type { Write } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { dump, failures, labels, open, readAll, type Thing, things } from './things.ts';

/** Documents of one space; their ids sort as they are made. */
function series(length: number, space = 'm'): Thing[] {
  return Array.from({ length }, (_, i) => ({ space, id: `${i}`.padStart(4, '0'), rank: i }));
}

function inserts(docs: readonly Thing[]): Write[] {
  return docs.map(insert => ({ in: things, insert }));
}

/** Commits of very many writes, or of many inserts in a row. */
export function commitManyContract(engine: Engine): void {
  describe('commit of many inserts', () => {
    test('1500 are all there, in every index, and are not modified', async () => {
      const { storage } = await open(engine);
      const docs = series(1500);
      const before = structuredClone(docs);
      await storage.commit(inserts(docs));
      expect(docs).toStrictEqual(before);
      const collection = storage.collection(things);
      expect(await collection.getMany(docs.map(({ space, id }) => [space, id]))).toStrictEqual(docs);
      expect(await collection.count({ index: 'rank', prefix: ['m'] })).toBe(1500);
    });

    test('a taken key in the middle of 1500: nothing is applied, and `at` says where', async () => {
      const { storage } = await open(engine);
      const taken = { space: 'm', id: '0750', note: 'first' };
      await storage.collection(things).insert(taken);
      const writes: Write[] = [{ in: labels, put: { id: 'l' } }, ...inserts(series(1500))];
      await expect(storage.commit(writes)).rejects.toMatchObject({
        name: 'DuplicateKeyError',
        index: 'primary',
        at: 751,
      });
      expect(await readAll(storage.collection(things))).toStrictEqual([taken]);
      expect(await storage.collection(labels).get(['l'])).toBeUndefined();
    });

    test('a taken unique value, or one that occurs twice among them: nothing is applied, and `at` says where', async () => {
      const { storage } = await open(engine);
      await storage.collection(things).insert({ space: 's', id: 'a', email: 'taken' });
      const before = await dump(storage);
      const docs = series(40);
      const holding = (email: string, ...at: number[]) =>
        storage.commit(inserts(docs.map((doc, i) => (at.includes(i) ? { ...doc, email } : doc))));
      await expect(holding('taken', 20)).rejects.toMatchObject({ name: 'DuplicateKeyError', index: 'email', at: 20 });
      await expect(holding('twice', 10, 30)).rejects.toMatchObject({ index: 'email', at: 30 });
      await expect(storage.commit(inserts(docs.with(30, docs[10] as Thing)))).rejects.toMatchObject({
        index: 'primary',
        at: 30,
      });
      expect(await dump(storage)).toEqual(before);
    });

    test('what holds their keys and values but has expired gives way', async () => {
      const { storage, clock } = await open(engine);
      const collection = storage.collection(things);
      const ends_at = new Date(clock.now() + 1);
      await collection.insert({ space: 'm', id: '0110', note: 'old', ends_at });
      await collection.insert({ space: 'old', id: 'a', email: 'e', ends_at });
      clock.advance(1);
      const docs = series(150).map((doc, i) => (i === 130 ? { ...doc, email: 'e' } : doc));
      await storage.commit(inserts(docs));
      expect(await readAll(collection)).toStrictEqual(docs);
      expect(await collection.find('email', ['e'])).toStrictEqual(docs[130]);
    });

    test('between other writes each finds what those before it have left', async () => {
      const { storage } = await open(engine);
      const [a, b, c, d] = series(4) as [Thing, Thing, Thing, Thing];
      const label = (id: string): Write => ({ in: labels, insert: { id } });
      await storage.commit([
        ...inserts([a, b]),
        label('x'),
        label('y'),
        { in: things, delete: ['m', a.id], expect: { rank: 0 } },
        ...inserts([c, { ...a, note: 'again' }]),
        { in: things, update: ['m', c.id], change: { add: { rank: 10 } }, expect: { rank: 2 } },
      ]);
      expect(await readAll(storage.collection(things))).toStrictEqual([{ ...a, note: 'again' }, b, { ...c, rank: 12 }]);
      const before = await dump(storage);
      const refused = [label('z'), ...inserts([d]), label('u'), label('v'), label('x'), label('w')];
      await expect(storage.commit(refused)).rejects.toMatchObject({ index: 'primary', at: 4 });
      expect(await dump(storage)).toEqual(before);
    });

    test('two at once that begin with the same key: one succeeds, the other leaves nothing', async () => {
      const { storage, another } = await open(engine);
      const other = await another();
      const commit = (who: string) => inserts([{ space: 'log', id: '1', note: who }, ...series(50, who)]);
      const errors = failures(await Promise.allSettled([storage.commit(commit('a')), other.commit(commit('b'))]));
      expect(errors).toHaveLength(1);
      expect(errors[0]).toMatchObject({ name: 'DuplicateKeyError', index: 'primary', at: 0 });
      expect(await storage.collection(things).count({})).toBe(51);
    });

    test('120 writes of every kind are one commit like any other', async () => {
      const { storage } = await open(engine);
      const docs = series(40);
      await storage.commit(inserts(docs));
      const writes = docs.flatMap((doc): Write[] => [
        { in: things, update: ['m', doc.id], change: { set: { note: 'n' } }, expect: { rank: doc.rank } },
        { in: labels, put: { id: doc.id } },
        { in: things, require: ['m', doc.id], expect: { note: 'n' } },
      ]);
      const refused: Write = { in: things, require: ['m', 'nobody'], expect: {} };
      await expect(storage.commit([...writes, refused])).rejects.toMatchObject({ name: 'ConflictError', at: 120 });
      expect(await readAll(storage.collection(things))).toStrictEqual(docs);
      await storage.commit(writes);
      expect(await readAll(storage.collection(things))).toStrictEqual(docs.map(doc => ({ ...doc, note: 'n' })));
      expect(await storage.collection(labels).count({})).toBe(40);
    });
  });
}
