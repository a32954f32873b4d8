import { expect, it } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { openServer, type Served, sharedServer } from '../support/served.ts';
import { newAdminGuest, newGuest, PASSWORD, ROOMY } from './people.ts';

async function pair({ server }: Served, login: string, vault_id: string, device_name = 'laptop') {
  const body = { login, password: PASSWORD, vault_id, device_name, client_version: '1.2' };
  const { json } = await server.request('POST', '/api/client/pair', body);
  return { id: String(json.device_id), headers: { Authorization: `Bearer ${json.device_token}` } };
}

forEachEngine('an admin and the devices', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('is told how a device is paired as long as there is none', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const admin = await newAdminGuest(server);
    for (const path of ['/admin/devices', '/admin/vaults']) {
      expect((await admin.visit(path)).text).toContain(`curl -X POST ${server.url}/api/client/pair`);
    }
    expect((await admin.visit('/admin/devices?q=x')).text).toContain('Nothing matches.');
  });

  it('finds devices by what they are called, whose they are, and how they are', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    const { account } = await newGuest(server);
    const name = account.username ?? '';
    const { id } = await pair(served, name, 'notes', '<b>laptop</b>');
    await pair(served, name, 'work', 'phone');
    const list = async (query: string) => (await admin.visit(`/admin/devices?${query}`)).text;
    const all = await list(`user=${name}`);
    expect(all).toContain('Page 1 of 1, 2 in all');
    expect(all).toContain('&lt;b&gt;laptop&lt;/b&gt;');
    expect(all).toMatch(/<small class="mono">[0-9a-f]{8}….*[0-9a-f]{4}<\/small>/);
    expect(await list(`user=${name}&vault=wor`)).toContain('>phone</a>');
    expect(await list(`user=${name}&status=revoked`)).toContain('Nothing matches.');
    expect(await list(`user=${name}&version=1.2&sort=name`)).toContain('2 in all');
    const page = await admin.visit(`/admin/device/?id=${id}`);
    expect(page.text).toContain('<h1><bdi>&lt;b&gt;laptop&lt;/b&gt;</bdi>');
  });

  it('revokes a device, which is refused at once, and deletes it only then', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    const { account } = await newGuest(server);
    const { id, headers } = await pair(served, account.username ?? '', 'notes');
    const act = async (action: string, password = PASSWORD) => {
      await admin.visit(`/admin/device/?id=${id}`);
      return admin.submit('/admin/action', { action, id, password });
    };
    expect((await act('revoke-device', 'wrong')).status).toBe(403);
    const early = await act('delete-device');
    expect([early.status, early.text.includes('Once it is revoked, it can be deleted.')]).toEqual([409, true]);
    const revoked = await act('revoke-device');
    expect([revoked.status, revoked.location]).toEqual([303, '/admin/devices?done=any_device_revoked']);
    expect((await server.request('GET', '/api/client/me', undefined, headers)).status).toBe(401);
    const deleted = await act('delete-device');
    expect([deleted.status, deleted.location]).toEqual([303, '/admin/devices?done=any_device_deleted']);
    for (const gone of [id, 'x']) expect((await admin.look(`/admin/device/?id=${gone}`)).status).toBe(404);
  });

  it('sees how much a vault holds, and never what', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    const { account } = await newGuest(server);
    const vault = 'a & b/<i>';
    const { headers } = await pair(served, account.username ?? '', vault);
    const op = {
      op_id: 'op-1',
      entity_type: 'note',
      entity_id: 'secret/path.md',
      op_type: 'create',
      payload_json: '{"text":"hush"}',
    };
    await server.request('POST', '/api/v1/sync/push', { ops: [op] }, headers);
    const list = (await admin.visit(`/admin/vaults?q=${account.username}`)).text;
    expect(list).toContain('1 in all');
    const devices = (await admin.visit(`/admin/devices?q=${account.username}`)).text;
    const [, byDevice = ''] = /href="(\/admin\/vault\/\?device=dev_[0-9a-f]{24})"/.exec(devices) ?? [];
    const byOwner = [account.user_id, account.username ?? ''].map(
      user => `/admin/vault/?user=${user}&vault=${encodeURIComponent(vault)}`,
    );
    for (const path of [...byOwner, byDevice]) {
      const page = await admin.visit(path);
      expect(page.status).toBe(200);
      expect(page.text).toContain('<h1>a &amp; b/&lt;i&gt;</h1>');
      expect(page.text).toMatch(/<dt>Highest number<\/dt><dd>1<\/dd>/);
      expect(page.text).toContain('1 active, 0 revoked');
      expect(page.text).not.toMatch(/secret\/path|hush/);
    }
    for (const query of [
      'user=x&vault=y',
      `user=${account.user_id}`,
      `user=${account.user_id}&vault=%00`,
      'user=%00&vault=a',
      'device=dev_000000000000000000000000',
      'device=%00',
    ]) {
      expect((await admin.look(`/admin/vault/?${query}`)).status).toBe(404);
    }
  });

  it('filters the audit log, and what is unknown filters nothing', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    const { account } = await newGuest(server);
    await pair(served, account.username ?? '', 'notes', '"><img src=x>');
    await server.request('POST', '/api/client/pair', { login: account.username, password: 'wrong', vault_id: 'v' });
    const list = async (query: string) => (await admin.visit(`/admin/audit?${query}`)).text;
    const own = await list(`user=${account.username}`);
    expect(own).toContain('<code>device_paired</code>');
    expect(own).not.toContain('<img');
    expect(await list('event=device_auth_failed&severity=error')).toContain('<code>device_auth_failed</code>');
    expect(await list(`user=${account.username}&severity=warning`)).toContain('Nothing matches.');
    expect(await list('event=nothing&severity=loud')).toContain('<code>device_paired</code>');
    expect(await list('q=PAIRED')).toContain('<code>device_paired</code>');
  });
});
