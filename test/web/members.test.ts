import { expect, test } from 'vitest';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import { accountsSpec, auditSpec } from '../../src/core/collections.ts';
import { forEachEngine } from '../support/engines.ts';
import { newName, openServer, sharedServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { newAdminGuest, newGuest, PASSWORD, ROOMY } from './people.ts';
import { newVisitor } from './visitor.ts';

async function auditOf(server: TestServer, accountId: string): Promise<string[]> {
  const log = server.core.storage.collection(auditSpec);
  const { items } = await log.scan({ index: 'user', prefix: [accountId], limit: 50 });
  return items.map(({ event }) => event).sort();
}

const accountOf = (server: TestServer, accountId: string) =>
  server.core.storage.collection(accountsSpec).get([accountId]);

const MARKUP = `<script>alert("x")</script>`;

forEachEngine('the pages of members', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('make a member that the API takes, rename it, set its password, and end its membership', async () => {
    const { server } = served;
    const root = await newAdminGuest(server);
    const username = newName();
    await root.visit('/admin/members/new');
    const made = await root.send('/admin/members/make', { username, uuid: `u/${username}`, password: 'x' });
    expect(made.text).toContain('The account is made, and a member.');
    const id = /members\/([0-9a-f-]{36})\/rename/.exec(made.text)?.[1] ?? '';
    const login = async (name: string, password: string) =>
      (await server.request('POST', '/api/v1/auth/token', { username: name, password })).status;
    expect(await login(username, 'x')).toBe(200);
    const renamed = newName();
    await root.send(`/admin/members/${id}/rename`, { username: renamed });
    expect(root.page().text).toContain('The name is changed.');
    const wrong = await root.send(`/admin/members/${id}/password`, { password: 'y', own: 'wrong' });
    expect([wrong.status, wrong.text.includes('This is not your password.')]).toEqual([403, true]);
    await root.send(`/admin/members/${id}/password`, { password: 'y', own: PASSWORD });
    expect([await login(renamed, 'x'), await login(renamed, 'y')]).toEqual([401, 200]);
    const none = await root.send(`/admin/members/${id}/remove`, { own: '' });
    expect(none.status).toBe(400);
    const removed = await root.send(`/admin/members/${id}/remove`, { own: PASSWORD });
    expect(removed.text).toContain('The account is no member any more.');
    expect(await login(renamed, 'y')).toBe(401);
    expect((await root.visit(`/admin/members/${id}`)).status).toBe(404);
    expect(await auditOf(server, id)).toEqual(['user_created', 'user_password_reset', 'user_updated', 'user_updated']);
    await root.visit('/admin/members/new');
    const back = await root.send('/admin/members/admit', { called: renamed });
    expect([back.text.includes('The account is a member now.'), await login(renamed, 'y')]).toEqual([true, 200]);
  });

  test('bring a form that failed back as it was filled in, the error at its field', async () => {
    const { server } = served;
    const root = await newAdminGuest(server);
    const fill = async (fields: Record<string, string>) => {
      await root.visit('/admin/members/new');
      const page = await root.send('/admin/members/make', { username: 'someone', password: 'x', ...fields });
      const field = /name="(\w+)"[^>]*aria-invalid/.exec(page.text)?.[1];
      return [page.status, field, page.text.includes('value="someone"')];
    };
    expect(await fill({ username: 'a b', uuid: 'someone' })).toEqual([400, 'username', true]);
    expect(await fill({ username: root.account.username ?? '', uuid: 'someone' })).toEqual([409, 'username', true]);
    expect(await fill({ uuid: root.account.user_id })).toEqual([409, 'uuid', true]);
    expect(await fill({ uuid: 'x'.repeat(300) })).toEqual([400, 'uuid', true]);
    expect(await fill({ password: '' })).toEqual([400, 'password', true]);
    expect(await fill({ username: MARKUP, uuid: 'someone' })).toEqual([400, 'username', true]);
    expect(root.page().text).not.toContain(MARKUP);
    await root.visit('/admin/members/new');
    const unknown = await root.send('/admin/members/admit', { called: MARKUP });
    expect([unknown.status, /name="called"[^>]*aria-invalid/.test(unknown.text)]).toEqual([404, true]);
  });

  test('list members and admins in pages, and find them by name and id', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const root = await newAdminGuest(server);
    await createAccount(server.core, { username: 'stranger' });
    for (let i = 0; i < 55; i++) {
      await createAccount(server.core, { username: `m${i}`, uuid: `<b>${i}</b>`, simple_sync: true });
    }
    const names = (page: string) =>
      [...page.matchAll(/members\/[0-9a-f-]{36}">([^<]*)</g)].map(([, name]) => name ?? '');
    const first = await root.visit('/admin/members');
    const second = await root.visit('/admin/members?page=2');
    const all = [...names(first.text), ...names(second.text)];
    expect([all.length, new Set(all).size]).toEqual([56, 56]);
    expect(all).not.toContain('stranger');
    expect(first.text).not.toContain('<b>');
    expect(names((await root.visit('/admin/members?q=%3Cb%3E7%3C')).text)).toEqual(['m7']);
    expect((await root.visit('/admin/members?q=nobody')).text).toContain('Nothing matches.');
    expect((await root.visit('/admin/members?page=x')).status).toBe(200);
  });

  test('leave admins and strangers as they are, and are for admins alone', async () => {
    const { server } = served;
    const root = await newAdminGuest(server);
    const other = await createAccount(server.core, { username: newName(), admin: true });
    const stranger = await createAccount(server.core, { username: newName() });
    const member = await createAccount(server.core, { username: newName(), simple_sync: true });
    const path = (id: string) => `/admin/members/${id}`;
    expect((await root.visit(path(other.user_id))).text).not.toContain('/remove"');
    for (const id of [stranger.user_id, 'x', '%00', '..%2f']) expect((await root.visit(path(id))).status).toBe(404);
    const page = await root.visit(path(member.user_id));
    // The form of a page sent to somebody else's address.
    for (const [id, status] of [
      [other.user_id, 409],
      [stranger.user_id, 404],
    ] as const) {
      const csrf = /name="csrf_token" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
      const cookie = [...root.cookies].map(([name, value]) => `${name.split(' ')[1]}=${value}`).join('; ');
      const answer = await fetch(`${server.url}${path(id)}/remove`, {
        method: 'POST',
        body: new URLSearchParams({ csrf_token: csrf, own: PASSWORD }),
        headers: { Cookie: cookie, Accept: 'text/html', Origin: server.url },
      });
      expect(answer.status).toBe(status);
    }
    expect((await accountOf(server, other.user_id))?.admin).toBe(true);
    const guest = await newGuest(server, { simple_sync: true });
    for (const place of ['/admin/members', '/admin/acl', path(member.user_id)]) {
      expect((await guest.look(place)).location).toBe('/admin/login');
      expect((await newVisitor(server).look(place)).location).toBe('/admin/login');
    }
  });

  test('tell that all accounts are members where they are, and are not there without the API', async () => {
    const all = await openServer(engine, { options: { ...ROOMY, SIMPLE_SYNC_OPEN_TO: 'all' } });
    const root = await newAdminGuest(all.server);
    for (const path of ['/admin/members', '/admin/acl']) {
      expect((await root.visit(path)).text).toContain('[SIMPLE_SYNC] open_to=all');
    }
    const off = await openServer(engine, { options: { ...ROOMY, SIMPLE_SYNC_ENABLED: 'false' } });
    const admin = await newAdminGuest(off.server);
    for (const path of ['/admin/members', '/admin/members/new', '/admin/acl', '/admin/acl/1']) {
      expect((await admin.visit(path)).status).toBe(404);
    }
  });
});
