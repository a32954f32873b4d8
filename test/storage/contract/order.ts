import { describe, expect, test } from 'vitest';
import type { CollectionSpec, Scalar } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { open, readAll, readIds, things } from './things.ts';

/** In the order of their UTF-8 bytes. `<` of JavaScript would put the astral ones before U+E000. */
const TEXTS = [
  '',
  '\u0001',
  '\u0001a',
  '\u0002',
  '\t',
  '\n',
  '\u001b',
  '\u001f',
  ' ',
  '!',
  '$gt',
  '.',
  '..',
  '0',
  '10',
  '9',
  'A',
  'Z',
  '__proto__',
  'a',
  'a\u0001',
  'a ',
  'a.b',
  'aa',
  'a\u007f',
  'aé',
  'a\uffff',
  'a\u{1f600}',
  'a\u{10ffff}',
  'b',
  '\u007f',
  '\u0080',
  'ß',
  'é',
  'ж',
  '€',
  '\ud7ff',
  '\ue000',
  '\ufeff',
  '\uffff',
  '\u{10000}',
  '\u{1f600}',
  '\u{10ffff}',
  '\u{10ffff}\u{10ffff}',
];

const NUMBERS = [
  -Number.MAX_VALUE,
  -(2 ** 53),
  -2147483649,
  -2147483648,
  -256,
  -10,
  -9,
  -1.5,
  -1,
  -0.5,
  -5e-324,
  0,
  5e-324,
  0.1,
  0.5,
  1,
  1.5,
  2,
  9,
  10,
  255,
  256,
  65536,
  2147483647,
  2147483648,
  4294967296,
  Number.MAX_SAFE_INTEGER,
  2 ** 60,
  Number.MAX_VALUE,
];

const DATES = [
  -8.64e15,
  Date.UTC(1900, 0),
  -1,
  0,
  1,
  Date.UTC(2000, 0),
  Date.UTC(2000, 0) + 1,
  Date.UTC(2100, 0),
  8.64e15,
].map(ms => new Date(ms));

/** The order of keys and indexes. */
export function orderContract(engine: Engine): void {
  describe('order', () => {
    test.each<[string, readonly Scalar[]]>([
      ['texts by their UTF-8 bytes', TEXTS],
      ['numbers by their value', NUMBERS],
      ['dates by their time', DATES],
    ])('%s, in the primary key and in an index', async (_, values) => {
      const spec: CollectionSpec<{ id: Scalar; copy: Scalar }> = {
        name: 'sorted',
        key: ['id'],
        indexes: [{ name: 'copy', fields: ['copy'] }],
      };
      const { storage } = await open(engine, { specs: [spec] });
      const collection = storage.collection(spec);
      const shuffled = values.map((_, i) => values[(i * 7 + 3) % values.length]).filter(v => v !== undefined);
      expect(new Set(shuffled).size).toBe(values.length);
      for (const value of shuffled) await collection.insert({ id: value, copy: value });

      expect((await readAll(collection)).map(d => d.id)).toEqual(values);
      expect((await readAll(collection, { order: 'desc' })).map(d => d.id)).toEqual(values.toReversed());
      expect((await readAll(collection, { index: 'copy' })).map(d => d.id)).toEqual(values);
      expect((await readAll(collection, { index: 'copy', order: 'desc', limit: 3 })).map(d => d.id)).toEqual(
        values.toReversed(),
      );
      for (const [i, value] of values.entries()) {
        expect(await collection.get([value])).toEqual({ id: value, copy: value });
        expect((await readAll(collection, { index: 'copy', prefix: [value] })).map(d => d.id)).toEqual([value]);
        expect(await collection.count({ from: value })).toBe(values.length - i);
        expect(await collection.count({ index: 'copy', below: value })).toBe(i);
      }
    });

    test('a tuple is ordered by its first field, then by its second', async () => {
      const collection = (await open(engine)).storage.collection(things);
      const tuples = [
        ['', 'z'],
        ['a', ''],
        ['a', '\u0001'],
        ['a', 'z'],
        ['a', '\u{10ffff}'],
        ['a\u0001', ''],
        ['a\u0001', 'a'],
        ['a ', 'a'],
        ['ab', ''],
        ['ab', 'a'],
        ['é', 'a'],
        ['\uffff', 'a'],
        ['\u{1f600}', 'a'],
      ] as const;
      for (const [space, id] of tuples.toReversed()) await collection.insert({ space, id });
      expect((await readAll(collection)).map(t => [t.space, t.id])).toEqual(tuples);
      for (const space of new Set(tuples.map(t => t[0]))) {
        const ids = tuples.filter(t => t[0] === space).map(t => t[1]);
        expect(await readIds(collection, { prefix: [space] }), JSON.stringify(space)).toEqual(ids);
        expect(await readIds(collection, { prefix: [space], order: 'desc' })).toEqual(ids.toReversed());
      }
    });

    test('letter case, accents and the two forms of one accent are different keys', async () => {
      const collection = (await open(engine)).storage.collection(things);
      const ids = ['A', 'a', 'e\u0301', 'é'];
      for (const id of ids) await collection.insert({ space: 's', id, email: id });
      expect(await readIds(collection)).toEqual(ids);
      for (const id of ids) expect(await collection.find('email', [id])).toMatchObject({ id });
    });
  });
}
