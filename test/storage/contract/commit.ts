import { describe, expect, test } from 'vitest';
import { ConflictError, DuplicateKeyError, InvalidInputError } from '../../../src/base/errors.ts';
import type { Storage, Write } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { dump, labels, open, readIds, things } from './things.ts';

/** Writes that cannot succeed on the documents of `fill`, and what the commit has to say. */
const REFUSED: readonly (readonly [string, Write, object])[] = [
  [
    'insert of a taken key',
    { in: things, insert: { space: 's', id: 'a' } },
    { name: 'DuplicateKeyError', index: 'primary' },
  ],
  [
    'insert of a taken unique value',
    { in: things, insert: { space: 's', id: 'n', email: 'a' } },
    { name: 'DuplicateKeyError', index: 'email' },
  ],
  [
    'put of a taken unique value',
    { in: things, put: { space: 's', id: 'b', email: 'a' } },
    { name: 'DuplicateKeyError', index: 'email' },
  ],
  [
    'update to a taken unique value',
    { in: things, update: ['s', 'b'], change: { set: { email: 'a' } } },
    { name: 'DuplicateKeyError', index: 'email' },
  ],
  [
    'update of an absent document',
    { in: things, update: ['s', 'n'], change: { set: { note: 'm' } } },
    { name: 'ConflictError' },
  ],
  [
    'update with `expect` not met',
    { in: things, update: ['s', 'a'], change: { set: { note: 'm' } }, expect: { note: 'other' } },
    { name: 'ConflictError' },
  ],
  [
    'update with a field that should be absent',
    { in: things, update: ['s', 'a'], change: {}, expect: { note: undefined } },
    { name: 'ConflictError' },
  ],
  [
    'add out of bounds',
    { in: things, update: ['s', 'a'], change: { add: { total: 9 }, bounds: { total: { max: 10 } } } },
    { name: 'ConflictError' },
  ],
  [
    'delete with `expect` not met',
    { in: things, delete: ['s', 'a'], expect: { note: 'other' } },
    { name: 'ConflictError' },
  ],
  [
    'delete with `expect` of an absent document',
    { in: things, delete: ['s', 'n'], expect: {} },
    { name: 'ConflictError' },
  ],
  [
    'require with `expect` not met',
    { in: things, require: ['s', 'a'], expect: { note: 'other' } },
    { name: 'ConflictError' },
  ],
  ['require of an absent document', { in: things, require: ['s', 'n'], expect: {} }, { name: 'ConflictError' }],
  ['require absent of what is there', { in: things, require: ['s', 'a'], expect: 'absent' }, { name: 'ConflictError' }],
];

async function fill(storage: Storage): Promise<void> {
  await storage.collection(things).insert({ space: 's', id: 'a', email: 'a', rank: 1, note: 'n', total: 2 });
  await storage.collection(things).insert({ space: 's', id: 'b', email: 'b', rank: 2 });
  await storage.collection(labels).insert({ id: 'l', version: 1 });
}

/** Five writes that fit, one of each kind; the refused one goes before one of them. */
const FITTING: readonly Write[] = [
  { in: things, insert: { space: 's', id: 'x', email: 'x', rank: 3 } },
  { in: labels, put: { id: 'l', version: 2 } },
  { in: labels, put: { id: 'new', text: 't' } },
  { in: things, update: ['s', 'a'], change: { set: { rank: 7 }, add: { total: 1 } }, expect: { note: 'n' } },
  { in: things, delete: ['s', 'b'], expect: { rank: 2 } },
];

