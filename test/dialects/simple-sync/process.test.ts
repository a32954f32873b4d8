import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { demand, type ServerProcess, test } from '../../support/process.ts';

const ADMIN = { username: 'root', password: 'admin-secret' };
const WITH_ADMIN = { ADMIN_USERNAME: ADMIN.username, ADMIN_PASSWORD: ADMIN.password };

async function login(server: ServerProcess, { username, password } = ADMIN): Promise<{ Authorization: string }> {
  const answer = demand(await server.request('POST', '/api/v1/auth/token', { username, password }));
  return { Authorization: `Bearer ${answer.json.token}` };
}

forEachEngine('the program', engine => {
  const status = async (server: ServerProcess, headers: { Authorization: string }, path = '/api/v1/events') =>
    (await server.request('GET', path, undefined, headers)).status;

  test('has the admin of the configuration at its start, who makes rules and members', async ({ program }) => {
    const server = await program.start({ settings: { ...program.place(engine), ...WITH_ADMIN } });
    const admin = await login(server);
    const rules = { rules: [{ user: 'ann', item: '*', action: '*', allow: true }] };
    expect((await server.request('PUT', '/api/v1/acl', rules, admin)).status).toBe(204);
    expect((await server.request('GET', '/api/v1/acl', undefined, admin)).json).toEqual(rules);
    const ann = { uuid: 'ann', username: 'ann', password: 's3cret' };
    expect((await server.request('POST', '/api/v1/admin/users', ann, admin)).status).toBe(201);
    const headers = await login(server, ann);
    const event = { uuid: '1', timestamp: Math.floor(Date.now() / 1000), itemUuid: 'i', action: 'create' };
    expect(demand(await server.request('POST', '/api/v1/events', [event], headers)).json).toHaveLength(1);
    expect(await status(server, headers, '/api/v1/acl')).toBe(401);
  });

  test('keeps its secret: a token outlives a restart and opens every process', async ({ program }) => {
    const settings = { ...program.place(engine), ...WITH_ADMIN };
    const one = await program.start({ settings });
    const two = await program.start({ settings });
    const [first, second] = [await login(one), await login(two)];
    for (const headers of [first, second])
      expect([await status(one, headers), await status(two, headers)]).toEqual([200, 200]);
    await Promise.all([one.stop(), two.stop()]);
    const again = await program.start({ settings });
    expect([await status(again, first), await status(again, second)]).toEqual([200, 200]);
    const warnings = again.log.filter(({ level }) => level >= 40).map(({ msg }) => msg);
    if (engine.name === 'embedded') {
      const { mode } = await stat(join(program.folder, 'data/secrets/jwt'));
      expect(mode & 0o777).toBe(0o600);
      expect(warnings).toEqual([]);
    } else {
      expect(warnings).toEqual([expect.stringContaining('[SIMPLE_SYNC] jwt_secret')]);
    }
  });

  test('signs with the secret of the configuration', async ({ program }) => {
    const settings = { ...program.place(engine), ...WITH_ADMIN };
    const given = { ...settings, SIMPLE_SYNC_JWT_SECRET: 'a secret of more than 32 characters' };
    const one = await program.start({ settings: given });
    const headers = await login(one);
    expect(await status(one, headers)).toBe(200);
    expect(one.log.filter(({ level }) => level >= 40)).toEqual([]);
    await one.stop();
    expect(await status(await program.start({ settings }), headers)).toBe(401);
    expect(await status(await program.start({ settings: given }), headers)).toBe(200);
  });

  test('writes no token, password, name, uuid, rule or event to its log', async ({ program }) => {
    const settings = { ...program.place(engine), ...WITH_ADMIN, APP_DEBUG: 'true' };
    const server = await program.start({ settings });
    const admin = await login(server);
    const user = { uuid: 'uuid-secret', username: 'name-secret', password: 'password-secret' };
    await server.request('POST', '/api/v1/admin/users', user, admin);
    await server.request('POST', '/api/v1/admin/users', user, admin);
    await server.request('POST', '/api/v1/admin/users', { ...user, username: '-secret-!' }, admin);
    const headers = await login(server, user);
    await server.request('POST', '/api/v1/auth/token', { ...user, password: 'wrong-secret' });
    await server.request('POST', '/api/v1/auth/token', '{"username":"name-secret');
    const event = {
      uuid: 'event-secret',
      timestamp: 1,
      itemUuid: 'item-secret',
      action: 'do-secret',
      payload: 'p-secret',
    };
    await server.request('POST', '/api/v1/events', [event], headers);
    await server.request('POST', '/api/v1/events', [{ ...event, timestamp: 0 }], headers);
    await server.request('POST', '/api/v1/events', '[{"uuid":"event-secret', headers);
    await server.request('PUT', '/api/v1/acl', { rules: [{ ...event, user: '-secret*' }] }, admin);
    await server.request('PUT', '/api/v1/acl', { rules: [] }, admin);
    await server.request('POST', '/api/v1/events', [{ ...event, uuid: '2-secret' }], headers);
    await server.request('PUT', '/api/v1/admin/users/uuid-secret', { new_password: 'new-secret' }, admin);
    await server.request('GET', '/api/v1/events?fromTimestamp=x-secret', undefined, headers);
    await server.request('GET', '/api/v1/events', undefined, { Authorization: `${headers.Authorization}x-secret` });
    await server.stop();
    const output = server.stdout + server.stderr;
    const told = server.log
      .filter(({ msg }) => !msg.includes('[SIMPLE_SYNC] jwt_secret'))
      .map(line => JSON.stringify(line));
    expect(told.filter(line => line.includes('secret'))).toEqual([]);
    for (const { Authorization } of [admin, headers]) expect(output).not.toContain(Authorization.slice(-20));
    const pushed = server.log.find(({ route, status }) => route === '/api/v1/events' && status === 200);
    expect(pushed).toMatchObject({ method: 'POST', account: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });
});
