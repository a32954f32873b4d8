import { expect, test } from 'vitest';
import { accountsSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newName, newUser, openServer, sharedServer } from '../../support/served.ts';
import {
  claimsIn,
  LOGIN_REFUSED,
  login200,
  newAdmin,
  newMember,
  pull,
  seconds,
  TOKEN_REFUSED,
} from './open-simple-sync.ts';

forEachEngine('POST /api/v1/auth/token', engine => {
  const served = sharedServer(engine);
  const login = (body: unknown) => served.server.request('POST', '/api/v1/auth/token', body);

  test('gives a member a token for a week, and nothing else', async () => {
    const { server } = served;
    const { username, password, user_id } = await newMember(server);
    const answer = await login({ username, password });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
    expect(Object.keys(answer.json)).toEqual(['token']);
    const [header] = answer.json.token.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'HS256', typ: 'JWT' });
    const now = seconds(server);
    expect(claimsIn(answer.json.token)).toEqual({
      user_uuid: user_id,
      username,
      is_admin: false,
      account: user_id,
      password_version: 0,
      sub: user_id,
      iat: now,
      exp: now + 604_800,
    });
  });

  test('names an account by the uuid that an admin chose, and says whether it is an admin', async () => {
    const { server } = served;
    const named = await newMember(server, { uuid: 'the chosen one' });
    expect(claimsIn(named.token)).toMatchObject({
      user_uuid: 'the chosen one',
      sub: 'the chosen one',
      is_admin: false,
    });
    expect(claimsIn(named.token).account).toBe(named.user_id);
    const admin = await newAdmin(server);
    expect(claimsIn(admin.token)).toMatchObject({ user_uuid: admin.user_id, is_admin: true });
  });

  test('ignores what else is in the body, the content type and a bad header', async () => {
    const { username, password } = await newMember(served.server);
    const body = { username, password, is_admin: true, client_id: 5, __proto__: null };
    const headers = { 'Content-Type': 'text/csv', Authorization: 'Bearer nonsense' };
    const answer = await served.server.request('POST', '/api/v1/auth/token', body, headers);
    expect(answer.status).toBe(200);
    expect(claimsIn(answer.json.token).is_admin).toBe(false);
  });

  test('gives one token after another, and all of them are valid', async () => {
    const { server } = served;
    const member = await newMember(server);
    server.clock.advance(1000);
    const second = await login200(server, member);
    expect(second).not.toBe(member.token);
    for (const token of [member.token, second]) {
      expect((await pull(server, { ...member, headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
    }
  });

  test.each([
    ['no body', undefined],
    ['no JSON', '{"username":"ann"'],
    ['no object', '[]'],
    ['null', 'null'],
    ['a text', '"ann"'],
    ['no username', { password: 'right' }],
    ['no password', { username: 'ann' }],
    ['an empty username', { username: '', password: 'right' }],
    ['an empty password', { username: 'ann', password: '' }],
    ['a username that is null', { username: null, password: 'right' }],
    ['a username that is a number', { username: 5, password: 'right' }],
    ['a username that is an operator', { username: { $ne: '' }, password: 'right' }],
    ['a password that is an operator', { username: 'ann', password: { $gt: '' } }],
    ['a password that is a list', { username: 'ann', password: ['right'] }],
    ['members of a prototype only', '{"__proto__":{"username":"ann","password":"right"}}'],
  ])('refuses %s with 400', async (_, body) => {
    const answer = await login(body);
    expect([answer.status, answer.json]).toEqual([400, { error: 'Invalid request format', code: 'login_invalid' }]);
  });

  test('answers alike to an unknown name, a wrong password, another letter case and what can be neither', async () => {
    const { username } = await newMember(served.server);
    const attempts: [string, string][] = [
      [newName(), 'right'],
      [username, 'wrong'],
      [username.toUpperCase(), 'right'],
      [` ${username}`, 'right'],
      [`${username}\0`, 'right'],
      ['n'.repeat(1000), 'right'],
      [username, 'p'.repeat(1025)],
      ['\ud800', 'right'],
      [username, '\ud800'],
      ['__proto__', 'right'],
    ];
    for (const [name, password] of attempts) {
      const answer = await login({ username: name, password });
      expect([name, answer.status, answer.json]).toEqual([name, 401, LOGIN_REFUSED]);
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer');
    }
  });

  test('refuses with the same words whoever is no member, was blocked, is being erased or has no password', async () => {
    const { server } = served;
    const { core } = server;
    const accounts = core.storage.collection(accountsSpec);
    const stranger = await newUser(server);
    const blocked = await newMember(server);
    const erased = await newMember(server);
    const without = await newMember(server);
    await accounts.update([blocked.user_id], { set: { blocked_at: new Date(0) } });
    await accounts.update([erased.user_id], { set: { erasing_at: new Date(server.clock.now()) } });
    await accounts.update([without.user_id], { unset: ['password'] });
    for (const username of [stranger.account.username, blocked.username, erased.username, without.username]) {
      const answer = await login({ username, password: 'right' });
      expect([answer.status, answer.json]).toEqual([401, LOGIN_REFUSED]);
    }
  });

  test('lets every account in when it is open to all, and those only while it is', async () => {
    const all = { SIMPLE_SYNC_OPEN_TO: 'all' };
    const { server } = await openServer(engine, { options: all });
    const { account } = await newUser(server);
    const token = await login200(server, { username: account.username ?? '', password: 'right' });
    const headers = { Authorization: `Bearer ${token}` };
    expect((await server.request('GET', '/api/v1/events', undefined, headers)).status).toBe(200);
    await server.configure({ SIMPLE_SYNC_OPEN_TO: 'members' });
    const refused = await server.request('GET', '/api/v1/events', undefined, headers);
    expect([refused.status, refused.json]).toEqual([401, TOKEN_REFUSED]);
  });

  test('slows guessing down with 429, for the right password too', async () => {
    const { server } = served;
    const { username, password } = await newMember(server);
    const guess = () => login({ username, password: 'wrong' });
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await guess()).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    const refused = await login({ username, password });
    expect([refused.status, refused.json.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(800);
    server.clock.advance(901_000);
    await login200(server, { username, password });
  });

  test('takes the whole password, and the name letter by letter', async () => {
    const { server } = served;
    const password = 'é'.repeat(512);
    const member = await newMember(server, { password, username: 'Ünï$ code' });
    expect((await login({ username: member.username, password: password.slice(1) })).status).toBe(401);
    await login200(server, member);
  });

  test.each(['GET', 'PUT', 'DELETE'])('is not there for %s', async method => {
    const answer = await served.server.request(method, '/api/v1/auth/token');
    expect([answer.status, answer.headers.get('Allow')]).toEqual([405, 'POST']);
  });
});
