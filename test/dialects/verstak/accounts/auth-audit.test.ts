import { expect, test } from 'vitest';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { auditLog } from '../admin/open-admin.ts';
import { demand, newAccount, PASSWORD, pairedDevice, ROOMY } from '../open-verstak.ts';
import { confirmedPerson, login, newcomer, resetToken, signIn } from './open-accounts.ts';

const events = async (server: TestServer) => (await auditLog(server)).map(({ event }) => event).sort();

forEachEngine('the audit log', engine => {
  test('tells who registered, confirmed and got another password', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const { email } = await confirmedPerson(server);
    const { user_id } = demand(await login(server, email), 200).json;
    const token = await resetToken(server, email);
    demand(await server.request('POST', '/api/v1/auth/reset', { token, new_password: 'another one' }), 200);
    const entries = await auditLog(server);
    expect(entries.map(({ event }) => event).sort()).toEqual(['user_confirmed', 'user_created', 'user_password_reset']);
    for (const entry of entries) expect(entry).toMatchObject({ user_id, severity: 'info', address: '127.0.0.1' });
  });

  test('tells of devices that were paired, refused and revoked', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const device = await pairedDevice(server);
    const other = await pairedDevice(server, { account: device.account });
    const session = await signIn(server, device.account);
    demand(await server.request('POST', '/api/client/pair', { login: 'nobody', password: 'guess' }), 401);
    const revoke = `/api/v1/user/devices/${other.deviceId}/revoke`;
    demand(await server.request('POST', revoke, { password: 'wrong' }, session.headers), 403);
    demand(await server.request('POST', revoke, { password: PASSWORD }, session.headers), 200);
    demand(await server.request('POST', '/api/client/revoke-current', undefined, device.headers), 200);
    const entries = await auditLog(server);
    expect(entries.map(({ event }) => event).sort()).toEqual([
      'device_auth_failed',
      'device_paired',
      'device_paired',
      'device_revoked',
      'device_revoked',
    ]);
    const { user_id } = device.account;
    const named = (event: string) => entries.filter(entry => entry.event === event);
    for (const event of ['device_paired', 'device_revoked']) {
      expect(new Set(named(event).map(({ device_id }) => device_id))).toEqual(
        new Set([device.deviceId, other.deviceId]),
      );
      for (const entry of named(event)) expect(entry.user_id).toBe(user_id);
    }
    expect(named('device_auth_failed')[0]).toMatchObject({ severity: 'error', message: 'wrong login or password' });
    expect(named('device_revoked')[0]?.severity).toBe('warning');
  });

  test('tells once of an address that asks too often', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, VERSTAK_TEST_ATTEMPTS: '2' } });
    const { username } = await newAccount(server);
    for (let i = 0; i < 6; i++) await server.request('POST', '/api/auth/test', { username, password: 'wrong' });
    expect(await events(server)).toEqual(['rate_limit_exceeded']);
    expect((await auditLog(server))[0]).toMatchObject({ severity: 'warning', message: '/api/auth/test' });
  });

  test('holds no secret', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const { person, token } = await newcomer(server);
    demand(await server.request('POST', '/api/v1/auth/confirm', { token }), 200);
    demand(await server.request('POST', '/api/v1/auth/confirm', { token }), 400);
    const account = { username: person.username } as never;
    const device = await pairedDevice(server, { account });
    await server.request('POST', '/api/client/pair', { login: person.email, password: 'a wrong secret' });
    const text = JSON.stringify(await auditLog(server));
    for (const secret of [token, device.token, person.password, person.email, person.username, 'a wrong secret']) {
      expect(text).not.toContain(secret);
    }
  });
});
