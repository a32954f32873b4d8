import { describe, expect, test } from 'vitest';
import type { CollectionSpec } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { open, things } from './things.ts';

interface Box {
  id: string;
  value?: unknown;
  other?: unknown;
}
const boxes: CollectionSpec<Box> = { name: 'boxes', key: ['id'] };

const TEXT = 'a\0b "\\ \u2028 \uffff \u{1f600} $set $where a.b __proto__ constructor';

/** What documents hold: every value comes back as it was, whatever it looks like. */
export function valuesContract(engine: Engine): void {
  describe('values', () => {
    test.each<[string, unknown]>([
      ['a text with every kind of character', TEXT],
      ['the empty text', ''],
      ['texts that look like operators', '$total'],
      ['a text of 1 MiB', 'é'.repeat(512 * 1024)],
      ['whole numbers', [0, 1, -1, 2147483648, -2147483649, Number.MAX_SAFE_INTEGER].map(String)],
      ['a number beyond 32 bits', 2147483648],
      ['the largest safe integer', Number.MAX_SAFE_INTEGER],
      ['a large number', 1e300],
      ['a fraction', 0.1],
      ['zero', 0],
      ['true', true],
      ['false', false],
      ['a date', new Date(Date.UTC(2024, 1, 29, 12, 0, 0, 123))],
      ['a date before 1970', new Date(-1)],
      ['a list of texts', ['b', 'a', '', TEXT]],
      ['an empty list', []],
    ])('%s', async (_, value) => {
      const { storage, reopen } = await open(engine, { specs: [boxes] });
      const collection = storage.collection(boxes);
      await collection.insert({ id: 'inserted', value });
      await collection.put({ id: 'put', value });
      await collection.put({ id: 'updated' });
      expect(await collection.update(['updated'], { set: { value } })).toStrictEqual({ id: 'updated', value });
      await storage.commit([
        { in: boxes, insert: { id: 'committed', value } },
        { in: boxes, put: { id: 'committed too', value } },
      ]);
      const ids = ['committed', 'committed too', 'inserted', 'put', 'updated'];
      for (const id of ids) expect(await collection.get([id])).toStrictEqual({ id, value });
      const again = (await reopen()).collection(boxes);
      expect((await again.scan({ limit: 10 })).items).toStrictEqual(ids.map(id => ({ id, value })));
    });

    test('bytes', async () => {
      const { storage } = await open(engine, { specs: [boxes] });
      const collection = storage.collection(boxes);
      const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);
      await collection.put({ id: 'a', value: bytes, other: new Uint8Array() });
      await collection.put({ id: 'part', value: bytes.subarray(10, 20) });
      const doc = await collection.get(['a']);
      expect(doc?.value).toBeInstanceOf(Uint8Array);
      expect(Buffer.compare(doc?.value as Uint8Array, bytes)).toBe(0);
      expect(doc?.other).toBeInstanceOf(Uint8Array);
      expect(doc?.other).toHaveLength(0);
      expect(Buffer.compare((await collection.get(['part']))?.value as Uint8Array, bytes.subarray(10, 20))).toBe(0);
    });

    test('a field that is undefined is absent', async () => {
      const collection = (await open(engine)).storage.collection(things);
      const given = { space: 's', id: 'a', email: undefined, rank: undefined, note: undefined } as unknown as {
        space: string;
        id: string;
      };
      await collection.insert(given);
      await collection.put({ ...given, id: 'b' });
      expect(await collection.get(['s', 'a'])).toStrictEqual({ space: 's', id: 'a' });
      expect(await collection.get(['s', 'b'])).toStrictEqual({ space: 's', id: 'b' });
      expect(await collection.count({ index: 'email' })).toBe(0);
      expect(await collection.count({ index: 'rank' })).toBe(0);
    });

    test('texts that look like operators and paths are keys and index values like any other', async () => {
      const collection = (await open(engine)).storage.collection(things);
      for (const id of ['$gt', '$where', 'a.b', '.', '__proto__', 'constructor', 'toString', '{"$gt":""}', '*', '^a']) {
        await collection.insert({ space: '__proto__', id, email: id, note: id });
        expect(await collection.get(['__proto__', id])).toStrictEqual({ space: '__proto__', id, email: id, note: id });
        expect(await collection.find('email', [id])).toMatchObject({ id });
        expect(await collection.update(['__proto__', id], { set: { note: `$${id}` } }, { note: id })).toMatchObject({
          note: `$${id}`,
        });
        expect(await collection.delete(['__proto__', id], { note: `$${id}` })).toBe(true);
      }
    });

    test('arguments are not modified', async () => {
      const { storage } = await open(engine);
      const collection = storage.collection(things);
      const doc = Object.freeze({ space: 's', id: 'a', email: 'e', at: new Date(5), note: 'n', total: 1 });
      const other = Object.freeze({ space: 's', id: 'b', note: 'n' });
      const key = Object.freeze(['s', 'a']);
      const change = Object.freeze({
        set: Object.freeze({ note: 'm' }),
        unset: Object.freeze(['email'] as const),
        add: Object.freeze({ total: 1 }),
      });
      const expected = Object.freeze({ note: 'n' });
      const range = Object.freeze({ index: 'at', from: new Date(0), limit: 5 });
      const before = structuredClone([doc, other, key, change, expected, range]);
      await collection.insert(doc);
      await collection.put(doc);
      await collection.get(key);
      await collection.getMany(Object.freeze([key, key]));
      await collection.scan(range);
      await collection.count(range);
      await collection.update(key, change, expected);
      await collection.delete(key);
      const writes = Object.freeze([
        Object.freeze({ in: things, insert: doc }),
        Object.freeze({ in: things, insert: other }),
        Object.freeze({ in: things, put: doc }),
        Object.freeze({ in: things, update: key, change, expect: expected }),
      ]);
      await storage.commit(writes);
      await collection.deleteMany(range);
      expect([doc, other, key, change, expected, range]).toStrictEqual(before);
    });

    test('a document that was stored is a copy', async () => {
      const collection = (await open(engine)).storage.collection(things);
      const doc = { space: 's', id: 'a', note: 'n', at: new Date(5) };
      await collection.put(doc);
      doc.note = 'changed afterwards';
      doc.at.setTime(6);
      expect(await collection.get(['s', 'a'])).toStrictEqual({ space: 's', id: 'a', note: 'n', at: new Date(5) });
    });
  });
}
