import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { accountsSpec } from '../../../../src/core/collections.ts';
import { rawRequest } from '../../../http/raw-request.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, newUser, sharedServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { signIn, TIME } from '../accounts/open-accounts.ts';
import { type Device, demand, newAccount, PASSWORD, pairedDevice, ROOMY } from '../open-verstak.ts';

const UNAUTHORIZED = { error: 'a valid device token is needed', code: 'unauthorized' };

/** Every route that takes a device's token and no body that matters. */
const DEVICE_ROUTES = [
  ['GET', '/api/client/me'],
  ['POST', '/api/client/revoke-device'],
  ['POST', '/api/client/revoke-current'],
] as const;

const me = (server: TestServer, headers: Record<string, string>) =>
  server.request('GET', '/api/client/me', undefined, headers);

forEachEngine('a device', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('knows its account by the id that an admin chose for it', async () => {
    const { server } = served;
    const uuid = `chosen/${randomUUID()}`;
    const { account } = await newUser(server, { password: PASSWORD, uuid });
    const login = { login: account.username, password: PASSWORD };
    const paired = demand(await server.request('POST', '/api/client/pair', login), 200).json;
    const headers = { Authorization: `Bearer ${paired.device_token}` };
    expect([paired.user_id, (await me(server, headers)).json.user_id]).toEqual([uuid, uuid]);
  });

  test('looks itself up', async () => {
    const { server } = served;
    const device = await pairedDevice(server, { name: 'desk', vault: 'notes' });
    const paired = server.clock.now();
    server.clock.advance(90_000);
    const answer = demand(await me(server, device.headers), 200);
    expect(answer.json).toEqual({
      device_id: device.deviceId,
      user_id: device.account.user_id,
      username: device.account.username,
      device_name: 'desk',
      client_version: '1.0',
      vault_id: 'notes',
      last_seen: expect.stringMatching(TIME),
      revoked_at: '',
      created_at: expect.stringMatching(TIME),
    });
    expect(Date.parse(answer.json.created_at)).toBe(Math.floor(paired / 1000) * 1000);
    expect(Date.parse(answer.json.last_seen) - Date.parse(answer.json.created_at)).toBe(90_000);
  });

  test('is seen with every call', async () => {
    const { server } = served;
    const device = await pairedDevice(server);
    const { cookies } = await signIn(server, device.account);
    const seen = async () => {
      const { json } = await server.request('GET', '/api/v1/user/devices', undefined, cookies);
      return Date.parse(json[0].last_seen);
    };
    const before = await seen();
    server.clock.advance(60_000);
    await server.request('POST', '/api/client/revoke-device', {}, device.headers);
    expect((await seen()) - before).toBe(60_000);
  });

  test('sends its token as Bearer, in any letter case of that word, and in no other way', async () => {
    const { server } = served;
    const { token } = await pairedDevice(server);
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      demand(await me(server, { Authorization: `${scheme} ${token}` }), 200);
    }
    const others = [{ Authorization: token }, { Authorization: `Token ${token}` }, { 'X-API-Key': token }];
    for (const headers of others) expect(demand(await me(server, headers as never), 401).json).toEqual(UNAUTHORIZED);
    for (const name of ['api_key', 'token', 'device_token']) {
      demand(await server.request('GET', `/api/client/me?${name}=${token}`), 401);
    }
    demand(await me(server, { Cookie: `user_session=${token}` }), 401);
  });

  test('is refused without a token, with an empty, unknown or malformed one', async () => {
    const { server } = served;
    const { token } = await pairedDevice(server);
    const values = [
      '',
      'Bearer',
      'Bearer ',
      `Bearer ${'0'.repeat(64)}`,
      `Bearer ${token}0`,
      `Bearer ${token.toUpperCase()}`,
    ];
    for (const Authorization of values) {
      const answer = demand(await me(server, { Authorization }), 401);
      expect(answer.json).toEqual(UNAUTHORIZED);
    }
    demand(await server.request('GET', '/api/client/me'), 401);
  });

  test('is opened by no other credential, and opens nothing else', async () => {
    const { server } = served;
    const device = await pairedDevice(server);
    const session = await signIn(server, device.account);
    const { headers } = await newUser(server);
    for (const others of [headers, { Authorization: `Bearer ${session.token}` }, session.headers]) {
      for (const [method, path] of DEVICE_ROUTES) demand(await server.request(method, path, undefined, others), 401);
    }
    demand(await server.request('GET', '/user/keys', undefined, device.headers), 403);
    demand(await server.request('GET', '/api/v1/punches/manifest', undefined, device.headers), 401);
    demand(await server.request('GET', '/v1/config', undefined, device.headers), 401);
    demand(await server.request('GET', '/api/v1/events', undefined, device.headers), 401);
    demand(await server.request('GET', '/api/v1/user/devices', undefined, device.headers), 401);
    demand(
      await server.request('GET', '/api/v1/user/devices', undefined, { Cookie: `user_session=${device.token}` }),
      401,
    );
  });

  test('whose account is gone is unknown', async () => {
    const { server } = served;
    const device = await pairedDevice(server);
    await server.core.storage.collection(accountsSpec).delete([device.account.user_id]);
    demand(await me(server, device.headers), 401);
  });
});

