import { expect, test } from 'vitest';
import { allAccounts } from '../../src/core/account-names.ts';
import { accountsSpec, housekeepingSpec } from '../../src/core/collections.ts';
import { type Kept, unlessChanged } from '../../src/core/unchanged.ts';
import { forEachEngine } from '../support/engines.ts';
import { openCore } from './open-core.ts';
import { person } from './people.ts';

forEachEngine('what was made of a collection', engine => {
  test('is never out of date: who came, went or has another name is known at once', async () => {
    const { core } = await openCore(engine);
    const names = async () => [...(await allAccounts(core)).values()].map(({ username }) => username).sort();
    const ann = await person(core, 'ann');
    expect([await names(), await names()]).toEqual([['ann'], ['ann']]);
    const bob = await person(core, 'bob');
    expect(await names()).toEqual(['ann', 'bob']);
    const accounts = core.storage.collection(accountsSpec);
    await accounts.update([ann.user_id], { set: { username: 'zoe' } });
    expect(await names()).toEqual(['bob', 'zoe']);
    expect((await allAccounts(core)).get(ann.user_id)?.username).toBe('zoe');
    await accounts.delete([bob.user_id]);
    expect(await names()).toEqual(['zoe']);
  });

  test('is not kept when something was written while it was made', async () => {
    const { core } = await openCore(engine);
    const kept: Kept<number> = new WeakMap();
    const moments = core.storage.collection(housekeepingSpec);
    const count = (meanwhile: () => Promise<unknown> = async () => {}) =>
      unlessChanged(moments, kept, async () => {
        const found = await moments.count({});
        await meanwhile();
        return found;
      });
    expect(await count(() => moments.put({ id: 'a', at: new Date(0) }))).toBe(0);
    expect(await count()).toBe(1);
  });
});
