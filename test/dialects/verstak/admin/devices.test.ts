import { expect, it } from 'vitest';
import { accountsSpec } from '../../../../src/core/collections.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer } from '../../../support/served.ts';
import { TIME } from '../accounts/open-accounts.ts';
import { newAccount, pairedDevice, ROOMY } from '../open-verstak.ts';
import { collectionNamed, signInAdmin } from './open-admin.ts';

interface Listed {
  readonly id: string;
}

forEachEngine('admins and devices:', engine => {
  async function open() {
    const { server } = await openServer(engine, { options: ROOMY });
    const admin = await signInAdmin(server);
    const ids = async (path: string) => (await admin.look(path)).map(({ id }: Listed) => id);
    return { server, admin, ids };
  }

  it('the lists are empty at first', async () => {
    const { admin } = await open();
    expect(await admin.look('/admin/api/devices')).toEqual([]);
    expect(await admin.look('/admin/api/keys')).toEqual([]);
  });

  it('the devices of all accounts are listed, newest first, with whose they are', async () => {
    const { server, admin } = await open();
    const [ann, bob] = [await newAccount(server), await newAccount(server)];
    const first = await pairedDevice(server, { account: ann, name: '<desk>' });
    server.clock.advance(1000);
    const second = await pairedDevice(server, { account: bob });
    server.clock.advance(1000);
    const third = await pairedDevice(server, { account: ann });
    server.clock.advance(1000);
    await server.request('POST', '/api/client/revoke-current', undefined, second.headers);
    const devices = await admin.look('/admin/api/devices');
    expect(devices).toEqual([
      expect.objectContaining({ id: third.deviceId, user: ann.username, revoked_at: '' }),
      expect.objectContaining({ id: second.deviceId, user: bob.username, revoked_at: expect.stringMatching(TIME) }),
      {
        id: first.deviceId,
        name: '<desk>',
        client_version: '1.0',
        last_seen: '2100-01-01T00:00:00Z',
        revoked_at: '',
        created_at: '2100-01-01T00:00:00Z',
        user: ann.username,
      },
    ]);
  });

  it('the keys are those of devices that are not revoked, with a hint that opens nothing', async () => {
    const { server, admin } = await open();
    const kept = await pairedDevice(server, { name: 'kept' });
    const revoked = await pairedDevice(server);
    await server.request('POST', '/api/client/revoke-current', undefined, revoked.headers);
    const keys = await admin.look('/admin/api/keys');
    const { token } = kept;
    expect(keys).toEqual([{ id: kept.deviceId, name: 'kept', token_hint: `${token.slice(0, 8)}…${token.slice(-4)}` }]);
    const guess = { Authorization: `Bearer ${keys[0].token_hint.replace('…', '')}` };
    expect((await server.request('GET', '/api/client/me', undefined, guess)).status).toBe(401);
  });

  it('a deleted key ends its device at the next request, and the device is gone', async () => {
    const { server, admin, ids } = await open();
    const account = await newAccount(server);
    const [gone, other] = [await pairedDevice(server, { account }), await pairedDevice(server, { account })];
    const answer = await admin.change('DELETE', `/admin/api/keys/${gone.deviceId}`);
    expect([answer.status, answer.json]).toEqual([200, { status: 'deleted' }]);
    expect((await server.request('GET', '/api/client/me', undefined, gone.headers)).status).toBe(401);
    expect((await server.request('GET', '/api/client/me', undefined, other.headers)).status).toBe(200);
    expect(await ids('/admin/api/devices')).toEqual([other.deviceId]);
  });

  it('a key that is not there can be deleted too', async () => {
    const { server, admin } = await open();
    const { deviceId } = await pairedDevice(server);
    await admin.change('DELETE', `/admin/api/keys/${deviceId}`);
    for (const id of [deviceId, 'dev_0', '%00', 'x'.repeat(2000), '1']) {
      const answer = await admin.change('DELETE', `/admin/api/keys/${id}`);
      expect([answer.status, answer.json]).toEqual([200, { status: 'deleted' }]);
    }
  });

  it('devices of an account that is being erased are not listed', async () => {
    const { server, ids } = await open();
    const [ending, staying] = [await pairedDevice(server), await pairedDevice(server)];
    const erasing_at = new Date(server.clock.now());
    await server.core.storage.collection(accountsSpec).update([ending.account.user_id], { set: { erasing_at } });
    expect(await ids('/admin/api/devices')).toEqual([staying.deviceId]);
    expect(await ids('/admin/api/keys')).toEqual([staying.deviceId]);
  });

  it('lists of more than one page are whole', async () => {
    const { server, ids } = await open();
    const { account, deviceId } = await pairedDevice(server);
    const devices = collectionNamed(server, 'verstak_devices');
    const { revoked_at: _, ...one }: Record<string, unknown> = (await devices.get([account.user_id, deviceId])) ?? {};
    for (let i = 0; i < 1100; i++) {
      const revoked_at = new Date(server.clock.now());
      const revoked = i >= 100 && i < 700 ? { revoked_at } : {};
      await devices.insert({ ...one, device_id: `dev_${i}`, hash: String(i), ...revoked });
    }
    expect(new Set(await ids('/admin/api/devices')).size).toBe(1101);
    expect(new Set(await ids('/admin/api/keys')).size).toBe(501);
  });
});
