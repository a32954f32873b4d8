import { expect, test } from 'vitest';
import { openSession } from '../../../../src/core/access/sessions.ts';
import { accountsSpec } from '../../../../src/core/collections.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { newUser, sharedServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { browse, login, signIn, TIME } from '../accounts/open-accounts.ts';
import { demand, newAccount, PASSWORD, pairedDevice, ROOMY } from '../open-verstak.ts';

const DEVICES = '/api/v1/user/devices';
const DAY = 86_400_000;

const list = (server: TestServer, headers: Record<string, string> = {}) =>
  server.request('GET', DEVICES, undefined, headers);
const me = (server: TestServer, headers: Record<string, string>) =>
  server.request('GET', '/api/client/me', undefined, headers);

forEachEngine('GET /api/v1/user/devices', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('lists the account’s devices, newest first, revoked ones too', async () => {
    const { server } = served;
    const { account, cookies } = await signIn(server);
    expect(demand(await list(server, cookies), 200).json).toEqual([]);
    const devices = [];
    for (const name of ['first', 'second', 'third']) {
      devices.push(await pairedDevice(server, { account, name }));
      server.clock.advance(2_000);
    }
    await pairedDevice(server);
    const [, second] = devices;
    demand(await server.request('POST', '/api/client/revoke-current', undefined, second?.headers), 200);
    const { json } = demand(await list(server, cookies), 200);
    expect(json.map((device: { name: string }) => device.name)).toEqual(['third', 'second', 'first']);
    expect(json[0]).toEqual({
      id: devices[2]?.deviceId,
      name: 'third',
      client_version: '1.0',
      last_seen: expect.stringMatching(TIME),
      revoked_at: '',
      created_at: expect.stringMatching(TIME),
    });
    expect(json[1].revoked_at).toMatch(TIME);
  });

  test('takes the session as a cookie or as Bearer', async () => {
    const { server } = served;
    const { username = '' } = await newAccount(server);
    const { token } = demand(await login(server, username), 200).json;
    demand(await list(server, { Cookie: `a=b; user_session=${token}; c=d` }), 200);
    demand(await list(server, { Authorization: `bearer ${token}` }), 200);
    demand(await list(server, { Authorization: 'Bearer ', Cookie: `user_session=${token}` }), 200);
    demand(await list(server, { Authorization: 'Basic eDp5', Cookie: `user_session=${token}` }), 200);
    demand(await server.request('GET', `${DEVICES}?token=${token}&user_session=${token}`), 401);
  });

  test('without a session is 401, or leads a browser to the login page', async () => {
    const { server } = served;
    const without: Record<string, string>[] = [
      {},
      { Cookie: 'user_session=' },
      { Authorization: `Bearer ${'0'.repeat(64)}` },
    ];
    for (const headers of without) {
      expect(demand(await list(server, headers), 401).json.code).toBe('unauthorized');
      const page = await browse(server, DEVICES, { headers });
      expect([page.status, page.headers.get('Location')]).toEqual([302, '/login']);
    }
  });

  test('is opened by no other credential, nor by the session of an admin', async () => {
    const { server } = served;
    const device = await pairedDevice(server);
    const { token } = await newUser(server);
    const admin = await newUser(server, { admin: true });
    const { token: session } = await openSession(server.core, admin.account, 'admin', { withCsrf: true });
    for (const wrong of [device.token, token, session]) {
      demand(await list(server, { Cookie: `user_session=${wrong}` }), 401);
      demand(await list(server, { Authorization: `Bearer ${wrong}` }), 401);
    }
    demand(await list(server, { Cookie: `admin_session=${session}` }), 401);
  });

  test('lasts for 24 hours', async () => {
    const { server } = served;
    const { cookies } = await signIn(server);
    server.clock.advance(DAY - 1);
    demand(await list(server, cookies), 200);
    server.clock.advance(1);
    demand(await list(server, cookies), 401);
  });

  test('is refused when the account is gone', async () => {
    const { server } = served;
    const { account, cookies } = await signIn(server);
    const { username } = account;
    demand(await server.request('DELETE', '/unregister', { username, password: PASSWORD }), 200);
    demand(await list(server, cookies), 401);
    expect(await server.core.storage.collection(accountsSpec).find('username', [username ?? ''])).toBe(undefined);
  });
});

