import { expect, test } from 'vitest';
import type { Caller } from '../../src/base/caller.ts';
import type { LaneName } from '../../src/core/hashing/lanes.ts';
import { newMember, newAdmin as newSyncAdmin } from '../dialects/simple-sync/open-simple-sync.ts';
import { confirmedPerson, resetToken, signIn } from '../dialects/verstak/accounts/open-accounts.ts';
import { logInAdmin, newAdmin, signInAdmin } from '../dialects/verstak/admin/open-admin.ts';
import { PASSWORD, pairedDevice } from '../dialects/verstak/open-verstak.ts';
import { forEachEngine } from '../support/engines.ts';
import type { Answer } from '../support/request.ts';
import { newName, newUser, openServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';

/** From where the requests come that are looked at. */
const ADDRESS = '192.0.2.77';

type Send = (path: string, body: unknown, headers?: Record<string, string>, method?: string) => Promise<Answer>;

/** Every route of every API that hashes a password, with all that it needs besides. */
async function hashingRoutes(server: TestServer): Promise<Record<string, (send: Send) => Promise<Answer>>> {
  const { account, headers } = await newUser(server);
  const { username = '' } = account;
  const login = { username, password: 'right' };
  const member = await newMember(server);
  const syncAdmin = await newSyncAdmin(server);
  const person = await confirmedPerson(server);
  const token = await resetToken(server, person.email);
  const device = await pairedDevice(server);
  const page = await signIn(server, device.account);
  const admin = await signInAdmin(server);
  const other = await newAdmin(server);
  const wanted = () => ({ username: newName(), email: `${newName()}@example.org`, password: PASSWORD });
  return {
    'POST /register': send => send('/register', { username: newName(), password: 'p' }),
    'POST /token': send => send('/token', login),
    'POST /password': send => send('/password', { ...login, new_password: 'right' }),
    'DELETE /unregister, wrong': send => send('/unregister', { username, password: 'wrong' }, headers, 'DELETE'),
    'POST /api/v1/auth/token': send => send('/api/v1/auth/token', { username: member.username, password: 'right' }),
    'POST /api/v1/admin/users': send =>
      send('/api/v1/admin/users', { uuid: crypto.randomUUID(), username: newName(), password: 'p' }, syncAdmin.headers),
    'PUT /api/v1/admin/users/:uuid': send =>
      send(`/api/v1/admin/users/${member.uuid}`, { new_password: 'right' }, syncAdmin.headers, 'PUT'),
    'POST /api/v1/auth/register': send => send('/api/v1/auth/register', wanted()),
    'POST /api/v1/auth/login': send =>
      send('/api/v1/auth/login', { username: person.username, password: person.password }),
    'POST /api/v1/auth/reset': send => send('/api/v1/auth/reset', { token, new_password: PASSWORD }),
    'POST /api/client/pair': send => send('/api/client/pair', { login: username, password: 'wrong', vault_id: 'v' }),
    'POST /api/v1/device/register': send =>
      send('/api/v1/device/register', { username, password: 'wrong', vault_id: 'v' }),
    'POST /api/auth/test': send => send('/api/auth/test', { username, password: 'wrong' }),
    'POST /api/client/revoke-device': send =>
      send('/api/client/revoke-device', { device_id: device.deviceId, password: 'wrong' }, device.headers),
    'POST /api/v1/user/devices/:id/revoke': send =>
      send(`/api/v1/user/devices/${device.deviceId}/revoke`, { password: 'wrong' }, page.headers),
    'POST /admin/login': () => logInAdmin(server, other.username, 'wrong', { 'X-Forwarded-For': ADDRESS }),
    'POST /admin/api/users/create': send => send('/admin/api/users/create', wanted(), admin.headers),
    'POST /admin/api/users/:id/reset-password': send =>
      send(`/admin/api/users/${account.user_id}/reset-password`, {}, admin.headers),
  };
}

forEachEngine('every route that hashes a password', engine => {
  test('does so for the client that asks, and stands in the lane of registrations only for those', async () => {
    const { server } = await openServer(engine, { options: { APP_TRUSTED_PROXIES: '127.0.0.1' } });
    const routes = await hashingRoutes(server);
    const asked: { caller: Caller | undefined; lane: LaneName }[] = [];
    const { hash, verify } = server.core.passwords;
    Object.assign(server.core.passwords, {
      hash(password: string, caller?: Caller, lane: LaneName = 'logins') {
        asked.push({ caller, lane });
        return hash(password, caller, lane);
      },
      verify(password: string, stored: string | undefined, caller?: Caller) {
        asked.push({ caller, lane: 'logins' });
        return verify(password, stored, caller);
      },
    });
    for (const [route, ask] of Object.entries(routes)) {
      asked.length = 0;
      const { status } = await ask((path, body, headers, method = 'POST') =>
        server.request(method, path, body, { 'X-Forwarded-For': ADDRESS, ...headers }),
      );
      const lane = /^POST .*(?<!device)\/register$/.test(route) ? 'registrations' : 'logins';
      expect([route, status < 500, asked.length > 0]).toEqual([route, true, true]);
      for (const { caller, lane: its } of asked) {
        expect([route, caller?.address, caller?.gone?.(), its]).toEqual([route, ADDRESS, false, lane]);
      }
    }
  });

  test('is 503 with Retry-After while none can be hashed, and nothing is used up', async () => {
    const { server } = await openServer(engine, { options: { VERSTAK_PAIR_ATTEMPTS: '2' } });
    const routes = await hashingRoutes(server);
    await server.core.passwords.close();
    for (let i = 0; i < 3; i++) {
      for (const [route, ask] of Object.entries(routes)) {
        const answer = await ask((path, body, headers, method = 'POST') => server.request(method, path, body, headers));
        const { status, json, headers } = answer;
        expect([route, status, json.code, headers.get('Retry-After')]).toEqual([route, 503, 'server_busy', '1']);
      }
    }
  });
});
