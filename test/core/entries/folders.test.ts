import { expect, test } from 'vitest';
import { entriesSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { setEntry } from '../../../src/core/entries/entries.ts';
import { type FolderQuery, listFolder } from '../../../src/core/entries/folders.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openCore, outcomes } from '../open-core.ts';

async function fill(core: Core, keys: readonly string[]): Promise<void> {
  const entry = { user_id: 'ann', value: 'x', size: 1 };
  await core.storage.commit(keys.map(key => ({ in: entriesSpec, put: { ...entry, key } })));
}

async function names(core: Core, query: FolderQuery) {
  const { items, next, previous } = await listFolder(core, 'ann', query);
  return {
    names: items.map(item => ('key' in item ? item.key : `${item.folder}(${item.keys}${item.more ? '+' : ''})`)),
    next,
    previous,
  };
}

const numbered = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(4, '0')}`);

forEachEngine('folders of entries', engine => {
  test('keys stand beside folders, in byte order, and folders say how many keys they hold', async () => {
    const { core } = await openCore(engine);
    await fill(core, ['a', 'a,b', 'a.b', 'a.c.d', 'a.c.e', 'b', 'c.x']);
    await setEntry(core, 'bob', 'other', 1);
    const root = await names(core, { separator: '.', limit: 10 });
    expect(root).toEqual({ names: ['a', 'a,b', 'a.(3)', 'b', 'c.(1)'], next: undefined, previous: undefined });
    expect((await names(core, { prefix: 'a.', separator: '.', limit: 10 })).names).toEqual(['a.b', 'a.c.(2)']);
    expect((await names(core, { prefix: 'a', limit: 10 })).names).toEqual(['a', 'a,b', 'a.b', 'a.c.d', 'a.c.e']);
    expect((await names(core, { prefix: 'none.', separator: '.', limit: 10 })).names).toEqual([]);
  });

  test('any key of v2 is in its folder', async () => {
    const { core } = await openCore(engine);
    await fill(core, ['a/b', 'a/c/d', 'x:y@z~+=', 'x.y/z']);
    expect((await names(core, { separator: '/', limit: 10 })).names).toEqual(['a/(2)', 'x.y/(1)', 'x:y@z~+=']);
    expect((await names(core, { prefix: 'a/', separator: '/', limit: 10 })).names).toEqual(['a/b', 'a/c/(1)']);
  });

  test('a key that ends with the separator is in its folder', async () => {
    const { core } = await openCore(engine);
    await fill(core, ['a.', 'a.b']);
    expect((await names(core, { separator: '.', limit: 10 })).names).toEqual(['a.(2)']);
    const first = await names(core, { prefix: 'a.', separator: '.', limit: 1 });
    expect(first.names).toEqual(['a.']);
    expect((await names(core, { prefix: 'a.', separator: '.', limit: 1, after: 'a.' })).names).toEqual(['a.b']);
  });

  test('pages go forwards and backwards and meet every child once', async () => {
    const { core } = await openCore(engine);
    const folders = ['f.', 'g.', 'm.', 'z.'].flatMap(folder => numbered(40, folder));
    await fill(core, [...folders, ...numbered(30, 'h'), 'a', 'zz']);
    const query = { separator: '.', limit: 5 };
    const forwards: string[][] = [];
    let page = await names(core, query);
    expect(page.previous).toBeUndefined();
    for (;;) {
      forwards.push(page.names);
      if (page.next === undefined) break;
      page = await names(core, { ...query, after: page.next });
    }
    const all = ['a', 'f.(40)', 'g.(40)', ...numbered(30, 'h'), 'm.(40)', 'z.(40)', 'zz'];
    expect(forwards.flat()).toEqual(all);
    const backwards: string[][] = [page.names];
    while (page.previous !== undefined) {
      page = await names(core, { ...query, before: page.previous });
      backwards.unshift(page.names);
    }
    expect(backwards.flat()).toEqual(all);
  });

  test('names from elsewhere lead nobody out of a folder', async () => {
    const { core } = await openCore(engine);
    await fill(core, ['a.b', 'b.c', 'c.d']);
    const query = { prefix: 'b.', separator: '.', limit: 5 };
    expect((await names(core, { ...query, after: 'a.b' })).names).toEqual(['b.c']);
    expect((await names(core, { ...query, after: 'c.d' })).names).toEqual([]);
    expect((await names(core, { ...query, before: 'a.b' })).names).toEqual([]);
    expect((await names(core, { ...query, before: 'c.d' })).names).toEqual(['b.c']);
  });

  test('a folder of many keys is passed over, and counted up to a hundred', async () => {
    const { core } = await openCore(engine);
    for (const folder of ['a.', 'b.', 'c.']) await fill(core, numbered(150, folder));
    let read = 0;
    const counting = {
      ...core,
      storage: {
        ...core.storage,
        collection: (spec: typeof entriesSpec) => {
          const collection = core.storage.collection(spec);
          return {
            ...collection,
            count: collection.count.bind(collection),
            scan: async (scan: Parameters<typeof collection.scan>[0]) => {
              const page = await collection.scan(scan);
              read += page.items.length;
              return page;
            },
          };
        },
      },
    } as unknown as Core;
    expect((await names(counting, { separator: '.', limit: 10 })).names).toEqual(['a.(100+)', 'b.(100+)', 'c.(100+)']);
    expect(read).toBeLessThan(50);
  });

  test('what is wrong is refused', async () => {
    const { core } = await openCore(engine);
    const codes = await outcomes([
      listFolder(core, 'ann', { prefix: '\0', limit: 1 }),
      listFolder(core, 'ann', { limit: 0 }),
      listFolder(core, 'ann', { separator: '..', limit: 1 }),
      listFolder(core, 'ann', { after: '\n', limit: 1 }),
    ]);
    expect(codes).toEqual(['prefix_invalid', 'limit_invalid', 'prefix_invalid', 'prefix_invalid']);
  });
});
