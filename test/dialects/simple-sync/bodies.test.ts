import { expect, test } from 'vitest';
import { rawRequest } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newName, sharedServer } from '../../support/served.ts';
import { EVENTS_INVALID, newAdmin, newEvent, newMember, push } from './open-simple-sync.ts';

const LARGE = 4_194_304;
const SMALL = 65_536;
const LOGIN = 16_384;

forEachEngine('a body', engine => {
  const served = sharedServer(engine);
  /** JSON text of exactly so many bytes. */
  const padded = (body: unknown, bytes: number) => {
    const text = JSON.stringify(body);
    return text + ' '.repeat(bytes - Buffer.byteLength(text));
  };
  const tooLarge = (limit: number) => ({ error: expect.any(String), code: 'request_too_large', limit });

  test('of events or rules may have 4 MiB and no byte more', async () => {
    const { server } = served;
    const { headers } = await newAdmin(server);
    const rules = { rules: [{ user: '*', item: '*', action: '*', allow: true }] };
    for (const [method, path, body, status] of [
      ['POST', '/api/v1/events', [], 200],
      ['PUT', '/api/v1/acl', rules, 204],
    ] as const) {
      expect((await server.request(method, path, padded(body, LARGE), headers)).status).toBe(status);
      const answer = await server.request(method, path, padded(body, LARGE + 1), headers);
      expect([answer.status, answer.json]).toEqual([413, tooLarge(LARGE)]);
    }
  });

  test('of a login may have 16 KiB, and of what admins send 64 KiB', async () => {
    const { server } = served;
    const { headers } = await newAdmin(server);
    const member = await newMember(server);
    const login = { username: member.username, password: 'right' };
    for (const [method, path, body, limit, status] of [
      ['POST', '/api/v1/auth/token', login, LOGIN, 200],
      ['POST', '/api/v1/admin/users', { uuid: newName(), username: newName(), password: 'a' }, SMALL, 201],
      ['PUT', `/api/v1/admin/users/${member.uuid}`, { new_password: 'a' }, SMALL, 204],
    ] as const) {
      const answer = await server.request(method, path, padded(body, limit + 1), headers);
      expect([answer.status, answer.json]).toEqual([413, tooLarge(limit)]);
      expect((await server.request(method, path, padded(body, limit), headers)).status).toBe(status);
    }
  });

  test('may hold one event as long as the limit allows', async () => {
    const { server } = served;
    const event = newEvent(server, { itemUuid: newName() });
    const rest = LARGE - Buffer.byteLength(JSON.stringify([event]));
    const long = { ...event, payload: event.payload + '\u007f'.repeat(rest) };
    const member = await newMember(server);
    const { status, json } = await push(server, member, [long]);
    expect(status).toBe(200);
    expect(json.find(({ uuid }: { uuid: string }) => uuid === event.uuid)).toEqual({ ...long, userUuid: member.uuid });
  });

  test('is not read before the token was checked', async () => {
    const { server } = served;
    for (const [method, path] of [
      ['POST', '/api/v1/events'],
      ['PUT', '/api/v1/acl'],
    ] as const) {
      expect((await server.request(method, path, ' '.repeat(LARGE + 1))).status).toBe(401);
    }
  });

  test('that is not UTF-8, empty or compressed wrongly is no JSON', async () => {
    const { server } = served;
    const { headers } = await newMember(server);
    const event = Buffer.from(`[{"uuid":"\xff","timestamp":1,"itemUuid":"i","action":"a"}]`, 'latin1');
    for (const [body, more] of [
      [event, {}],
      [Buffer.alloc(0), {}],
      [Buffer.from('[]'), { 'Content-Encoding': 'gzip' }],
      [Buffer.from('[]'), { 'Content-Encoding': 'unheard-of' }],
    ] as const) {
      const path = '/api/v1/events';
      const answer = await rawRequest(server.url, { method: 'POST', path, headers: { ...headers, ...more }, body });
      expect([answer.status, answer.json]).toEqual([400, EVENTS_INVALID]);
    }
    const login = Buffer.from('{"username":"\xff","password":"a"}', 'latin1');
    const refused = await rawRequest(server.url, { method: 'POST', path: '/api/v1/auth/token', body: login });
    expect([refused.status, refused.json.code]).toEqual([400, 'login_invalid']);
  });

  test('of events may nest 100 deep where nobody looks, and no deeper', async () => {
    const { server } = served;
    const itemUuid = newName();
    const member = await newMember(server);
    for (const [depth, status] of [
      [98, 200],
      [99, 400],
      [1_000_000, 400],
    ] as const) {
      const deep = '['.repeat(depth) + ']'.repeat(depth);
      const { uuid } = newEvent(server);
      const body = `[{"uuid":"${uuid}","timestamp":1,"itemUuid":"${itemUuid}","action":"a","x":${deep}}]`;
      expect((await push(server, member, body)).status).toBe(status);
    }
  });
});
