import { expect, it } from 'vitest';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import { forEachEngine } from '../support/engines.ts';
import { newName, openServer, sharedServer } from '../support/served.ts';
import { type Guest, newAdminGuest, newGuest, PASSWORD, ROOMY } from './people.ts';
import { newVisitor, unescaped } from './visitor.ts';

/** What an admin does with an account, at its page. */
async function act(admin: Guest, action: string, id: string, fields: Record<string, string> = {}) {
  await admin.visit(`/admin/user/?id=${id}`);
  return admin.submit('/admin/action', { action, id, password: PASSWORD, ...fields });
}

forEachEngine('an admin and the accounts', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('is led on from addresses of one thing that lack the thing, or the slash at their end', async () => {
    const admin = await newAdminGuest(served.server);
    for (const one of ['user', 'device', 'vault']) {
      for (const [path, to] of [
        [`/admin/${one}`, `/admin/${one}s`],
        [`/admin/${one}/`, `/admin/${one}s`],
        [`/admin/${one}?id=a%20b&user=c`, `/admin/${one}/?id=a%20b&user=c`],
      ] as const) {
        const seen = await admin.look(path);
        expect([path, seen.status, seen.location]).toEqual([path, 302, to]);
      }
    }
  });

  it('is led to the overview, and who is not signed in as an admin to the login', async () => {
    const { server } = served;
    for (const path of ['/admin', '/admin/']) {
      const index = await newVisitor(server).look(path);
      expect([path, index.status, index.location]).toEqual([path, 302, '/admin/dashboard']);
    }
    const person = await newGuest(server);
    for (const path of ['dashboard', 'users', 'create-user', 'user/?id=x', 'password-result']) {
      for (const Accept of ['text/html', '*/*']) {
        const seen = await person.look(`/admin/${path}`, { Accept });
        expect([path, seen.status, seen.location]).toEqual([path, 302, '/admin/login']);
      }
    }
    const body = new URLSearchParams({ action: 'cleanup' });
    const sent = await fetch(`${server.url}/admin/action`, { method: 'POST', redirect: 'manual', body });
    expect([sent.status, sent.headers.get('Location')]).toEqual([302, '/admin/login']);
  });

  it('sees the counts, the newest events and what needs care', async () => {
    const admin = await newAdminGuest(served.server);
    const { text, headers } = await admin.visit('/admin/dashboard');
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(text).toContain('Healthy');
    expect(text).toContain('No mail server is set');
    expect(text).toMatch(/\d+ active, 0 blocked, 0 unconfirmed/);
  });

  it('makes an account that can sign in at once, and gets the form back where something is wrong', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    const username = newName();
    await admin.visit('/admin/create-user');
    const wrong = await admin.submit('/admin/create-user', { username, email: 'x', password: PASSWORD });
    expect([wrong.status, wrong.text.includes(`value="${username}"`)]).toEqual([400, true]);
    expect(wrong.text).toContain('id="email-problem"');
    expect(wrong.text).not.toContain(PASSWORD);
    const fields = { username, email: `${username}@example.org`, password: PASSWORD };
    const made = await admin.submit('/admin/create-user', fields);
    expect([made.status, made.location]).toEqual([303, '/admin/users?done=user_created']);
    expect((await admin.visit(made.location ?? '')).text).toContain('role="status">The account is made.');
    const visitor = newVisitor(server);
    await visitor.visit('/login');
    expect((await visitor.submit('/login', { username, password: PASSWORD })).status).toBe(303);
    await admin.visit('/admin/create-user');
    expect((await admin.submit('/admin/create-user', fields)).status).toBe(409);
  });

  it('changes, confirms, blocks and deletes an account, with the own password but for a change', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    const username = newName();
    const email = `${username}@example.org`;
    const { user_id: id } = await createAccount(server.core, {
      username,
      password: PASSWORD,
      email,
      unconfirmed: true,
    });
    const renamed = await act(admin, 'edit-user', id, { username: `${username}x`, email: '', password: '' });
    expect([renamed.status, renamed.location]).toEqual([303, '/admin/users?done=user_changed']);
    for (const action of ['confirm-user', 'toggle-user', 'reset-user-password', 'delete-user']) {
      for (const password of ['wrong', '']) {
        const refused = await act(admin, action, id, { password });
        expect([action, refused.status]).toEqual([action, 403]);
        expect(refused.text).toContain('This is not your password.');
      }
    }
    expect((await admin.visit(`/admin/user/?id=${id}`)).text).toContain('>unconfirmed</span>');
    const done = async (action: string) => (await act(admin, action, id)).location?.split('done=')[1];
    expect(await done('confirm-user')).toBe('user_confirmed');
    expect(await done('toggle-user')).toBe('user_blocked');
    expect((await admin.visit('/admin/users?status=blocked')).text).toContain(`>${username}x</a>`);
    expect(await done('toggle-user')).toBe('user_unblocked');
    expect(await done('delete-user')).toBe('user_deleted');
    expect((await admin.look(`/admin/user/?id=${id}`)).status).toBe(404);
    const gone = await admin.visit('/admin/users').then(() => admin.visit('/admin/create-user'));
    expect(gone.status).toBe(200);
  });

  it('changes an e-mail, and the former one is told, unless nobody ever confirmed it', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    for (const unconfirmed of [false, true]) {
      const [username, old] = [newName(), `${newName()}@example.org`];
      const given = { username, password: PASSWORD, email: old, ...(unconfirmed && ({ unconfirmed } as const)) };
      const { user_id: id } = await createAccount(server.core, given);
      const told = async () => (await server.mails()).filter(({ to }) => to === old).map(({ subject }) => subject);
      await act(admin, 'edit-user', id, { username: `${username}x`, email: old });
      expect(await told()).toEqual([]);
      await act(admin, 'edit-user', id, { username, email: `${newName()}@example.org` });
      expect([unconfirmed, await told()]).toEqual([unconfirmed, unconfirmed ? [] : ['Your e-mail was changed']]);
    }
  });

  it('cannot be talked into an act by a stale form, an unknown act, or a page without its token', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    const { account } = await newGuest(server);
    await admin.visit(`/admin/user/?id=${account.user_id}`);
    const send = (fields: Record<string, string>) => admin.submit('/admin/action', { password: PASSWORD, ...fields });
    expect((await send({ action: 'toggle-user', csrf_token: 'x' })).status).toBe(403);
    await admin.visit(`/admin/user/?id=${account.user_id}`);
    for (const action of ['', 'constructor', '__proto__', 'drop']) {
      expect((await send({ action })).status).toBe(400);
      await admin.visit(`/admin/user/?id=${account.user_id}`);
    }
    expect((await send({ action: 'toggle-user', id: 'nobody' })).status).toBe(404);
    const own = await act(admin, 'toggle-user', admin.account.user_id).catch(error => error);
    expect(own.status).toBe(409);
    expect(own.text).toContain('This is your own account');
    expect((await admin.visit('/admin/users?status=blocked')).text).toContain('Nothing matches.');
  });

  it('sees a generated password once: by a button, or by a script', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    const { account } = await newGuest(server);
    const sent = await act(admin, 'reset-user-password', account.user_id);
    expect([sent.status, sent.location]).toEqual([303, '/admin/password-result']);
    await admin.visit('/admin/password-result');
    const shown = await admin.submit('/admin/password-result/secret');
    expect(shown.status).toBe(200);
    const password = unescaped(/<pre id="secret"[^>]*><code>([^<]+)/.exec(shown.text)?.[1] ?? '');
    const visitor = newVisitor(server);
    await visitor.visit('/login');
    expect((await visitor.submit('/login', { username: account.username ?? '', password })).status).toBe(303);
    await admin.visit('/admin/password-result');
    const again = await admin.submit('/admin/password-result/secret');
    expect([again.status, again.text.includes('one_time_secret_expired')]).toEqual([410, true]);

    await act(admin, 'reset-user-password', account.user_id);
    const csrf = admin.cookies.get('/admin csrf_token') ?? '';
    const headers = {
      Cookie: `admin_session=${admin.cookies.get('/admin admin_session')}; csrf_token=${csrf}`,
      'X-CSRF-Token': csrf,
    };
    const script = () => server.request('POST', '/admin/password-result/secret', undefined, headers);
    const first = await script();
    expect([first.status, first.json]).toEqual([200, { password: expect.stringMatching(/^\S{12,}$/) }]);
    const second = await script();
    expect([second.status, second.json.code]).toEqual([410, 'one_time_secret_expired']);
    const other = await server.request('POST', '/admin/password-result/secret', undefined, {
      ...headers,
      'X-CSRF-Token': 'x',
    });
    expect([other.status, other.json.code]).toEqual([403, 'csrf_invalid']);
  });

  it('looks through accounts in pages that neither skip nor repeat, whatever the address asks for', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const admin = await newAdminGuest(server);
    const names = Array.from({ length: 60 }, (_, i) => `person-${String(i).padStart(2, '0')}`);
    for (const username of names) await createAccount(server.core, { username });
    const found: string[] = [];
    for (const page of [1, 2, 3]) {
      const { text } = await admin.visit(`/admin/users?q=PERSON&sort=username&page=${page}`);
      expect(text).toContain(`Page ${page} of 3, 60 in all`);
      found.push(...[...text.matchAll(/>(person-\d\d)<\/a>/g)].map(([, name = '']) => name));
    }
    expect(found).toEqual(names);
    const past = await admin.visit('/admin/users?q=person&page=99&per_page=1000');
    expect(past.text).toContain('Page 1 of 1, 60 in all');
    const last = await admin.visit('/admin/users?q=person&page=99&per_page=7');
    expect(last.text).toContain('Page 9 of 9');
    expect(last.text).toContain('href="/admin/users?q=person&amp;sort=created&amp;per_page=7&amp;page=8"');
    for (const query of ['page=-1&per_page=x&sort=drop&status=all', `q=${'p'.repeat(5000)}`, 'q=a&q=b', 'page=0']) {
      expect([query, (await admin.visit(`/admin/users?${query}`)).status]).toEqual([query, 200]);
    }
  });

  it('sees markup in names as text', async () => {
    const { server } = served;
    const admin = await newAdminGuest(server);
    const username = `"><script>alert(1)</script>${newName()}`;
    const { user_id } = await createAccount(server.core, { username });
    for (const path of [
      '/admin/users',
      `/admin/user/?id=${user_id}`,
      `/admin/users?q=${encodeURIComponent(username)}`,
    ]) {
      const { text } = await admin.visit(path);
      expect(text).not.toContain('<script>alert');
      expect(text).toContain('&lt;script&gt;alert');
    }
  });
});
