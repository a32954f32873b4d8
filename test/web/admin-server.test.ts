import { expect, it } from 'vitest';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import { forEachEngine } from '../support/engines.ts';
import { newName, newUser, openServer, sharedServer } from '../support/served.ts';
import { newAdminGuest, newGuest, PASSWORD, ROOMY } from './people.ts';
import { newVisitor } from './visitor.ts';

forEachEngine('an admin and the server', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('lets somebody in again who is refused for guessing, by name or by address', async () => {
    const { server } = await openServer(engine, { options: { APP_TRUSTED_PROXIES: '127.0.0.1' } });
    const admin = await newAdminGuest(server);
    const username = newName();
    await createAccount(server.core, { username, password: PASSWORD });
    const pair = (password: string, address: string) =>
      server.request(
        'POST',
        '/api/client/pair',
        { login: username, password, vault_id: 'v' },
        { 'X-Forwarded-For': address },
      );
    const lockOut = async (address: string) => {
      for (let i = 0; i < 5; i++) await pair('wrong', address);
      expect((await pair(PASSWORD, address)).status).toBe(429);
    };
    const act = async (fields: Record<string, string>) => {
      await admin.visit('/admin/lockouts');
      return admin.submit('/admin/action', { action: 'unlock', password: PASSWORD, ...fields });
    };
    expect((await admin.visit('/admin/lockouts')).text).toContain('Nobody was refused lately.');
    await lockOut('198.51.100.1');
    const page = (await admin.visit('/admin/lockouts')).text;
    expect(page).toContain('>2 counters</span>');
    expect(page).toContain('href="/admin/lockouts?address=198.51.100.1"');
    expect((await admin.visit('/admin/lockouts?address=198.51.100.1')).text).toContain('value="198.51.100.1"');
    expect((await act({ who: username, password: 'wrong' })).status).toBe(403);
    const byName = await act({ who: username });
    expect([byName.status, byName.location]).toEqual([303, '/admin/lockouts?done=unlocked']);
    expect((await pair(PASSWORD, '198.51.100.2')).status).toBe(200);
    expect((await pair(PASSWORD, '198.51.100.1')).status).toBe(429);
    expect((await act({ address: '198.51.100.1' })).location).toBe('/admin/lockouts?done=unlocked');
    expect((await pair(PASSWORD, '198.51.100.1')).status).toBe(200);
    expect((await act({ who: 'nobody' })).location).toBe('/admin/lockouts?done=not_locked');
    for (const address of ['', 'x', '<b>']) expect((await act({ address })).status).toBe(400);
    expect((await act({ who: '\0'.repeat(2000) })).status).toBe(303);
    expect((await admin.visit('/admin/audit?event=lockout_lifted')).text).toContain('4 in all');
  });

  it('lets somebody in at an API that counts by name and address', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const admin = await newAdminGuest(server);
    const username = newName();
    await createAccount(server.core, { username, password: PASSWORD });
    const login = (password: string) => server.request('POST', '/token', { username, password });
    for (let i = 0; i < 5; i++) await login('wrong');
    expect((await login(PASSWORD)).status).toBe(429);
    await admin.visit('/admin/lockouts');
    await admin.submit('/admin/action', { action: 'unlock', password: PASSWORD, who: username, address: '127.0.0.1' });
    expect((await login(PASSWORD)).status).toBe(200);
  });

  it('sees what is stored, by whom, and cleans up', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    const small = await newUser(server);
    const large = await newUser(server);
    await server.request('POST', `/user/${small.token}/store/a`, { value: 'x' });
    await server.request('POST', `/user/${large.token}/store/a`, { value: 'x'.repeat(5000) });
    const { text } = await admin.visit('/admin/storage');
    const at = (username = '') => text.indexOf(`>${username}</a>`);
    expect(at(large.account.username)).toBeGreaterThan(0);
    expect(at(large.account.username)).toBeLessThan(at(small.account.username));
    const found = await admin.visit(`/admin/storage?q=${large.account.username}&sort=username&page=9`);
    expect(found.text).toContain('Page 1 of 1, 1 in all');
    expect((await admin.submit('/admin/action', { action: 'cleanup', password: 'wrong' })).status).toBe(403);
    const done = await admin.submit('/admin/action', { action: 'cleanup', password: PASSWORD });
    expect([done.status, done.location]).toEqual([303, '/admin/storage?done=cleaned_up']);
    expect((await admin.visit('/admin/audit?event=retention_cleanup')).text).toContain('retention_cleanup');
    for (const query of ['sort=x&page=x', 'q=%3Cb%3E']) {
      expect((await admin.visit(`/admin/storage?${query}`)).status).toBe(200);
    }
  });

  it('gets a report without secrets and paths, and sees the configuration with secrets masked', async () => {
    const secrets = {
      ADMIN_USERNAME: 'root',
      ADMIN_PASSWORD: 'hush-hush-hush',
      MAIL_URL: 'smtp://u:hush-hush@127.0.0.1:1',
    };
    const { server } = await openServer(engine, { options: { ...ROOMY, ...secrets } });
    const admin = await newAdminGuest(server);
    const page = await admin.visit('/admin/diagnostics');
    expect(page.text).toContain('Healthy');
    expect(page.text).toContain('username=root');
    expect(page.text).not.toContain('hush');
    const answer = await admin.look('/admin/diagnostics.json');
    expect(answer.headers.get('Content-Type')).toContain('application/json');
    expect(answer.headers.get('Content-Disposition')).toBe('attachment; filename="diagnostics.json"');
    const report = JSON.parse(answer.text);
    expect(Object.keys(report)).toEqual(['health', 'stats', 'limits', 'web']);
    expect(report.health).toMatchObject({ status: 'ok', database_reachable: true, schema_version: expect.any(Number) });
    expect(report.stats).toMatchObject({ users: 2, database_bytes: expect.any(Number), last_cleanup_at: '' });
    expect(answer.text).not.toMatch(/hush|file:|mongodb:|\/dev|\/tmp/);
  });

  it('alone sees any of it', async () => {
    const { server } = served;
    const person = await newGuest(server);
    for (const path of [
      'lockouts',
      'storage',
      'diagnostics',
      'diagnostics.json',
      'settings',
      'audit',
      'devices',
      'vaults',
    ]) {
      for (const visitor of [person, newVisitor(server)]) {
        const seen = await visitor.look(`/admin/${path}`);
        expect([path, seen.status, seen.location]).toEqual([path, 302, '/admin/login']);
      }
    }
  });
});
