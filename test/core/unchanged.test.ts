import { expect, test } from 'vitest';
import { allNames } from '../../src/core/account-names.ts';
import { accountsSpec, housekeepingSpec } from '../../src/core/collections.ts';
import { type Kept, type KeptParts, partUnlessChanged, unlessChanged } from '../../src/core/unchanged.ts';
import { forEachEngine } from '../support/engines.ts';
import { openCore } from './open-core.ts';
import { person } from './people.ts';

forEachEngine('what was made of a collection', engine => {
  test('is never out of date: who came, went or has another name is known at once', async () => {
    const { core } = await openCore(engine);
    const names = async () => [...(await allNames(core)).values()];
    const ann = await person(core, 'ann');
    expect([await names(), await names()]).toEqual([['ann'], ['ann']]);
    const bob = await person(core, 'bob');
    expect(await names()).toEqual(['ann', 'bob']);
    const accounts = core.storage.collection(accountsSpec);
    await accounts.update([ann.user_id], { set: { username: 'zoe' } });
    expect(await names()).toEqual(['bob', 'zoe']);
    await accounts.delete([bob.user_id]);
    expect(await names()).toEqual(['zoe']);
  });

  test('is not kept when something was written while it was made', async () => {
    const { core } = await openCore(engine);
    const kept: Kept<number> = new WeakMap();
    const moments = core.storage.collection(housekeepingSpec);
    const count = (meanwhile = async () => {}) =>
      unlessChanged(moments, kept, async () => {
        const found = await moments.count({});
        await meanwhile();
        return found;
      });
    expect(await count(() => moments.put({ id: 'a', at: new Date(0) }))).toBe(0);
    expect(await count()).toBe(1);
  });

  test('parts of it are known by their names until something is written; too many make room for the next', async () => {
    const { core } = await openCore(engine);
    const moments = core.storage.collection(housekeepingSpec);
    const kept: KeptParts<string> = new WeakMap();
    const reads: string[] = [];
    const part = (name: string, size = 1) =>
      partUnlessChanged(moments, kept, { name, sizeOf: () => size }, async () => {
        reads.push(name);
        return name.toUpperCase();
      });
    const readFor = async (...parts: (readonly [name: string, size?: number])[]) => {
      reads.length = 0;
      for (const [name, size] of parts) expect(await part(name, size)).toBe(name.toUpperCase());
      return reads.join('');
    };
    const isKept = (await moments.state()) !== undefined;
    expect(await readFor(['a'], ['b'], ['a'], ['b'])).toBe(isKept ? 'ab' : 'abab');
    await moments.put({ id: 'x', at: new Date(0) });
    expect(await readFor(['a'], ['a'])).toBe(isKept ? 'a' : 'aa');
    expect(await readFor(['c', 100_000], ['c'], ['a'])).toBe(isKept ? 'ca' : 'cca');
    expect(await readFor(['d', 100_001], ['d'], ['a'])).toBe(isKept ? 'dda' : 'dda');
  });
});
