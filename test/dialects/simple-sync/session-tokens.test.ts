import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { accountsSpec } from '../../../src/core/collections.ts';
import { allOrFirst, forEachEngine } from '../../support/engines.ts';
import { newUser, sharedServer } from '../../support/served.ts';
import {
  ADMIN_REQUIRED,
  AUTHORIZATION_REQUIRED,
  bearer,
  claimsOf,
  handSigned,
  login200,
  newAdmin,
  newMember,
  pull,
  SECRET,
  seconds,
  sign,
  TOKEN_REFUSED,
  WITH_SECRET,
} from './open-simple-sync.ts';

/** Every route that needs a token, with a body that would be refused: the token is looked at first. */
const ROUTES = [
  ['GET', '/api/v1/events?fromTimestamp=x'],
  ['POST', '/api/v1/events', 'no JSON'],
  ['GET', '/api/v1/acl'],
  ['PUT', '/api/v1/acl', 'no JSON'],
  ['POST', '/api/v1/admin/users', 'no JSON'],
  ['PUT', '/api/v1/admin/users/nobody', 'no JSON'],
] as const;

/** The token with another last character that stands for the same bytes: two of its six bits say nothing. */
function otherLastCharacter(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.slice(-1)) + 1];
}

forEachEngine('a session token', engine => {
  const served = sharedServer(engine, WITH_SECRET);
  const get = (headers: Record<string, string>) => served.server.request('GET', '/api/v1/events', undefined, headers);
  const statusOf = async (token: string) => (await get(bearer(token))).status;

  test.each(allOrFirst(engine, ROUTES))(
    'is demanded by %s %s before anything else',
    async (method, path, body?: string) => {
      const { server } = served;
      const without = await server.request(method, path, body);
      expect([without.status, without.json]).toEqual([401, AUTHORIZATION_REQUIRED]);
      const wrong = await server.request(method, path, body, bearer('nonsense'));
      expect([wrong.status, wrong.json]).toEqual([401, TOKEN_REFUSED]);
      expect(wrong.headers.get('WWW-Authenticate')).toBe('Bearer');
    },
  );

  test.each(allOrFirst(engine, ROUTES.slice(2)))(
    'is not enough for %s %s unless it is an admin’s',
    async (method, path, body?: string) => {
      const { server } = served;
      const { headers } = await newMember(server);
      const answer = await server.request(method, path, body, headers);
      expect([answer.status, answer.json]).toEqual([401, ADMIN_REQUIRED]);
    },
  );

  test('is sent in the Authorization header as two words with a blank between them', async () => {
    const { token } = await newMember(served.server);
    for (const value of [
      '',
      'Bearer',
      'Bearer ',
      token,
      `Basic ${token}`,
      `Token ${token}`,
      `Bearer  ${token}`,
      `Bearer ${token} ${token}`,
      `Bearer:${token}`,
    ]) {
      const answer = await get({ Authorization: value });
      expect([value, answer.status, answer.json]).toEqual([value, 401, AUTHORIZATION_REQUIRED]);
    }
    expect((await get({ Authorization: `bearer ${token}` })).status).toBe(200);
    expect((await get({ Authorization: `Bearer\t${token}` })).status).toBe(401);
  });

  test('is refused when it is not signed with the secret and HS256', async () => {
    const { server } = served;
    const member = await newMember(server);
    const claims = claimsOf(server, member);
    const [header, payload, signature = ''] = member.token.split('.');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = await sign({ ...claims, is_admin: true });
    const tokens = {
      'another secret': await sign(claims, 'another secret of more than 32 characters'),
      HS384: await sign(claims, SECRET, { alg: 'HS384' }),
      HS512: await sign(claims, SECRET, { alg: 'HS512' }),
      ES256: await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey),
      'alg: none': handSigned({ alg: 'none', typ: 'JWT' }, claims),
      'alg: NONE': handSigned({ alg: 'NONE' }, claims),
      'alg: none, unsigned': handSigned({ alg: 'none' }, claims).replace(/[^.]*$/, ''),
      'no algorithm': handSigned({ typ: 'JWT' }, claims),
      'an algorithm that is a list': handSigned({ alg: ['HS256'] }, claims),
      'a critical extension': handSigned({ alg: 'HS256', crit: ['x'], x: 1 }, claims),
      'a payload that is not encoded': handSigned({ alg: 'HS256', b64: false, crit: ['b64'] }, claims),
      'no signature': `${header}.${payload}.`,
      'two parts': `${header}.${payload}`,
      'four parts': `${member.token}.x`,
      'five parts': `${member.token}.x.y`,
      'a changed signature': `${header}.${payload}.${signature.slice(1)}A`,
      'a signature with another last character': otherLastCharacter(member.token),
      'a signature with padding': `${member.token}=`,
      'changed claims': `${header}.${other.split('.')[1]}.${signature}`,
      dots: '...',
      'no base64': 'a.b.c',
      'a text': 'undefined',
      'very long': 'x'.repeat(10_000),
    };
    for (const [what, token] of Object.entries(tokens)) {
      const answer = await get(bearer(token));
      expect([what, answer.status, answer.json]).toEqual([what, 401, TOKEN_REFUSED]);
    }
    expect(await statusOf(await sign(claims))).toBe(200);
    expect(await statusOf(await sign(claims, SECRET, { alg: 'HS256', typ: 'anything', kid: '../x' } as never))).toBe(
      200,
    );
    expect(await statusOf(handSigned({ alg: 'HS256' }, claims))).toBe(200);
  });

  test('is refused when its claims are missing or of a wrong kind', async () => {
    const { server } = served;
    const member = await newMember(server);
    const other = await newMember(server);
    const claims = claimsOf(server, member);
    const { exp, iat } = claims;
    const changes: object[] = [
      { exp: undefined },
      { exp: String(exp) },
      { exp: exp + 0.5 },
      { exp: null },
      { exp: -1 },
      { iat: undefined },
      { iat: String(iat) },
      { iat: iat + 0.5 },
      { iat: null },
      { nbf: iat + 10 },
      { user_uuid: undefined },
      { user_uuid: other.uuid },
      { user_uuid: { $ne: '' } },
      { user_uuid: '' },
      { user_uuid: `${member.uuid}\0`, account: undefined },
      { user_uuid: 'x'.repeat(5000), account: undefined },
      { user_uuid: '\ud800', account: undefined },
      { user_uuid: 5, account: undefined },
      { user_uuid: ['a'], account: undefined },
      { user_uuid: 'nobody', account: undefined },
      { account: other.user_id },
      { account: 'nobody' },
      { account: '' },
      { account: '\0' },
      { account: 'x'.repeat(5000) },
      { account: null },
      { account: { $ne: '' } },
      { account: 5 },
      { password_version: 1 },
      { password_version: null },
      { password_version: '0' },
      { password_version: { $ne: 1 } },
    ];
    for (const change of changes) {
      const answer = await get(bearer(await sign({ ...claims, ...change })));
      expect([change, answer.status, answer.json]).toEqual([change, 401, TOKEN_REFUSED]);
    }
    for (const payload of ['null', '5', '"text"', '[]', '{', '', JSON.stringify([claims])]) {
      const answer = await get(bearer(handSigned({ alg: 'HS256' }, payload)));
      expect([payload, answer.status, answer.json]).toEqual([payload, 401, TOKEN_REFUSED]);
    }
  });

  test('is valid for exactly a week', async () => {
    const { server } = served;
    const { token } = await newMember(server);
    server.clock.advance(604_800_000 - 1);
    expect(await statusOf(token)).toBe(200);
    server.clock.advance(1);
    const answer = await get(bearer(token));
    expect([answer.status, answer.json]).toEqual([401, TOKEN_REFUSED]);
  });

  test('may be signed by others who have the secret: then the uuid says whose it is', async () => {
    const { server } = served;
    const member = await newMember(server, { uuid: 'known outside' });
    const { account: _, ...claims } = claimsOf(server, member);
    expect(await statusOf(await sign(claims))).toBe(200);
    const plain = await newMember(server);
    expect(await statusOf(await sign({ ...claimsOf(server, plain), account: undefined }))).toBe(200);
    const hidden = { ...claims, user_uuid: member.user_id };
    expect(await statusOf(await sign(hidden))).toBe(401);
  });

  test('that others signed before the account was made opens nothing', async () => {
    const { server } = served;
    const iat = seconds(server);
    server.clock.advance(999);
    const member = await newMember(server);
    const claims = { ...claimsOf(server, member), account: undefined };
    expect(await statusOf(await sign({ ...claims, iat }))).toBe(200);
    expect(await statusOf(await sign({ ...claims, iat: iat - 1 }))).toBe(401);
  });

  test('that others signed opens no blocked account, and none of a stranger', async () => {
    const { server } = served;
    const member = await newMember(server);
    const token = await sign({ ...claimsOf(server, member), account: undefined });
    await server.core.storage.collection(accountsSpec).update([member.user_id], { set: { blocked_at: new Date(0) } });
    expect(await statusOf(token)).toBe(401);
    const { account } = await newUser(server);
    const stranger = { ...claimsOf(server, member), account: undefined, user_uuid: account.user_id };
    expect(await statusOf(await sign(stranger))).toBe(401);
  });

  test('outlives a new name', async () => {
    const { server } = served;
    const admin = await newAdmin(server);
    const member = await newMember(server, { uuid: 'renamed' });
    const path = '/api/v1/admin/users/renamed';
    expect((await server.request('PUT', path, { new_username: 'another-name' }, admin.headers)).status).toBe(204);
    expect(await statusOf(member.token)).toBe(200);
  });

  test('ends with its password, and that of the next one opens in the same second', async () => {
    const { server } = served;
    const admin = await newAdmin(server);
    const member = await newMember(server);
    const tokens = [member.token];
    // The clock of the tests stands still: all of this happens in one millisecond.
    for (const new_password of ['second', 'third', 'second']) {
      const path = `/api/v1/admin/users/${member.uuid}`;
      expect((await server.request('PUT', path, { new_password }, admin.headers)).status).toBe(204);
      for (const token of tokens) expect(await statusOf(token)).toBe(401);
      tokens.push(await login200(server, { username: member.username, password: new_password }));
      expect(await statusOf(tokens.at(-1) ?? '')).toBe(200);
    }
    server.clock.advance(5_000);
    expect(await Promise.all(tokens.map(statusOf))).toEqual([401, 401, 401, 200]);
  });

  test('that others signed ends with the password it was signed under', async () => {
    const { server } = served;
    const member = await newMember(server);
    const { account: _, ...before } = claimsOf(server, member);
    expect(await statusOf(await sign(before))).toBe(200);
    server.clock.advance(1_500);
    const change = { username: member.username, password: member.password, new_password: 'another' };
    expect((await server.request('POST', '/password', change)).status).toBe(200);
    expect(await statusOf(await sign(before))).toBe(401);
    expect(await statusOf(await sign({ ...before, password_version: 0 }))).toBe(401);
    server.clock.advance(1_000);
    const { iat, exp } = claimsOf(server, member);
    expect(await statusOf(await sign({ ...before, iat, exp }))).toBe(200);
  });

  test('ends at once with the account, with its being blocked, and with its membership', async () => {
    const { server } = served;
    const accounts = server.core.storage.collection(accountsSpec);
    const gone = await newMember(server);
    const blocked = await newMember(server);
    const former = await newMember(server);
    for (const { token } of [gone, blocked, former]) expect(await statusOf(token)).toBe(200);
    const { username, password } = gone;
    expect((await server.request('DELETE', '/unregister', { username, password })).status).toBe(200);
    await accounts.update([blocked.user_id], { set: { blocked_at: new Date(0) } });
    await accounts.update([former.user_id], { unset: ['simple_sync'] });
    for (const { token } of [gone, blocked, former]) {
      const answer = await get(bearer(token));
      expect([answer.status, answer.json]).toEqual([401, TOKEN_REFUSED]);
    }
  });

  test('opens no later account with the same uuid and name', async () => {
    const { server } = served;
    const first = await newMember(server, { uuid: 'given twice' });
    const { username, password } = first;
    expect((await server.request('DELETE', '/unregister', { username, password })).status).toBe(200);
    const second = await newMember(server, { uuid: 'given twice', username });
    expect(await statusOf(first.token)).toBe(401);
    expect(await statusOf(second.token)).toBe(200);
  });

  test('carries no admin right: the account does', async () => {
    const { server } = served;
    const member = await newMember(server);
    const admin = await newAdmin(server);
    const acl = (token: string) => server.request('GET', '/api/v1/acl', undefined, bearer(token));
    expect((await acl(await sign({ ...claimsOf(server, member), is_admin: true }))).status).toBe(401);
    expect((await acl(await sign({ ...claimsOf(server, admin), is_admin: false }))).status).toBe(200);
    const accounts = server.core.storage.collection(accountsSpec);
    await accounts.update([admin.user_id], { unset: ['admin'] });
    expect((await acl(admin.token)).json).toEqual(ADMIN_REQUIRED);
    await accounts.update([member.user_id], { set: { admin: true } });
    expect((await acl(member.token)).status).toBe(200);
  });

  test('opens nothing of the Keybin API, and a Keybin token nothing here', async () => {
    const { server } = served;
    const member = await newMember(server);
    const answer = await server.request('GET', '/user/me/keys', undefined, member.headers);
    expect([answer.status, answer.json.code]).toEqual([403, 'token_invalid']);
    const { token } = await newUser(server, { simple_sync: true });
    expect((await pull(server, { ...member, headers: bearer(token) })).json).toEqual(TOKEN_REFUSED);
  });
});