forEachEngine('POST /api/v1/user/devices/{id}/revoke', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const revoke = (deviceId: string, headers: Record<string, string> = {}, password = PASSWORD) =>
    served.server.request('POST', `${DEVICES}/${deviceId}/revoke`, { password }, headers);

  async function signedInWithDevice() {
    const session = await signIn(served.server);
    const device = await pairedDevice(served.server, { account: session.account });
    return { ...session, device };
  }

  test('revokes a device for who is signed in and gives the password', async () => {
    const { server } = served;
    const { headers, device } = await signedInWithDevice();
    const other = await pairedDevice(server, { account: device.account });
    expect(demand(await revoke(device.deviceId, headers), 200).json).toEqual({ status: 'revoked' });
    demand(await me(server, device.headers), 401);
    demand(await me(server, other.headers), 200);
    demand(await revoke(device.deviceId, headers), 200);
  });

  test('takes a form of the dashboard, and leads back to it', async () => {
    const { server } = served;
    const { cookies, csrf, device } = await signedInWithDevice();
    const path = `${DEVICES}/${device.deviceId}/revoke`;
    const form = { csrf_token: csrf, password: PASSWORD };
    demand(await browse(server, path, { form: { ...form, password: 'wrong' }, headers: cookies }), 403);
    demand(await browse(server, path, { form: { csrf_token: csrf }, headers: cookies }), 400);
    demand(await me(server, device.headers), 200);
    const answer = await browse(server, path, { form, headers: cookies });
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/dashboard']);
    demand(await me(server, device.headers), 401);
  });

  test('without a session is 401, or leads a browser to the login page', async () => {
    const { server } = served;
    const { csrf, device } = await signedInWithDevice();
    const alone = { Cookie: `csrf_token=${csrf}`, 'X-CSRF-Token': csrf };
    expect(demand(await revoke(device.deviceId, alone), 401).json.code).toBe('unauthorized');
    demand(await revoke(device.deviceId, device.headers), 401);
    const form = { csrf_token: csrf, password: PASSWORD };
    const page = await browse(server, `${DEVICES}/${device.deviceId}/revoke`, { form, headers: alone });
    expect([page.status, page.headers.get('Location')]).toEqual([302, '/login']);
    demand(await me(server, device.headers), 200);
  });

  test('takes no request that another site may have sent', async () => {
    const { server } = served;
    const { headers, cookies, csrf, token, device } = await signedInWithDevice();
    const stranger = await signIn(server);
    const wrong = [
      cookies,
      { ...headers, 'X-CSRF-Token': '0'.repeat(64) },
      { Cookie: `user_session=${token}`, 'X-CSRF-Token': csrf },
      { Cookie: `user_session=${token}; csrf_token=${stranger.csrf}`, 'X-CSRF-Token': stranger.csrf },
      { ...headers, Origin: 'https://evil.example' },
      { ...headers, Origin: 'null' },
    ];
    for (const each of wrong) expect(demand(await revoke(device.deviceId, each), 403).json.code).toBe('csrf_invalid');
    // The field counts in forms only.
    const body = { password: PASSWORD, csrf_token: csrf };
    const path = `${DEVICES}/${device.deviceId}/revoke`;
    expect(demand(await server.request('POST', path, body, cookies), 403).json.code).toBe('csrf_invalid');
    demand(await browse(server, path, { form: { password: PASSWORD }, headers: cookies }), 403);
    demand(await me(server, device.headers), 200);
    demand(await revoke(device.deviceId, { ...headers, Origin: server.url }), 200);
  });

  test('takes no session that a program opened', async () => {
    const { server } = served;
    const { account, csrf, device } = await signedInWithDevice();
    const { token } = demand(await login(server, account.username ?? ''), 200).json;
    const tries: Record<string, string>[] = [
      { Authorization: `Bearer ${token}` },
      { Cookie: `user_session=${token}; csrf_token=${csrf}`, 'X-CSRF-Token': csrf },
      { Cookie: `user_session=${token}; csrf_token=`, 'X-CSRF-Token': '' },
    ];
    for (const headers of tries) {
      expect(demand(await revoke(device.deviceId, headers), 403).json.code).toBe('csrf_invalid');
    }
    demand(await me(server, device.headers), 200);
  });

  test('demands the password', async () => {
    const { headers, device } = await signedInWithDevice();
    expect(demand(await revoke(device.deviceId, headers, ''), 400).json.code).toBe('invalid_request');
    expect(demand(await revoke(device.deviceId, headers, 'wrong'), 403).json.code).toBe('forbidden');
    demand(await me(served.server, device.headers), 200);
  });

  test('says one and the same of a stranger’s device and one that is not there', async () => {
    const { server } = served;
    const { headers } = await signedInWithDevice();
    const stranger = await pairedDevice(server);
    const ids = [stranger.deviceId, `dev_${'0'.repeat(24)}`, 'x', '%00', 'x'.repeat(3000), '%E0%A4%A'];
    const answers = [];
    for (const id of ids) answers.push(demand(await revoke(id, headers), 404).json);
    expect(answers).toEqual(ids.map(() => ({ error: 'there is no such device', code: 'not_found' })));
    demand(await me(server, stranger.headers), 200);
  });
});