/** All or nothing. */
export function commitContract(engine: Engine): void {
  describe('commit', () => {
    test('applies writes of every kind, in several collections', async () => {
      const { storage } = await open(engine);
      await fill(storage);
      await storage.commit([
        { in: things, require: ['s', 'a'], expect: { note: 'n', ends_at: undefined } },
        { in: things, require: ['s', 'x'], expect: 'absent' },
        ...FITTING,
        { in: things, delete: ['s', 'nobody'] },
        { in: things, deleteMany: { prefix: ['none'] } },
      ]);
      const collection = storage.collection(things);
      expect(await collection.get(['s', 'a'])).toStrictEqual({
        space: 's',
        id: 'a',
        email: 'a',
        rank: 7,
        note: 'n',
        total: 3,
      });
      expect(await readIds(collection, { index: 'rank', prefix: ['s'] })).toEqual(['x', 'a']);
      expect(await readIds(collection, { index: 'email' })).toEqual(['a', 'x']);
      expect(await storage.collection(labels).get(['l'])).toStrictEqual({ id: 'l', version: 2 });
      expect(await storage.collection(labels).get(['new'])).toStrictEqual({ id: 'new', text: 't' });
    });

    test('of nothing does nothing', async () => {
      const { storage } = await open(engine);
      await storage.commit([]);
      expect(await storage.collection(things).count({})).toBe(0);
    });

    test.each(REFUSED)('%s: nothing is applied, wherever it stands, and `at` says where', async (_, refused, error) => {
      const { storage } = await open(engine);
      await fill(storage);
      const before = await dump(storage);
      // Not behind writes that would change what it fails on.
      for (const at of [0, 1, 3]) {
        const writes = FITTING.toSpliced(at, 0, refused);
        await expect(storage.commit(writes)).rejects.toMatchObject({ ...error, at });
        expect(await dump(storage)).toEqual(before);
      }
    });

    test('what may not be indexed: nothing is applied', async () => {
      const { storage } = await open(engine);
      await fill(storage);
      const before = await dump(storage);
      for (const bad of ['a\0b', '\ud800', 'x'.repeat(1501)]) {
        for (const write of [
          { in: things, insert: { space: 's', id: bad } },
          { in: things, put: { space: 's', id: 'y', email: bad } },
          { in: things, update: ['s', 'a'], change: { set: { email: bad } } },
          { in: things, require: ['s', bad], expect: 'absent' as const },
        ]) {
          await expect(storage.commit([...FITTING, write])).rejects.toBeInstanceOf(InvalidInputError);
        }
      }
      expect(await dump(storage)).toEqual(before);
    });

    test('an update changes its document once, with its index entries', async () => {
      const { storage } = await open(engine);
      await fill(storage);
      await storage.commit([
        { in: things, update: ['s', 'a'], change: { add: { total: 1 }, unset: ['email'], set: { rank: 9 } } },
      ]);
      const collection = storage.collection(things);
      expect(await collection.get(['s', 'a'])).toStrictEqual({ space: 's', id: 'a', rank: 9, note: 'n', total: 3 });
      expect(await collection.find('email', ['a'])).toBeUndefined();
      expect(await readIds(collection, { index: 'rank', prefix: ['s', 9] })).toEqual(['a']);
    });

    test('require leaves the document as it is', async () => {
      const { storage } = await open(engine);
      await fill(storage);
      const before = await dump(storage);
      await storage.commit([
        { in: things, require: ['s', 'a'], expect: { note: 'n' } },
        { in: things, require: ['s', 'b'], expect: {} },
      ]);
      expect(await dump(storage)).toEqual(before);
      expect(await storage.collection(things).get(['s', 'b'])).toStrictEqual({
        space: 's',
        id: 'b',
        email: 'b',
        rank: 2,
      });
    });

    const many = engine.name === 'embedded' ? 2500 : 60;
    test(`deleteMany of ${many} documents inside a commit, and none of it when a later write fails`, async () => {
      const { storage } = await open(engine);
      await fill(storage);
      const inserts = Array.from({ length: many }, (_, i) => ({
        in: things,
        insert: { space: 'm', id: `${i}`, rank: i, email: `m${i}` },
      }));
      await storage.commit(inserts);
      const collection = storage.collection(things);
      expect(await collection.count({ index: 'rank', prefix: ['m'] })).toBe(many);
      const sweep = { in: things, deleteMany: { prefix: ['m'] } };
      await expect(storage.commit([sweep, { in: labels, insert: { id: 'l' } }])).rejects.toMatchObject({
        index: 'primary',
        at: 1,
      });
      expect(await collection.count({ prefix: ['m'] })).toBe(many);
      await storage.commit([sweep, { in: labels, put: { id: 'l', version: 3 } }]);
      expect(await collection.count({ prefix: ['m'] })).toBe(0);
      expect(await collection.count({ index: 'email', from: 'm' })).toBe(0);
      expect(await readIds(collection)).toEqual(['a', 'b']);
    });

    test('is on disk: a new handle sees all of it', async () => {
      const { storage, reopen } = await open(engine);
      await fill(storage);
      await storage.commit(FITTING);
      const before = await dump(storage);
      expect(await dump(await reopen())).toEqual(before);
    });
  });

  describe('a write of a commit builds on those before it', () => {
    test('insert, then update and delete of the same document', async () => {
      const { storage } = await open(engine);
      await storage.commit([
        { in: things, insert: { space: 's', id: 'a', total: 1 } },
        { in: things, update: ['s', 'a'], change: { add: { total: 1 } }, expect: { total: 1 } },
        { in: things, insert: { space: 's', id: 'b' } },
        { in: things, delete: ['s', 'b'], expect: {} },
      ]);
      expect(await storage.collection(things).get(['s', 'a'])).toStrictEqual({ space: 's', id: 'a', total: 2 });
      expect(await readIds(storage.collection(things))).toEqual(['a']);
    });

    test('a key or a unique value that one write frees is taken by the next', async () => {
      const { storage } = await open(engine);
      await fill(storage);
      await storage.commit([
        { in: things, delete: ['s', 'a'] },
        { in: things, insert: { space: 's', id: 'a', note: 'new' } },
        { in: things, insert: { space: 's', id: 'c', email: 'a' } },
        { in: things, update: ['s', 'b'], change: { unset: ['email'] } },
        { in: things, update: ['s', 'a'], change: { set: { email: 'b' } } },
      ]);
      const collection = storage.collection(things);
      expect(await collection.get(['s', 'a'])).toStrictEqual({ space: 's', id: 'a', note: 'new', email: 'b' });
      expect(await collection.find('email', ['a'])).toMatchObject({ id: 'c' });
    });

    test('two inserts of one key or one unique value: nothing is applied', async () => {
      const { storage } = await open(engine);
      await fill(storage);
      const before = await dump(storage);
      const insert = (id: string, email: string) => ({ in: things, insert: { space: 's', id, email } });
      const taken = (writes: Write[]) => storage.commit(writes).catch(e => e);
      const byKey = await taken([insert('x', 'x'), insert('x', 'y')]);
      expect(byKey).toBeInstanceOf(DuplicateKeyError);
      expect(byKey).toMatchObject({ index: 'primary', at: 1 });
      expect(await dump(storage)).toEqual(before);
      expect(await taken([insert('x', 'x'), insert('y', 'x')])).toMatchObject({
        name: 'DuplicateKeyError',
        index: 'email',
        at: 1,
      });
      expect(await dump(storage)).toEqual(before);
    });

    test('an expectation that an earlier write broke: nothing is applied', async () => {
      const { storage } = await open(engine);
      await fill(storage);
      const before = await dump(storage);
      const broken: Write[] = [
        { in: things, update: ['s', 'a'], change: { set: { note: 'm' } } },
        { in: things, update: ['s', 'a'], change: { set: { note: 'o' } }, expect: { note: 'n' } },
      ];
      await expect(storage.commit(broken)).rejects.toBeInstanceOf(ConflictError);
      expect(await dump(storage)).toEqual(before);
    });
  });
}
