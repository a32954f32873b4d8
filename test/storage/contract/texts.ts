import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/base/errors.ts';
import type { Engine } from '../../support/engines.ts';
import { type Line, lines, open, readAll, things } from './things.ts';

/** Enough for whatever a test reads. */
const bytes = 1_000_000_000;

/** Texts without the rest of their documents. */
export function textsContract(engine: Engine): void {
  describe('texts', () => {
    async function filled(book: Line[]) {
      const { storage } = await open(engine);
      await storage.commit(book.map(insert => ({ in: lines, insert })));
      return storage.collection(lines);
    }

    const numbered = (count: number, text = (number: number) => `line ${number}`) =>
      Array.from({ length: count }, (_, i): Line => ({ book: 'b', number: i + 1, text: text(i + 1) }));

    test('are those of a stretch, in the order of the key', async () => {
      const others = [
        { book: 'a', number: 9, text: 'a' },
        { book: 'b ', number: 1, text: 'b' },
        { book: 'c', number: 1, text: 'c' },
      ];
      const collection = await filled([...others, ...numbered(12)]);
      const all = numbered(12).map(({ text }) => text);
      const prefix = ['b'];
      expect(await collection.texts({ prefix, limit: 100, bytes })).toEqual({ texts: all, more: false });
      expect(await collection.texts({ prefix, from: 9, limit: 3, bytes })).toEqual({
        texts: all.slice(8, 11),
        more: true,
      });
      expect(await collection.texts({ prefix, from: 10, limit: 3, bytes })).toEqual({
        texts: all.slice(9),
        more: false,
      });
      expect(await collection.texts({ prefix, from: 2, below: 4, limit: 3, bytes })).toEqual({
        texts: all.slice(1, 3),
        more: false,
      });
      expect(await collection.texts({ prefix, from: 13, limit: 3, bytes, settled: true })).toEqual({
        texts: [],
        more: false,
      });
      expect((await collection.texts({ limit: 100, bytes })).texts).toHaveLength(15);
    });

    test('are as they were written, of any length and any characters', async () => {
      const long = (length: number) => [`${'x'.repeat(length - 1)}.`, 'é'.repeat(length), '😀'.repeat(length)];
      const odd = ['', ' ', '\0', '\ufeff', '{"a":"\\u0000"}', '\u2028', '\x7f\x80\xff'];
      const texts = [...odd, ...[31, 32, 255, 256, 65_535, 65_536, 300_000].flatMap(long)];
      const collection = await filled(texts.map((text, number) => ({ book: 'b', number, text })));
      expect((await collection.texts({ limit: 100, bytes })).texts).toEqual(texts);
      expect((await readAll(collection)).map(({ text }) => text)).toEqual(texts);
    });

    test('end with what fills the bytes, and at least with one', async () => {
      const collection = await filled(numbered(20, () => 'x'.repeat(100_000)));
      const found: string[] = [];
      for (let more = true; more; ) {
        const part = await collection.texts({ prefix: ['b'], from: found.length + 1, limit: 100, bytes: 150_000 });
        expect(part.texts.length > 0 || !part.more).toBe(true);
        found.push(...part.texts);
        more = part.more;
      }
      expect(found).toHaveLength(20);
      expect((await collection.texts({ limit: 100, bytes: 1 })).texts.length).toBeGreaterThan(0);
    });

    test('are as they are after every kind of write, whatever comes first in the document', async () => {
      const { storage, another } = await open(engine);
      const collection = storage.collection(lines);
      const read = async () => (await collection.texts({ prefix: ['b'], limit: 10, bytes })).texts;
      await collection.insert({ text: 'first', book: 'b', number: 1 });
      await collection.put({ hash: 'h', number: 1, text: 'put', book: 'b' });
      expect(await read()).toEqual(['put']);
      expect(await collection.get(['b', 1])).toEqual({ hash: 'h', number: 1, text: 'put', book: 'b' });
      await collection.update(['b', 1], { set: { text: 'updated' }, unset: ['hash'] });
      expect(await read()).toEqual(['updated']);
      await storage.commit([
        { in: lines, update: ['b', 1], change: { set: { text: 'committed' } } },
        { in: lines, put: { book: 'b', number: 2, text: 'new' } },
      ]);
      expect(await read()).toEqual(['committed', 'new']);
      await (await another()).collection(lines).delete(['b', 1]);
      expect(await read()).toEqual(['new']);
      await collection.deleteMany({ prefix: ['b'] });
      expect(await read()).toEqual([]);
    });

    test('are refused for a page of none, and where a document has none', async () => {
      const { storage } = await open(engine);
      await expect(storage.collection(lines).texts({ limit: 0, bytes })).rejects.toBeInstanceOf(InvalidInputError);
      await expect(storage.collection(things).texts({ limit: 1, bytes })).rejects.toThrow('no text that is read alone');
      await expect(storage.collection(lines).put({ book: 'b', number: 1 } as Line)).rejects.toThrow('must be a text');
    });
  });
}
