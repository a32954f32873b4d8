/** How a commit on MongoDB relies on a key where nothing is, by a collection that is played here: no server of the tests has transactions. */

import type { ClientSession } from 'mongodb';
import { expect, test } from 'vitest';
import { pipelineOf } from '../../src/storage/mongo/changes/source.ts';
import { type Doc, type Table, tableOf } from '../../src/storage/mongo/table.ts';
import { holds } from '../../src/storage/mongo/writes/writes.ts';

const spec = { name: 'leaves', key: ['tree', 'id'], owner: 'tree', expires: 'ends_at' };
const session = {} as ClientSession;
const NOW = 1_000_000;

/** One key of a collection, and what is written to it. */
function played(there: Doc | null) {
  const written: [string, unknown][] = [];
  const isLive = there !== null && !(there.ends_at instanceof Date && there.ends_at.getTime() <= NOW);
  const rows = {
    collectionName: 'leaves',
    findOne: async () => (isLive ? there : null),
    updateOne: async (_: unknown, change: unknown) => {
      written.push(['update', change]);
      return { matchedCount: there ? 1 : 0, upsertedCount: there ? 0 : 1 };
    },
    deleteOne: async () => written.push(['delete', undefined]),
  };
  const table = { ...tableOf({ collection: () => rows } as never, spec, 'leaves'), rows } as unknown as Table;
  return { table, written };
}

const guard = { $inc: { _guard: 1 }, $setOnInsert: { _placeholder: true } };

test('an absent key is made and taken away again, so that another commit that makes it is in the way', async () => {
  const { table, written } = played(null);
  expect(await holds(table, ['t', 'a'], 'absent', NOW, session)).toBe(true);
  expect(written).toEqual([
    ['update', guard],
    ['delete', undefined],
  ]);
});

test('what has ended there counts as absent, and is written to', async () => {
  const { table, written } = played({ tree: 't', id: 'a', ends_at: new Date(NOW) });
  expect(await holds(table, ['t', 'a'], 'absent', NOW, session)).toBe(true);
  expect(written).toEqual([['update', guard]]);
});

test('where something is, or without a transaction, nothing is written', async () => {
  const there = played({ tree: 't', id: 'a' });
  expect(await holds(there.table, ['t', 'a'], 'absent', NOW, session)).toBe(false);
  const alone = played(null);
  expect(await holds(alone.table, ['t', 'a'], 'absent', NOW)).toBe(true);
  expect([...there.written, ...alone.written]).toEqual([]);
});

test('whoever follows the changes is not told of it', () => {
  const [first] = pipelineOf([played(null).table]);
  expect(first?.$match).toMatchObject({ 'fullDocument._placeholder': { $exists: false } });
});
