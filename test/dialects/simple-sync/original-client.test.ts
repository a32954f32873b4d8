import { expect, test } from 'vitest';
import { createAccount } from '../../../src/core/accounts/accounts.ts';
import { rawRequest } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openServer } from '../../support/served.ts';

/** What a client of the original sends and looks at, request by request. */
forEachEngine('the original client', engine => {
  test('logs in, pushes, pulls what is new, and logs in again when its token is over', async () => {
    const { server } = await openServer(engine);
    await createAccount(server.core, { username: 'admin', password: 'admin-password', admin: true });
    const headers = { 'User-Agent': 'Go-http-client/1.1', 'Accept-Encoding': 'identity' };
    const send = (method: string, path: string, token?: string, body?: unknown) =>
      rawRequest(server.url, {
        method,
        path: `/api/v1${path}`,
        headers: {
          ...headers,
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });

    const health = await send('GET', '/health');
    expect(health.status).toBe(200);
    expect(health.json).toMatchObject({ status: 'healthy', version: expect.any(String), uptime: expect.any(Number) });
    expect(health.json.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

    const admin = (await send('POST', '/auth/token', undefined, { username: 'admin', password: 'admin-password' }))
      .json;
    const made = await send('POST', '/admin/users', admin.token, {
      uuid: 'newuser123',
      username: 'newuser',
      password: 'password123',
    });
    expect([made.status, made.json]).toEqual([201, { uuid: 'newuser123' }]);

    const login = { username: 'newuser', password: 'password123' };
    const { token } = (await send('POST', '/auth/token', undefined, login)).json;
    expect((await send('GET', '/events', token)).text).toBe('[]');
    const timestamp = Math.floor(server.clock.now() / 1000);
    const event = {
      uuid: '123e4567-e89b-12d3-a456-426614174000',
      timestamp,
      userUuid: 'newuser123',
      itemUuid: 'item456',
      action: 'create',
      payload: '{"name":"Item"}',
    };
    const pushed = await send('POST', '/events', token, [event]);
    expect([pushed.status, pushed.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(pushed.text).toBe(JSON.stringify([event]));
    expect((await send('GET', `/events?fromTimestamp=${timestamp}`, token)).json).toEqual([event]);
    expect((await send('GET', `/events?fromTimestamp=${timestamp + 1}`, token)).json).toEqual([]);

    const rules = { rules: [{ user: 'newuser123', item: 'item456', action: 'edit', allow: true }] };
    expect((await send('PUT', '/acl', admin.token, rules)).status).toBe(204);
    expect((await send('GET', '/acl', admin.token)).json).toEqual(rules);
    const edit = { ...event, uuid: '2', action: 'edit' };
    expect((await send('POST', '/events', token, [{ ...edit, action: 'delete' }])).status).toBe(403);
    expect((await send('POST', '/events', token, [edit])).json).toEqual([event, edit]);

    const renamed = { new_username: 'renamed', new_password: 'password456' };
    expect((await send('PUT', '/admin/users/newuser123', admin.token, renamed)).status).toBe(204);
    expect((await send('GET', '/events', token)).status).toBe(401);
    expect((await send('POST', '/auth/token', undefined, login)).status).toBe(401);
    const again = await send('POST', '/auth/token', undefined, { username: 'renamed', password: 'password456' });
    expect((await send('GET', '/events', again.json.token)).json).toEqual([event, edit]);
    server.clock.advance(604_800_000);
    expect((await send('GET', '/events', again.json.token)).status).toBe(401);
  });
});
