import { expect, it } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../support/served.ts';
import { type Guest, newAdminGuest, PASSWORD, ROOMY } from './people.ts';
import { newVisitor } from './visitor.ts';

async function save(admin: Guest, fields: Record<string, string>, action = 'web-settings') {
  await admin.visit('/admin/settings');
  return admin.submit('/admin/action', { action, password: PASSWORD, ...fields });
}

forEachEngine('the settings of the pages', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('count at once, over the configuration, and at other processes once they look', async () => {
    const opened = await openServer(engine, { options: ROOMY });
    const { server } = opened;
    const other = await anotherServer(opened, { options: ROOMY });
    const admin = await newAdminGuest(server);
    const saved = await save(admin, { server_name: 'Haus <7>', language: 'ru', registration_open: 'false' });
    expect([saved.status, saved.location]).toEqual([303, '/admin/settings?done=web_settings_saved']);
    for (const one of [server, other]) {
      await one.refresh();
      const page = await newVisitor(one).visit('/', { 'Accept-Language': '*' });
      expect(page.text).toContain('<title>Haus &lt;7&gt;</title>');
      expect(page.text).toContain('<h1>Haus &lt;7&gt;</h1>');
      expect(page.text).toContain('<html lang="ru">');
      expect((await newVisitor(one).look('/register')).status).toBe(404);
      expect((await one.request('POST', '/register', { username: 'x', password: 'y' })).status).toBe(403);
    }
    expect((await admin.visit('/admin/audit?event=web_settings_updated')).text).toContain('всего 1');
    await save(admin, { server_name: '', language: '', registration_open: '' });
    expect((await newVisitor(server).visit('/register')).text).toContain('· Keybin</title>');
    const later = await anotherServer(opened, { options: { ...ROOMY, SECURITY_REGISTRATION: 'false' } });
    expect((await newVisitor(later).look('/register')).status).toBe(404);
  });

  it('say where the server is reached, and whom it believes', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const admin = await newAdminGuest(server);
    await save(admin, { public_url: 'https://example.org/', trusted_proxies: '127.0.0.1, ::1' });
    const page = await newVisitor(server).visit('/');
    expect(page.text).toContain('K=https://example.org\n');
    await admin.visit('/admin/settings');
    const wrong = { login: 'nobody', password: 'wrong', vault_id: 'v' };
    await server.request('POST', '/api/client/pair', wrong, { 'X-Forwarded-For': '198.51.100.7' });
    expect((await admin.visit('/admin/audit')).text).toContain('198.51.100.7');
    const again = (await admin.visit('/admin/settings')).text;
    expect(again).toContain('value="https://example.org"');
    expect(again).toContain('value="127.0.0.1, ::1"');
    expect(again).toContain('configuration: nothing');
  });

  it('come back filled in, with what is wrong at its field, and need the own password', async () => {
    const admin = await newAdminGuest(served.server);
    for (const [field, value] of [
      ['public_url', 'ftp://x'],
      ['public_url', 'https://a:b@c'],
      ['trusted_proxies', '10.0.0.0/33'],
      ['server_name', 'x'.repeat(61)],
    ] as const) {
      const back = await save(admin, { [field]: value });
      expect([value, back.status]).toEqual([value, 400]);
      expect(back.text).toContain(`id="${field}-problem"`);
      expect(back.text).toContain(`value="${value}"`);
    }
    for (const value of ['xx', '"><script>']) {
      expect((await save(admin, { language: value })).status).toBe(400);
      expect((await save(admin, { registration_open: value })).status).toBe(400);
    }
    const refused = await save(admin, { server_name: 'Mine', password: 'wrong' });
    expect([refused.status, refused.text.includes('value="Mine"')]).toEqual([403, true]);
    expect(refused.text).toContain('id="web-password-problem"');
    expect((await newVisitor(served.server).visit('/')).text).not.toContain('Mine');
  });

  it('of the mail server are stored without being shown, tried out, and taken away', async () => {
    const admin = await newAdminGuest(served.server);
    const mail = {
      smtp_host: 'mail.example.org',
      smtp_port: '2525',
      smtp_pass: 'hush-hush',
      smtp_from: 'k@example.org',
    };
    const saved = await save(admin, mail, 'smtp');
    expect([saved.status, saved.location]).toEqual([303, '/admin/settings?done=mail_saved']);
    const page = (await admin.visit('/admin/settings')).text;
    expect(page).toContain('value="mail.example.org"');
    expect(page).not.toContain('hush-hush');
    expect(page).toContain('One is stored; it is not shown.');
    const wrong = await save(admin, { smtp_port: '0' }, 'smtp');
    expect([wrong.status, wrong.text.includes('id="smtp_port-problem"')]).toEqual([400, true]);
    const unreachable = { smtp_host: '127.0.0.1', smtp_port: '1', smtp_security: 'none', test_to: 'a@example.org' };
    const failed = await save(admin, unreachable, 'smtp-test');
    expect([failed.status, failed.text.includes('role="alert"')]).toEqual([400, true]);
    expect((await admin.visit('/admin/audit?event=smtp_test_failed')).text).toContain('1 in all');
    expect((await save(admin, { password: 'no' }, 'smtp-forget')).status).toBe(403);
    const gone = await save(admin, {}, 'smtp-forget');
    expect([gone.status, gone.location]).toEqual([303, '/admin/settings?done=mail_forgotten']);
    expect((await admin.visit('/admin/settings')).text).toContain('mails are files in a folder');
    const tried = await save(admin, { test_to: 'a@example.org' }, 'smtp-test');
    expect([tried.status, tried.location]).toEqual([303, '/admin/settings?done=mail_tested']);
  });

  it('show the limits of the configuration', async () => {
    const { text } = await (await newAdminGuest(served.server)).visit('/admin/settings');
    expect(text).toMatch(/<td>A blob<\/td><td class="num">256\u00a0MiB<\/td>/);
    expect(text).not.toMatch(/limits\.\w+/);
  });
});