forEachEngine('revoking a device', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const revoke = (body: unknown, { headers }: Device) =>
    served.server.request('POST', '/api/client/revoke-device', body, headers);

  test('trap 1: by itself takes an empty body that claims to be JSON', async () => {
    const { server } = served;
    const device = await pairedDevice(server);
    const headers = { ...device.headers, 'Content-Type': 'application/json', 'Content-Length': '0' };
    const answer = await rawRequest(server.url, { method: 'POST', path: '/api/client/revoke-current', headers });
    expect([answer.status, answer.json]).toEqual([200, { status: 'revoked' }]);
    const again = await rawRequest(server.url, { method: 'POST', path: '/api/client/revoke-current', headers });
    expect([again.status, again.json.code]).toEqual([401, 'unauthorized']);
  });

  test('by itself ends no other device', async () => {
    const { server } = served;
    const one = await pairedDevice(server);
    const other = await pairedDevice(server, { account: one.account, vault: one.vault });
    demand(await server.request('POST', '/api/client/revoke-current', '{nonsense', one.headers), 200);
    demand(await me(server, one.headers), 401);
    demand(await me(server, other.headers), 200);
  });

  test('trap 12: holds at every route at the next request, on every server', async () => {
    const { server } = served;
    const other = await anotherServer(served, { options: ROOMY });
    const device = await pairedDevice(server);
    demand(await me(other, device.headers), 200);
    demand(await server.request('POST', '/api/client/revoke-current', undefined, device.headers), 200);
    for (const [method, path] of [...DEVICE_ROUTES].reverse()) {
      expect(demand(await other.request(method, path, undefined, device.headers), 401).json.code).toBe('unauthorized');
    }
  });

  test('by another device of the account takes the password', async () => {
    const { server } = served;
    const one = await pairedDevice(server);
    const other = await pairedDevice(server, { account: one.account });
    for (const body of [{}, { device_id: other.deviceId }, { password: PASSWORD }, { device_id: '', password: 'x' }]) {
      expect(demand(await revoke(body, one), 400).json.code).toBe('invalid_request');
    }
    const wrong = await revoke({ device_id: other.deviceId, password: 'wrong' }, one);
    expect(demand(wrong, 403).json.code).toBe('forbidden');
    demand(await me(server, other.headers), 200);
    const right = await revoke({ device_id: other.deviceId, password: PASSWORD }, one);
    expect(demand(right, 200).json).toEqual({ status: 'revoked' });
    demand(await me(server, other.headers), 401);
    demand(await me(server, one.headers), 200);
  });

  test('may be the device itself, and one that was revoked before', async () => {
    const { server } = served;
    const one = await pairedDevice(server);
    const other = await pairedDevice(server, { account: one.account });
    demand(await revoke({ device_id: other.deviceId, password: PASSWORD }, one), 200);
    demand(await revoke({ device_id: other.deviceId, password: PASSWORD }, one), 200);
    demand(await revoke({ device_id: one.deviceId, password: PASSWORD }, one), 200);
    demand(await me(server, one.headers), 401);
  });

  test('of somebody else, or one that is not there, is one and the same 404', async () => {
    const { server } = served;
    const one = await pairedDevice(server);
    const stranger = await pairedDevice(server, { account: await newAccount(server), vault: one.vault });
    const ids = [stranger.deviceId, `dev_${'0'.repeat(24)}`, randomUUID(), 'x'.repeat(5000), '\0', stranger.token];
    const answers = [];
    for (const device_id of ids) answers.push(demand(await revoke({ device_id, password: PASSWORD }, one), 404).json);
    expect(answers).toEqual(ids.map(() => ({ error: 'there is no such device', code: 'not_found' })));
    demand(await me(server, stranger.headers), 200);
  });
});
