import { expect, test } from 'vitest';
import { markForErasing } from '../../../src/core/accounts/erase.ts';
import { blobUsageSpec } from '../../../src/core/collections.ts';
import { revokeDevice } from '../../../src/core/devices/devices.ts';
import { listVaults, vaultDetail } from '../../../src/core/vaults/list.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { openCore } from '../open-core.ts';
import { device, person, vault } from '../people.ts';

async function open(engine: Engine) {
  const { core } = await openCore(engine);
  const [ann, bob] = [await person(core, 'Ann'), await person(core, 'bob')];
  await vault(core, ann, 'photos', { operations: 7, last_activity: new Date(2000) });
  await vault(core, ann, 'notes');
  await vault(core, bob, 'notes', { operations: 2, last_activity: new Date(3000) });
  await device(core, ann, { vault: 'photos' });
  const { device_id } = await device(core, ann, { vault: 'photos' });
  await revokeDevice(core, ann.user_id, device_id);
  const names = async (q = '') => {
    const { items } = await listVaults(core, { q, page: 1, perPage: 25 });
    return items.map(row => `${row.username} ${row.vault}`);
  };
  return { core, ann, bob, names };
}

forEachEngine('the list of vaults', engine => {
  test('begins with the one that was written to last, and tells how much each holds', async () => {
    const { core, ann, names } = await open(engine);
    expect(await names()).toEqual(['bob notes', 'Ann photos', 'Ann notes']);
    const { items, ...place } = await listVaults(core, { page: 2, perPage: 1 });
    expect(place).toEqual({ total: 3, page: 2, pages: 3, perPage: 1 });
    expect(items).toEqual([
      {
        accountId: ann.user_id,
        username: 'Ann',
        vault: 'photos',
        devices: { active: 1, revoked: 1 },
        operations: 7,
        lastActivity: new Date(2000),
      },
    ]);
  });

  test('is filtered by account and vault', async () => {
    const { names } = await open(engine);
    expect([await names('ANN'), await names('Notes'), await names('x')]).toEqual([
      ['Ann photos', 'Ann notes'],
      ['bob notes', 'Ann notes'],
      [],
    ]);
  });

  test('has none of an account that is being erased', async () => {
    const { core, ann, names } = await open(engine);
    await markForErasing(core, ann.user_id, {});
    expect(await names()).toEqual(['bob notes']);
  });
});

forEachEngine('a vault', engine => {
  test('is shown with its devices, its operations and the bytes of its blobs', async () => {
    const { core, ann } = await open(engine);
    const usage = { user_id: ann.user_id, scope: 'verstak/photos', bytes: 300, count: 2, changed_at: new Date(1) };
    await core.storage.collection(blobUsageSpec).insert(usage);
    const detail = await vaultDetail(core, ann, 'photos');
    expect(detail).toMatchObject({
      devices: { active: 1, revoked: 1 },
      operations: 7,
      highestSequence: 7,
      blobs: 2,
      blobBytes: 300,
      lastActivity: new Date(2000),
    });
    expect(detail?.deviceList.map(({ vault }) => vault)).toEqual(['photos', 'photos']);
  });

  test('is not found under another account, nor by a name that nobody can have', async () => {
    const { core, ann, bob } = await open(engine);
    expect([
      await vaultDetail(core, bob, 'photos'),
      await vaultDetail(core, ann, ''),
      await vaultDetail(core, ann, 'a\0'),
    ]).toEqual([undefined, undefined, undefined]);
  });
});
