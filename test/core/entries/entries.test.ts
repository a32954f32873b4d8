import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entriesSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { deleteEntry, getEntry, listKeys, setEntry } from '../../../src/core/entries/entries.ts';
import { valueAsJson } from '../../../src/core/entries/values.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openCore, outcomes } from '../open-core.ts';

async function read(core: Core, account: string, key: string): Promise<unknown> {
  return JSON.parse(valueAsJson(await getEntry(core, account, key)));
}

async function allKeys(core: Core, account: string, query: { prefix?: string; limit: number }): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listKeys(core, account, { ...query, ...(cursor && { cursor }) });
    keys.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return keys;
}

forEachEngine('entries', engine => {
  test('an entry is read as it was written, replaced, removed, and belongs to its account', async () => {
    const { core } = await openCore(engine);
    await setEntry(core, 'ann', 'k', 'one');
    expect(await outcomes([getEntry(core, 'bob', 'k'), getEntry(core, 'ann', 'K')])).toEqual([
      'key_not_found',
      'key_not_found',
    ]);
    await setEntry(core, 'ann', 'k', { two: [2, null] });
    await setEntry(core, 'bob', 'k', 'other');
    expect(await read(core, 'ann', 'k')).toEqual({ two: [2, null] });
    expect(await deleteEntry(core, 'ann', 'k')).toBe(true);
    expect(await deleteEntry(core, 'ann', 'k')).toBe(false);
    expect(await outcomes([getEntry(core, 'ann', 'k')])).toEqual(['key_not_found']);
    expect(await read(core, 'bob', 'k')).toBe('other');
  });

  test('keys that the original API cannot name are passed over, wherever they stand', async () => {
    const { core } = await openCore(engine);
    const wide = ['a', 'b', 'c'].flatMap(key => Array.from({ length: 7 }, (_, i) => `${key}/${i}`));
    const narrow = ['a', 'a.b', 'b', 'b,', 'c', 'd'];
    const entry = { user_id: 'ann', value: 'x', size: 1 };
    await core.storage.commit([...wide, ...narrow].map(key => ({ in: entriesSpec, put: { ...entry, key } })));
    const inOrder = [...narrow].sort();
    for (const limit of [1, 2, 3, 5, 1000]) expect(await allKeys(core, 'ann', { limit })).toEqual(inOrder);
    const first = await listKeys(core, 'ann', { limit: 3 });
    expect(first.items).toEqual(inOrder.slice(0, 3));
    expect(await allKeys(core, 'ann', { prefix: 'b', limit: 2 })).toEqual(['b', 'b,']);
  });

  test('any JSON value survives the storage', async () => {
    const { core } = await openCore(engine);
    const property = fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()), async value => {
      await setEntry(core, 'ann', 'k', value);
      expect(await read(core, 'ann', 'k')).toStrictEqual(value);
    });
    await fc.assert(property, { numRuns: 50, examples: [[''], ['\0'], ['a\0b'], [-0], ['\ufffe\uffff'], [null]] });
  });

  test('a write knows when the entry was made and when changed, and has an etag and a size of its own', async () => {
    const { core, clock } = await openCore(engine);
    const made = new Date(clock.now());
    await setEntry(core, 'ann', 'k', 'é');
    const first = await getEntry(core, 'ann', 'k');
    expect(first).toMatchObject({ size: 2, created_at: made, updated_at: made });
    clock.advance(1000);
    await setEntry(core, 'ann', 'k', 'é');
    const second = await getEntry(core, 'ann', 'k');
    expect(second).toMatchObject({ created_at: made, updated_at: new Date(clock.now()) });
    expect(second.etag).not.toBe(first.etag);
  });

  test('a write clears what another API put beside the value', async () => {
    const { core, clock } = await openCore(engine);
    const expires_at = new Date(clock.now() + 1000);
    const value = new Uint8Array([1]);
    await core.storage.collection(entriesSpec).put({
      user_id: 'ann',
      key: 'k',
      value,
      encoding: 'bytes',
      content_type: 'image/png',
      etag: 'e',
      size: 1,
      created_at: expires_at,
      updated_at: expires_at,
      expires_at,
    });
    expect(await read(core, 'ann', 'k')).toBe('AQ==');
    await setEntry(core, 'ann', 'k', 'text');
    clock.advance(2000);
    const entry = await getEntry(core, 'ann', 'k');
    expect(
      Object.keys(entry)
        .filter(field => field !== 'stamp')
        .sort(),
    ).toEqual(['created_at', 'etag', 'key', 'size', 'updated_at', 'user_id', 'value']);
  });

  test('an entry of the original service is read, listed, replaced and removed', async () => {
    const { core } = await openCore(engine);
    const entries = core.storage.collection(entriesSpec);
    await entries.insert({ user_id: 'ann', key: 'text', value: 'plain' });
    await entries.insert({ user_id: 'ann', key: 'number', value: 5 });
    expect([await read(core, 'ann', 'text'), await read(core, 'ann', 'number')]).toEqual(['plain', 5]);
    expect(await listKeys(core, 'ann', { limit: 10 })).toEqual({ items: ['number', 'text'] });
    await setEntry(core, 'ann', 'text', 'ours');
    expect(await read(core, 'ann', 'text')).toBe('ours');
    expect(await deleteEntry(core, 'ann', 'number')).toBe(true);
  });

  test('keys are listed in byte order, by page and prefix, without those of others', async () => {
    const { core } = await openCore(engine);
    const keys = [',', '.', '..', '0', 'A', 'Z', '_', 'a', 'a,', 'a.b', 'aZ', 'az', 'azz', 'b', 'z', 'zz'];
    for (const key of keys.toReversed()) await setEntry(core, 'ann', key, key);
    await setEntry(core, 'ann0', 'foreign', '');
    for (const limit of [1, 3, 1000]) {
      expect(await allKeys(core, 'ann', { limit })).toEqual(keys);
      expect(await allKeys(core, 'ann', { limit, prefix: 'a' })).toEqual(['a', 'a,', 'a.b', 'aZ', 'az', 'azz']);
      expect(await allKeys(core, 'ann', { limit, prefix: 'z' })).toEqual(['z', 'zz']);
      expect(await allKeys(core, 'ann', { limit, prefix: '.' })).toEqual(['.', '..']);
      expect(await allKeys(core, 'ann', { limit, prefix: 'azzz' })).toEqual([]);
    }
  });
});

