import { expect, test } from 'vitest';
import { accountsSpec } from '../../../src/core/collections.ts';
import { allOrFirst, forEachEngine, needs } from '../../support/engines.ts';
import { newName, newUser, sharedServer } from '../../support/served.ts';
import {
  claimsIn,
  historyOf,
  LOGIN_REFUSED,
  login200,
  newAdmin,
  newEvent,
  newMember,
  push,
} from './open-simple-sync.ts';

const USERS = '/api/v1/admin/users';
const UNFIT_NAMES = ['', 'ab', 'a'.repeat(51), 'a b c', 'ann!', 'änn', 'ann.b', 'ann\n', ' ann', '\ud800ann'];
const UNFIT_TEXTS = [undefined, 5, true, [], ['ann'], {}, { $ne: '' }];

forEachEngine('POST /api/v1/admin/users', engine => {
  const served = sharedServer(engine);
  const fresh = () => ({ uuid: `uuid of ${newName()}`, username: newName(), password: 'secret' });
  async function create(body: unknown) {
    const { headers } = await newAdmin(served.server);
    return served.server.request('POST', USERS, body, headers);
  }

  test('makes an account that uses this API under the given uuid', async () => {
    const { server } = served;
    const user = fresh();
    const answer = await create(user);
    expect([answer.status, answer.text]).toEqual([201, JSON.stringify({ uuid: user.uuid })]);
    const token = await login200(server, user);
    expect(claimsIn(token)).toMatchObject({ user_uuid: user.uuid, username: user.username, is_admin: false });
    const headers = { Authorization: `Bearer ${token}` };
    const event = newEvent(server);
    const { json } = await server.request('POST', '/api/v1/events', [event], headers);
    expect(json).toContainEqual({ ...event, userUuid: user.uuid });
  });

  test('makes an ordinary account whatever else is asked for', async () => {
    const user = fresh();
    const extra = { is_admin: true, admin: true, blocked: true, user_id: 'mine', simple_sync: false, email: 'a@b' };
    expect((await create({ ...extra, ...user })).status).toBe(201);
    const accounts = served.server.core.storage.collection(accountsSpec);
    const account = await accounts.find('uuid', [user.uuid]);
    expect(Object.keys(account ?? {}).sort()).toEqual([
      'created_at',
      'password',
      'simple_sync',
      'user_id',
      'username',
      'uuid',
    ]);
    expect(account?.user_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(account?.password).not.toContain('secret');
    expect(claimsIn(await login200(served.server, user)).is_admin).toBe(false);
  });

  test('takes names of 3 to 50 of its characters and any text as uuid', async () => {
    const names = ['abc', 'A-_', `${newName()}`.padEnd(50, '9'), '___', '-0-'];
    const uuids = ['newuser123', 'é/😀?#%', '"', '__proto__', '$ne', 'a'.repeat(255)];
    for (const username of names) expect((await create({ ...fresh(), username })).status).toBe(201);
    for (const uuid of uuids) {
      const user = { ...fresh(), uuid };
      const answer = await create(user);
      expect([answer.status, answer.json]).toEqual([201, { uuid }]);
      expect(claimsIn(await login200(served.server, user)).user_uuid).toBe(uuid);
    }
  });

  test('refuses what is missing, empty or of a wrong type', async () => {
    const user = fresh();
    const bodies = [
      '',
      '[]',
      'null',
      '{',
      {},
      ...['uuid', 'username', 'password'].flatMap(field =>
        [...UNFIT_TEXTS, null, ''].map(value => ({ ...user, [field]: value })),
      ),
      ...UNFIT_NAMES.map(username => ({ ...user, username })),
      ...['a\0', 'a\n', '\ud800', 'é'.repeat(128)].map(uuid => ({ ...user, uuid })),
      { ...user, password: 'p'.repeat(1025) },
    ];
    for (const body of allOrFirst(engine, bodies)) {
      const answer = await create(body);
      expect([body, answer.status, answer.json.code]).toEqual([
        body,
        400,
        expect.stringMatching(/_(invalid|required)$/),
      ]);
    }
    expect((await create(user)).status).toBe(201);
  });

  test('refuses a name or a uuid that is taken, by an account of any API, and changes nothing', async () => {
    const { server } = served;
    const user = fresh();
    const { account } = await newUser(server);
    await create(user);
    for (const [body, code] of [
      [user, 'username_taken'],
      [{ ...fresh(), username: user.username }, 'username_taken'],
      [{ ...fresh(), username: account.username }, 'username_taken'],
      [{ ...fresh(), uuid: user.uuid }, 'uuid_in_use'],
      [{ ...fresh(), uuid: account.user_id }, 'uuid_in_use'],
    ] as const) {
      const answer = await create(body);
      expect([answer.status, answer.json.code]).toEqual([400, code]);
    }
    await login200(server, user);
  });

  test('lets one of several win who ask for a name or a uuid at once', async () => {
    const { server } = served;
    const { headers } = await newAdmin(server);
    for (const field of ['username', 'uuid']) {
      const shared = fresh()[field as 'username'];
      const users = Array.from({ length: 8 }, () => ({ ...fresh(), [field]: shared }));
      const answers = await Promise.all(users.map(user => server.request('POST', USERS, user, headers)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(400)]);
    }
  });
});

forEachEngine('PUT /api/v1/admin/users/{uuid}', engine => {
  const served = sharedServer(engine);
  async function change(uuid: string, body: unknown) {
    const { headers } = await newAdmin(served.server);
    return served.server.request('PUT', `${USERS}/${encodeURIComponent(uuid)}`, body, headers);
  }
  const login = (username: string, password: string) =>
    served.server.request('POST', '/api/v1/auth/token', { username, password });

  test('gives another name: history, uuid and password stay, the old name is free', async () => {
    const { server } = served;
    const member = await newMember(server, { uuid: newName() });
    const event = newEvent(server);
    await push(server, member, [event]);
    const name = newName();
    const answer = await change(member.uuid, { new_username: name });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await login(member.username, 'right')).json).toEqual(LOGIN_REFUSED);
    expect(claimsIn(await login200(server, { username: name, password: 'right' }))).toMatchObject({
      user_uuid: member.uuid,
      username: name,
    });
    expect(await historyOf(server, member)).toContainEqual({ ...event, userUuid: member.uuid });
    await newMember(server, { username: member.username });
  });

  test('gives another password, of any account and by the uuid that it is known by', async () => {
    const { server } = served;
    const [named, plain] = [await newMember(server, { uuid: 'a b/c%?#é' }), await newMember(server)];
    for (const member of [named, plain]) {
      expect((await change(member.uuid, { new_password: 'a' })).status).toBe(204);
      expect((await login(member.username, 'right')).status).toBe(401);
      await login200(server, { ...member, password: 'a' });
    }
    expect((await change(named.user_id, { new_password: 'b' })).status).toBe(404);
    const { account, headers } = await newUser(server);
    expect((await change(account.user_id, { new_password: 'b' })).status).toBe(204);
    expect((await server.request('GET', '/user/me/keys', undefined, headers)).status).toBe(403);
  });

  test('changes no admin, neither another one nor the one who asks', async () => {
    const { server } = served;
    const other = await newAdmin(server);
    const self = await newAdmin(server);
    for (const { uuid } of [other, self]) {
      for (const body of [
        { new_password: 'a' },
        { new_username: newName() },
        { new_username: 'abc', new_password: 'a' },
      ]) {
        const answer = await server.request('PUT', `${USERS}/${uuid}`, body, self.headers);
        expect([answer.status, answer.json.code]).toEqual([401, 'admin_account_fixed']);
      }
    }
    await login200(server, other);
    await login200(server, self);
  });

  test('gives both at once', async () => {
    const member = await newMember(served.server);
    const name = newName();
    expect((await change(member.uuid, { new_username: name, new_password: 'another' })).status).toBe(204);
    await login200(served.server, { username: name, password: 'another' });
  });

  test('gives neither when the name is taken', async context => {
    needs(context, engine, 'uniqueUpdates');
    const { server } = served;
    const [member, other] = [await newMember(server), await newMember(server)];
    const taken = await change(member.uuid, { new_username: other.username, new_password: 'another' });
    expect([taken.status, taken.json.code]).toEqual([400, 'username_taken']);
    await login200(server, member);
  });

  test('takes the present name, and ignores what else is in the body', async () => {
    const member = await newMember(served.server);
    expect((await change(member.uuid, { new_username: member.username })).status).toBe(204);
    const body = { new_username: null, new_password: 'a', is_admin: true, uuid: 'x', username: 'y', password: 'z' };
    expect((await change(member.uuid, body)).status).toBe(204);
    expect(claimsIn(await login200(served.server, { ...member, password: 'a' }))).toMatchObject({
      user_uuid: member.uuid,
      username: member.username,
      is_admin: false,
    });
  });

  test('refuses a body that changes nothing, or something to what may not be', async () => {
    const member = await newMember(served.server);
    const fine = { new_username: newName(), new_password: 'a' };
    const bodies = [
      '',
      '{',
      '[]',
      'null',
      {},
      { username: 'another', password: 'another' },
      { new_username: null, new_password: null },
      ...UNFIT_NAMES.map(new_username => ({ ...fine, new_username })),
      ...[5, true, [], {}, { $ne: '' }].flatMap(value => [
        { ...fine, new_username: value },
        { ...fine, new_password: value },
      ]),
      ...['', 'p'.repeat(1025), '\ud800'].map(new_password => ({ ...fine, new_password })),
    ];
    for (const body of allOrFirst(engine, bodies)) {
      for (const uuid of [member.uuid, 'nobody']) {
        const answer = await change(uuid, body);
        const code = expect.stringMatching(/_(invalid|required|missing)$/);
        expect([body, answer.status, answer.json.code]).toEqual([body, 400, code]);
      }
    }
    await login200(served.server, member);
  });

  test('knows accounts by their uuids only', async () => {
    const { server } = served;
    const member = await newMember(server, { uuid: 'Known By This' });
    const { headers } = await newAdmin(server);
    const segments = [
      'nobody',
      member.username,
      'known%20by%20this',
      'Known%20By%20This%20',
      '%00',
      '%ED%A0%80',
      '%zz',
      'x'.repeat(2000),
      '__proto__',
    ];
    for (const segment of segments) {
      const answer = await server.request('PUT', `${USERS}/${segment}`, { new_password: 'a' }, headers);
      expect([segment, answer.status, answer.json.code]).toEqual([segment, 404, 'account_not_found']);
    }
    expect((await server.request('PUT', USERS, { new_password: 'a' }, headers)).status).toBe(405);
    expect((await server.request('PUT', `${USERS}/`, { new_password: 'a' }, headers)).status).toBe(404);
  });

  test('does not find an account that was unregistered', async () => {
    const { server } = served;
    const { username, password, uuid } = await newMember(server, { uuid: 'leaving' });
    expect((await server.request('DELETE', '/unregister', { username, password })).status).toBe(200);
    expect((await change(uuid, { new_password: 'a' })).status).toBe(404);
  });

  test.each([
    ['GET', USERS, 'POST'],
    ['DELETE', USERS, 'POST'],
    ['GET', `${USERS}/nobody`, 'PUT'],
    ['DELETE', `${USERS}/nobody`, 'PUT'],
  ])('%s %s is not there', async (method, path, allow) => {
    const { headers } = await newAdmin(served.server);
    const answer = await served.server.request(method, path, undefined, headers);
    expect([answer.status, answer.headers.get('Allow')]).toEqual([405, allow]);
  });
});
