import { expect, test } from 'vitest';
import { setBlocked } from '../../../src/core/accounts/accounts.ts';
import { countVaults, listUsers, type UserQuery } from '../../../src/core/accounts/user-list.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { openCore } from '../open-core.ts';
import { device, person, vault } from '../people.ts';

async function open(engine: Engine) {
  const { core, clock } = await openCore(engine);
  const ann = await person(core, 'Ann', { email: 'x@example.org', password: 'secret' });
  clock.advance(1000);
  await person(core, 'bob', { email: 'bob@example.org', unconfirmed: true });
  clock.advance(1000);
  const eve = await person(core, 'eve', { email: 'eve@example.org', unconfirmed: true });
  await setBlocked(core, eve, true);
  const list = (query: Partial<UserQuery> = {}) =>
    listUsers(core, { sort: 'created_at', descending: true, page: 1, perPage: 25, ...query });
  const names = async (query: Partial<UserQuery> = {}) => {
    const { items } = await list(query);
    return items.map(({ account }) => account.username);
  };
  return { core, ann, list, names };
}

// What programs get of it, in test/dialects/verstak/admin/user-list.test.ts, is not said again.
forEachEngine('the list of accounts', engine => {
  test('has each in one state', async () => {
    const { list, names } = await open(engine);
    expect((await list()).items.map(({ status }) => status)).toEqual(['blocked', 'unconfirmed', 'active']);
    expect(await names({ status: 'active' })).toEqual(['Ann']);
    expect(await names({ status: 'blocked' })).toEqual(['eve']);
    expect(await names({ status: 'unconfirmed' })).toEqual(['bob']);
    expect(await names({ status: 'unconfirmed', q: 'EVE' })).toEqual([]);
    expect(await names({ q: 'example' })).toEqual(['eve', 'bob', 'Ann']);
  });

  test('tells how many devices and vaults each has, and no password', async () => {
    const { core, ann, list } = await open(engine);
    await device(core, ann);
    await vault(core, ann, 'main');
    await vault(core, ann, 'notes');
    const [row] = (await list({ q: 'ann' })).items;
    expect([row?.devices, await countVaults(core, ann.user_id), row && 'password' in row.account]).toEqual([
      1,
      2,
      false,
    ]);
  });
});
