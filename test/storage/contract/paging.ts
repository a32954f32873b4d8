import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/base/errors.ts';
import type { Collection } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { open, readIds, type Thing, things } from './things.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** Going on with a cursor. */
export function pagingContract(engine: Engine): void {
  describe('cursor', () => {
    async function filled(): Promise<Collection<Thing>> {
      const collection = (await open(engine)).storage.collection(things);
      for (const [i, id] of IDS.entries())
        await collection.insert({ space: 's', id, rank: Math.floor(i / 3), email: id });
      await collection.insert({ space: 'r', id: 'x', rank: 0 });
      await collection.insert({ space: 't', id: 'x', rank: 0 });
      return collection;
    }

    async function next(
      collection: Collection<Thing>,
      scan: Parameters<Collection<Thing>['scan']>[0],
    ): Promise<string> {
      const { next: cursor } = await collection.scan(scan);
      if (cursor === undefined) throw new Error('no cursor');
      return cursor;
    }

    test.each([1, 2, 3, 4, 6, 7, 8])(
      'pages of %i show every document once, in both orders, over key and index',
      async limit => {
        const collection = await filled();
        for (const range of [
          { prefix: ['s'] },
          { index: 'rank', prefix: ['s'] },
          { index: 'email' },
          { prefix: ['s'], from: 'a', below: 'h' },
        ]) {
          expect(await readIds(collection, { ...range, limit })).toEqual(IDS);
          expect(await readIds(collection, { ...range, limit, order: 'desc' })).toEqual(IDS.toReversed());
          expect(await readIds(collection, { ...range, limit, ...('index' in range && { covered: true }) })).toEqual(
            IDS,
          );
          expect((await collection.scan({ ...range, limit })).items).toHaveLength(Math.min(limit, IDS.length));
        }
      },
    );

    test('ties of an index are ordered by key and split over pages', async () => {
      const collection = (await open(engine)).storage.collection(things);
      for (const id of IDS.toReversed()) await collection.insert({ space: 's', id, rank: 5, at: new Date(5) });
      for (const index of ['rank', 'at']) {
        const prefix = index === 'rank' ? { prefix: ['s', 5] } : {};
        expect(await readIds(collection, { index, ...prefix, limit: 2 })).toEqual(IDS);
        expect(await readIds(collection, { index, ...prefix, limit: 2, order: 'desc' })).toEqual(IDS.toReversed());
      }
    });

    test('is absent on the last page of a range', async () => {
      const collection = await filled();
      expect((await collection.scan({ prefix: ['s'], limit: 8 })).next).toBeUndefined();
      const cursor = await next(collection, { prefix: ['s'], limit: 5 });
      const last = await collection.scan({ prefix: ['s'], limit: 5, cursor });
      expect(last.items.map(t => t.id)).toEqual(['f', 'g']);
      expect(last.next).toBeUndefined();
    });

    test.each(['asc', 'desc'] as const)(
      'neither skips nor repeats what is there throughout, while others come and go: %s',
      async order => {
        const collection = await filled();
        const steady = ['b', 'd', 'f'];
        const seen: string[] = [];
        let cursor: string | undefined;
        let step = 0;
        do {
          const page = await collection.scan({
            prefix: ['s'],
            limit: 1,
            order,
            ...(cursor !== undefined && { cursor }),
          });
          seen.push(...page.items.map(t => t.id));
          cursor = page.next;
          await Promise.all(seen.filter(id => !steady.includes(id)).map(id => collection.delete(['s', id])));
          // Behind the cursor and before it, but only so many before it that there is an end.
          await collection.put({ space: 's', id: `${step % 2 === 0 || step > 10 ? '' : 'd'}${order}${step}` });
          step++;
        } while (cursor !== undefined && step < 100);
        expect(step).toBeLessThan(100);
        expect(seen.filter(id => steady.includes(id))).toEqual(order === 'asc' ? steady : steady.toReversed());
        expect(new Set(seen).size).toBe(seen.length);
      },
    );

    test('goes on although the document it was made from is gone', async () => {
      const collection = await filled();
      const cursor = await next(collection, { index: 'rank', prefix: ['s'], limit: 2 });
      await collection.deleteMany({ prefix: ['s'], from: 'a', below: 'd' });
      expect(await readIds(collection, { index: 'rank', prefix: ['s'], cursor })).toEqual(['d', 'e', 'f', 'g']);
    });

    test('holds for another handle on the same data', async () => {
      const { storage, another } = await open(engine);
      for (const id of IDS) await storage.collection(things).insert({ space: 's', id });
      const cursor = await next(storage.collection(things), { prefix: ['s'], limit: 3 });
      expect(await readIds((await another()).collection(things), { prefix: ['s'], cursor })).toEqual([
        'd',
        'e',
        'f',
        'g',
      ]);
    });

    const base64 = (text: string) => Buffer.from(text).toString('base64url');
    test.each([
      ['the empty text', ''],
      ['a letter', 'x'],
      ['no base64', '%%%'],
      ['a letter beyond ASCII', 'é'],
      ['an empty list', base64('[]')],
      ['an object', base64('{"a":1}')],
      ['null', base64('null')],
      ['an operator', base64('["s",{"$gt":""}]')],
      ['a list with null', base64('["s",null]')],
      ['too long a list', base64('["s","a","b","c","d","e"]')],
      ['too long a text', base64(`["s","${'x'.repeat(2000)}"]`)],
      ['U+0000', base64('["s","\\u0000"]')],
    ])('that nobody gave out is an InvalidInputError: %s', async (_, cursor) => {
      const collection = await filled();
      for (const range of [{ prefix: ['s'] }, {}, { index: 'rank', prefix: ['s'] }]) {
        const error = await collection.scan({ ...range, limit: 1, cursor }).catch(e => e);
        expect(error).toBeInstanceOf(InvalidInputError);
        expect(error.code).toBe('cursor_invalid');
      }
    });

    test('of another prefix or index is an InvalidInputError', async () => {
      const collection = await filled();
      const ofKey = await next(collection, { prefix: ['s'], limit: 1 });
      const ofIndex = await next(collection, { index: 'rank', prefix: ['s'], limit: 1 });
      for (const scan of [
        { prefix: ['t'], limit: 1, cursor: ofKey },
        { index: 'rank', prefix: ['t'], limit: 1, cursor: ofIndex },
        { index: 'rank', prefix: ['s', 1], limit: 1, cursor: ofIndex },
        { index: 'rank', prefix: ['s'], limit: 1, cursor: ofKey },
        { prefix: ['s'], limit: 1, cursor: ofIndex },
      ]) {
        await expect(collection.scan(scan)).rejects.toMatchObject({
          name: 'InvalidInputError',
          code: 'cursor_invalid',
        });
      }
    });

    test('from outside `from` and `below` never leads outside them', async () => {
      const collection = await filled();
      const afterA = await next(collection, { prefix: ['s'], limit: 1 });
      const beforeG = await next(collection, { prefix: ['s'], limit: 1, order: 'desc' });
      const range = { prefix: ['s'], from: 'c', below: 'e' };
      const ids = async (scan: object) => readIds(collection, { ...range, ...scan }).catch(() => []);
      for (const cursor of [afterA, beforeG]) {
        for (const order of ['asc', 'desc'] as const) {
          for (const id of await ids({ cursor, order })) expect(['c', 'd']).toContain(id);
        }
      }
    });
  });
}
