import { expect, test } from 'vitest';
import { markForErasing } from '../../../src/core/accounts/erase.ts';
import { deviceById, removeDevice, removeRevokedDevice, revokeDevice } from '../../../src/core/devices/devices.ts';
import { type DeviceQuery, listDevices, listOwnDevices } from '../../../src/core/devices/list.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { openCore, outcomes } from '../open-core.ts';
import { device, person } from '../people.ts';

async function open(engine: Engine) {
  const { core, clock } = await openCore(engine);
  const [ann, bob] = [await person(core, 'Ann'), await person(core, 'bob')];
  const made = [];
  for (const [owner, given] of [
    [ann, { name: 'phone', vault: 'photos', client_version: '1.0' }],
    [ann, { name: 'laptop', vault: 'notes', client_version: '1.1' }],
    [bob, { name: 'tablet', vault: 'notes', client_version: '2.0' }],
  ] as const) {
    clock.advance(1000);
    made.push(await device(core, owner, given));
  }
  const list = (query: Partial<DeviceQuery> = {}) =>
    listDevices(core, { sort: 'created', descending: true, page: 1, perPage: 25, ...query });
  const names = async (query: Partial<DeviceQuery> = {}) => (await list(query)).items.map(({ device }) => device.name);
  return { core, clock, ann, bob, made, list, names };
}

forEachEngine('the list of all devices', engine => {
  test('has them with the names of their accounts, in the order that is asked for', async () => {
    const { list, names } = await open(engine);
    const { items, ...place } = await list();
    expect(place).toEqual({ total: 3, page: 1, pages: 1, perPage: 25 });
    expect(items.map(({ device, username }) => `${username} ${device.name}`)).toEqual([
      'bob tablet',
      'Ann laptop',
      'Ann phone',
    ]);
    expect(await names({ sort: 'name', descending: false })).toEqual(['laptop', 'phone', 'tablet']);
    expect(await names({ sort: 'last_seen', descending: false })).toEqual(['phone', 'laptop', 'tablet']);
    expect(await names({ page: 7, perPage: 2 })).toEqual(['phone']);
    expect(await list({ page: 7, perPage: 2 })).toMatchObject({ page: 2, pages: 2, total: 3 });
    expect(await names({ descending: false })).toEqual(['phone', 'laptop', 'tablet']);
  });

  test('is filtered by device, account, vault, version and state', async () => {
    const { core, names, made, bob } = await open(engine);
    expect(await names({ q: 'ANN' })).toEqual(['laptop', 'phone']);
    expect(await names({ q: 'Tab' })).toEqual(['tablet']);
    expect(await names({ q: made[0]?.device_id ?? '' })).toEqual(['phone']);
    expect(await names({ vault: 'notes' })).toEqual(['tablet', 'laptop']);
    expect(await names({ user: 'bo', vault: 'notes' })).toEqual(['tablet']);
    expect(await names({ version: '1.' })).toEqual(['laptop', 'phone']);
    await revokeDevice(core, bob.user_id, made[2]?.device_id ?? '');
    expect([await names({ status: 'revoked' }), await names({ status: 'active' })]).toEqual([
      ['tablet'],
      ['laptop', 'phone'],
    ]);
  });

  test('has none of an account that is being erased', async () => {
    const { core, names, ann } = await open(engine);
    await markForErasing(core, ann.user_id, {});
    expect([await names(), await names({ q: 'ann' })]).toEqual([['tablet'], []]);
  });
});

forEachEngine('somebody’s own devices', engine => {
  test('are newest first, and found by name, vault and version', async () => {
    const { core, ann } = await open(engine);
    const own = async (q?: string) => (await listOwnDevices(core, ann.user_id, q)).map(({ name }) => name);
    expect(await own()).toEqual(['laptop', 'phone']);
    expect([await own('PHO'), await own('notes'), await own('1.0'), await own('ann')]).toEqual([
      ['phone'],
      ['laptop'],
      ['phone'],
      [],
    ]);
  });

  test('are deleted after they were revoked', async () => {
    const { core, ann, made } = await open(engine);
    const id = made[0]?.device_id ?? '';
    const found = async () => {
      const doc = await deviceById(core, id);
      if (doc === undefined) throw new Error('there is no such device');
      return doc;
    };
    const remove = async () => removeRevokedDevice(core, await found());
    expect(await outcomes([remove()])).toEqual(['conflict']);
    await revokeDevice(core, ann.user_id, id);
    const doc = await found();
    expect([await remove(), await removeDevice(core, doc), await deviceById(core, id)]).toEqual([
      true,
      false,
      undefined,
    ]);
  });
});