forEachEngine(
  'rules of entries',
  engine => {
    test('bad keys, values, prefixes, limits and cursors are refused', async () => {
      const { core, settings } = await openCore(engine);
      settings.valueBytes = 10;
      expect(
        await outcomes([
          getEntry(core, 'ann', ''),
          setEntry(core, 'ann', 'a\n', ''),
          deleteEntry(core, 'ann', 'a//b'),
          setEntry(core, 'ann', 'a', '\ud800'),
          setEntry(core, 'ann', 'a', '123456789'),
          listKeys(core, 'ann', { prefix: '-', limit: 1 }),
          listKeys(core, 'ann', { limit: 0 }),
          listKeys(core, 'ann', { limit: 1001 }),
          listKeys(core, 'ann', { limit: 1.5 }),
          listKeys(core, 'ann', { limit: 1, cursor: 'x' }),
          listKeys(core, 'ann', { limit: 1, cursor: '' }),
        ]),
      ).toEqual([
        'key_invalid',
        'key_invalid',
        'key_invalid',
        'value_invalid',
        'request_too_large',
        'prefix_invalid',
        'limit_invalid',
        'limit_invalid',
        'limit_invalid',
        'cursor_invalid',
        'cursor_invalid',
      ]);
    });

    test('the longest key is stored and found', async () => {
      const { core } = await openCore(engine);
      const account = '0b3c7c6e-0f4e-4a53-8f0a-3c0a1f7d7f11';
      await setEntry(core, account, 'k'.repeat(1024), 'v');
      expect(await allKeys(core, account, { limit: 1, prefix: 'k'.repeat(1024) })).toEqual(['k'.repeat(1024)]);
    });
  },
  ['embedded'],
);
