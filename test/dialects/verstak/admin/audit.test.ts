import { expect, it, vi } from 'vitest';
import { type Engine, forEachEngine } from '../../../support/engines.ts';
import { newName, openServer } from '../../../support/served.ts';
import { browse, newcomer, signIn } from '../accounts/open-accounts.ts';
import { demand, newAccount, newOperation, PASSWORD, pairedDevice, push, ROOMY } from '../open-verstak.ts';
import { type AuditEntry, auditLog, collectionNamed, logInAdmin, signInAdmin } from './open-admin.ts';

async function open(engine: Engine, options: Record<string, string> = {}) {
  const { server } = await openServer(engine, { options: { ...ROOMY, ...options } });
  const admin = await signInAdmin(server);
  /** What was written since, which is what `work` causes. */
  async function written(work: () => Promise<unknown>): Promise<AuditEntry[]> {
    const before = new Set((await auditLog(server)).map(({ id }) => id));
    await work();
    return (await auditLog(server)).filter(({ id }) => !before.has(id));
  }
  return { server, admin, written };
}

forEachEngine('the audit log', engine => {
  it('has what admins do with accounts, whom it concerns and who did it', async () => {
    const { server, admin, written } = await open(engine);
    const { user_id } = await newAccount(server);
    const by = { user_id, message: `by ${admin.account.user_id}`, address: '127.0.0.1' };
    const change = (method: string, path: string, body?: unknown) =>
      written(async () => demand(await admin.change(method, `/admin/api/users/${path}`, body), 200));
    const created = { username: newName(), email: `${newName()}@example.org`, password: PASSWORD };
    expect(await change('POST', 'create', created)).toMatchObject([
      { event: 'user_created', severity: 'info', message: by.message, at: new Date(server.clock.now()) },
    ]);
    expect(await change('POST', `${user_id}/edit`, { username: newName() })).toMatchObject([
      { event: 'user_updated', severity: 'info', ...by },
    ]);
    expect(await change('POST', `${user_id}/block`)).toMatchObject([
      { event: 'user_block_changed', severity: 'warning', ...by },
    ]);
    expect(await change('POST', `${user_id}/reset-password`)).toMatchObject([
      { event: 'user_password_reset', severity: 'info', ...by },
    ]);
    expect(await change('DELETE', user_id)).toMatchObject([{ event: 'user_deleted', severity: 'info', ...by }]);
  });

  it('has nothing of a change that was refused', async () => {
    const { server, admin, written } = await open(engine);
    const { user_id } = await newAccount(server);
    const entries = await written(async () => {
      await admin.change('POST', '/admin/api/users/create', {});
      await admin.change('POST', `/admin/api/users/${user_id}/edit`, {});
      await admin.change('POST', '/admin/api/users/nobody/block');
      await admin.change('DELETE', `/admin/api/users/${admin.account.user_id}`);
      await admin.change('DELETE', '/admin/api/keys/dev_0');
      await server.request('DELETE', `/admin/api/users/${user_id}`, undefined, admin.cookies);
    });
    expect(entries).toEqual([]);
  });

  it('has what happens to devices', async () => {
    const { server, admin, written } = await open(engine);
    const account = await newAccount(server);
    const { user_id } = account;
    let device = await pairedDevice(server, { account });
    const paired = await written(async () => {
      device = await pairedDevice(server, { account });
    });
    const concerned = { user_id, device_id: device.deviceId };
    expect(paired).toMatchObject([{ event: 'device_paired', severity: 'info', ...concerned }]);
    const refused = { login: account.username, password: 'wrong' };
    expect(await written(() => server.request('POST', '/api/client/pair', refused))).toMatchObject([
      { event: 'device_auth_failed', severity: 'error' },
    ]);
    expect(
      await written(() => server.request('POST', '/api/client/revoke-current', undefined, device.headers)),
    ).toMatchObject([{ event: 'device_revoked', severity: 'warning', ...concerned }]);
    expect(await written(() => admin.change('DELETE', `/admin/api/keys/${device.deviceId}`))).toMatchObject([
      { event: 'device_deleted', severity: 'info', ...concerned },
    ]);
  });

  it('has what happens to the settings of mail', async () => {
    const { server, admin, written } = await open(engine);
    const form = { csrf_token: admin.csrf, smtp_user: 'ann' };
    expect(await written(() => browse(server, '/admin/api/smtp', { form, headers: admin.cookies }))).toMatchObject([
      { event: 'smtp_settings_updated', severity: 'info' },
    ]);
    const attempt = (body: object) => written(() => admin.change('POST', '/admin/api/smtp/test', body));
    expect(await attempt({ test_to: 'ann@example.org' })).toMatchObject([
      { event: 'smtp_test_passed', severity: 'info' },
    ]);
    expect(await attempt({ test_to: 'nobody' })).toMatchObject([{ event: 'smtp_test_failed', severity: 'error' }]);
  });

  it('has what people do with their accounts', async () => {
    const { server, written } = await open(engine);
    let token = '';
    expect(
      await written(async () => {
        ({ token } = await newcomer(server));
      }),
    ).toMatchObject([{ event: 'user_created', severity: 'info' }]);
    expect(await written(() => server.request('POST', '/api/v1/auth/confirm', { token }))).toMatchObject([
      { event: 'user_confirmed', severity: 'info' },
    ]);
  });

  it('never has a password, a token, a name, an e-mail or a payload', async () => {
    const { server, admin } = await open(engine);
    const { person, token } = await newcomer(server);
    demand(await server.request('POST', '/api/v1/auth/confirm', { token }), 200);
    const account = await newAccount(server);
    const device = await pairedDevice(server, { account, name: 'a-device-name', vault: 'a-vault-name' });
    const session = await signIn(server, account);
    const operation = newOperation({ payload_json: '{"text":"a-payload"}', entity_id: 'a-path.md' });
    demand(await push(server, device, [operation]), 200);
    for (const login of [person.username, person.email, account.username, 'an-unknown-name']) {
      await server.request('POST', '/api/client/pair', { login, password: 'a-wrong-password', vault_id: 'v' });
    }
    await logInAdmin(server, admin.account.username, 'a-wrong-password');
    const path = `/api/v1/user/devices/${device.deviceId}/revoke`;
    demand(await server.request('POST', path, { password: PASSWORD }, session.headers), 200);
    const id = account.user_id;
    const reset = demand(await admin.change('POST', `/admin/api/users/${id}/reset-password`), 200).json.new_password;
    demand(await admin.change('POST', `/admin/api/users/${id}/edit`, { username: 'another-name' }), 200);
    const smtp = { smtp_host: 'mail.example.org', smtp_pass: 'an-smtp-password', csrf_token: admin.csrf };
    await browse(server, '/admin/api/smtp', { form: smtp, headers: admin.cookies });
    await admin.change('POST', '/admin/api/smtp/test', { smtp_port: -1, smtp_pass: 'an-smtp-password' });
    demand(await admin.change('DELETE', `/admin/api/users/${id}`), 200);

    const entries = await auditLog(server);
    expect(entries.length).toBeGreaterThan(10);
    const log = JSON.stringify(entries);
    for (const secret of [
      ...[PASSWORD, 'a-wrong-password', 'an-smtp-password', reset],
      ...[token, device.token, session.token, session.csrf, admin.token, admin.csrf],
      ...[person.username, person.email, account.username ?? '-', admin.account.username ?? '-', 'another-name'],
      ...['an-unknown-name', 'a-device-name', 'a-vault-name', 'a-payload', 'a-path'],
    ]) {
      expect(log).not.toContain(secret);
    }
  });

  it('has one entry a quarter of an hour for a flood of refused requests from an address to a route', async () => {
    const options = { VERSTAK_LOGIN_ATTEMPTS: '1', VERSTAK_LOGIN_WINDOW: '86400', VERSTAK_PAIR_ATTEMPTS: '1' };
    const { server, written } = await open(engine, options);
    const flood = async () => {
      for (let i = 0; i < 4; i++) {
        await logInAdmin(server, 'nobody', 'wrong');
        await server.request('POST', '/api/client/pair', { login: 'nobody', password: 'wrong' });
      }
    };
    const limited = async () =>
      (await written(flood))
        .filter(({ event }) => event === 'rate_limit_exceeded')
        .map(({ severity, message, address }) => [severity, message, address]);
    const both = [
      ['warning', '/admin/login', '127.0.0.1'],
      ['warning', '/api/client/pair', '127.0.0.1'],
    ];
    expect(await limited()).toHaveLength(2);
    expect(await limited()).toEqual([]);
    server.clock.advance(899_999);
    expect(await limited()).toEqual([]);
    server.clock.advance(1);
    expect((await limited()).sort()).toEqual(both);
  });

  it('has one entry for requests that are refused at once', async () => {
    const options = { VERSTAK_LOGIN_ATTEMPTS: '1', VERSTAK_LOGIN_WINDOW: '86400' };
    const { server } = await open(engine, options);
    await logInAdmin(server, 'nobody', 'wrong');
    await Promise.all(Array.from({ length: 12 }, () => logInAdmin(server, 'nobody', 'wrong')));
    const limited = (await auditLog(server)).filter(({ event }) => event === 'rate_limit_exceeded');
    expect(limited).toHaveLength(1);
  });

  it('that cannot be written stops nobody, and the log of the server tells', async () => {
    const warnings: string[] = [];
    const warn = (_: unknown, message?: string) => void warnings.push(message ?? '');
    const log = { debug() {}, info() {}, warn, error() {} };
    const { server } = await openServer(engine, {
      options: { ...ROOMY, VERSTAK_LOGIN_ATTEMPTS: '1' },
      log: log as never,
    });
    const admin = await signInAdmin(server);
    const entries = collectionNamed(server, 'verstak_audit');
    const broken = [
      vi.spyOn(entries, 'insert').mockRejectedValue(new Error('the disk is full')),
      vi.spyOn(entries, 'put').mockRejectedValue(new Error('the disk is full')),
    ];
    const account = await newAccount(server);
    await pairedDevice(server, { account });
    demand(await admin.change('POST', `/admin/api/users/${account.user_id}/block`), 200);
    expect((await logInAdmin(server, 'nobody', 'wrong')).status).toBe(401);
    expect((await logInAdmin(server, 'nobody', 'wrong')).status).toBe(429);
    await server.tidy();
    for (const write of broken) expect(write).toHaveBeenCalled();
    expect(warnings).toContain('an event is missing in the audit log');
    expect(await auditLog(server)).toEqual([]);
  });
});
