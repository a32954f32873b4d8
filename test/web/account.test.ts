import { expect, it } from 'vitest';
import { issueToken } from '../../src/core/access/tokens.ts';
import { accountsSpec } from '../../src/core/collections.ts';
import { writeEntry } from '../../src/core/entries/write.ts';
import { addPunch } from '../../src/core/punches/edit.ts';
import { forEachEngine } from '../support/engines.ts';
import { newName, openServer, sharedServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { newGuest, PASSWORD, ROOMY } from './people.ts';
import { newVisitor } from './visitor.ts';

async function linkTo(server: TestServer, email: string): Promise<string> {
  const mail = (await server.mails()).filter(({ to }) => to === email).at(-1);
  const link = /https?:\/\/\S+/.exec(mail?.text ?? '')?.[0];
  return link === undefined ? 'none' : link.slice(new URL(link).origin.length);
}

async function signsIn(server: TestServer, username: string, password: string): Promise<boolean> {
  const visitor = newVisitor(server);
  await visitor.visit('/login');
  return (await visitor.submit('/login', { username, password })).status === 303;
}

forEachEngine('the own account', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('gets another e-mail once its link was opened, and keeps the old one until then', async () => {
    const { server } = served;
    const [old, next] = [`${newName()}@example.org`, `${newName()}@example.org`];
    const guest = await newGuest(server, { email: old });
    await guest.visit('/account');
    const asked = await guest.submit('/account/email', { email: next.toUpperCase(), password: PASSWORD });
    expect([asked.status, asked.location]).toEqual([303, '/account?done=email_asked']);
    const waiting = (await guest.visit('/account')).text;
    expect(waiting).toContain(`${next} waits for its confirmation`);
    expect([await signsIn(server, old, PASSWORD), await signsIn(server, next, PASSWORD)]).toEqual([true, false]);
    const visitor = newVisitor(server);
    await visitor.visit(await linkTo(server, next));
    expect([await signsIn(server, old, PASSWORD), await signsIn(server, next, PASSWORD)]).toEqual([true, false]);
    expect((await visitor.submit('/api/v1/auth/confirm')).location).toBe('/confirm/result');
    expect([await signsIn(server, old, PASSWORD), await signsIn(server, next, PASSWORD)]).toEqual([false, true]);
    const after = (await guest.visit('/account')).text;
    expect([after.includes(next), after.includes(old), after.includes('waits for')]).toEqual([true, false, false]);
  });

  it.each([
    ['en', 'Your e-mail was changed', 'put your e-mail back'],
    ['ru', 'Адрес почты изменён', 'верните свой адрес'],
  ])('has its former e-mail told that it has another one, in the language %s', async (language, subject, advice) => {
    const { server } = served;
    const [old, next] = [`${newName()}@example.org`, `${newName()}@example.org`];
    const guest = await newGuest(server, { email: old });
    await guest.visit('/account');
    await guest.submit('/account/email', { email: next, password: PASSWORD });
    const told = async () => (await server.mails()).filter(({ to }) => to === old);
    const link = await linkTo(server, next);
    expect(await told()).toEqual([]);
    const visitor = newVisitor(server);
    await visitor.visit(link, { 'Accept-Language': language });
    await visitor.submit('/api/v1/auth/confirm', {}, { 'Accept-Language': language });
    const [mail, ...more] = await told();
    expect([mail?.subject, mail?.text.includes(advice), more]).toEqual([subject, true, []]);
    for (const secret of [next, guest.account.username ?? '', 'http']) expect(mail?.text).not.toContain(secret);
  });

  it('has nobody told where it had no e-mail before', async () => {
    const { server } = served;
    const next = `${newName()}@example.org`;
    const guest = await newGuest(server);
    await guest.visit('/account');
    await guest.submit('/account/email', { email: next, password: PASSWORD });
    const visitor = newVisitor(server);
    await visitor.visit(await linkTo(server, next));
    const before = (await server.mails()).length;
    expect((await visitor.submit('/api/v1/auth/confirm')).location).toBe('/confirm/result');
    expect((await server.mails()).length).toBe(before);
  });

  it('gets no e-mail by a link that another one, or nothing, was asked for after', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const [first, second] = [`${newName()}@example.org`, `${newName()}@example.org`];
    const links = [];
    for (const email of [first, second]) {
      await guest.visit('/account');
      await guest.submit('/account/email', { email, password: PASSWORD });
      links.push(await linkTo(server, email));
    }
    const confirm = async (link: string) => {
      const visitor = newVisitor(server);
      await visitor.visit(link);
      return (await visitor.submit('/api/v1/auth/confirm')).status;
    };
    expect(await confirm(links[0] ?? '')).toBe(400);
    await guest.visit('/account');
    expect((await guest.submit('/account/email/forget')).location).toBe('/account?done=email_kept');
    expect(await confirm(links[1] ?? '')).toBe(400);
    expect((await guest.visit('/account')).text).not.toContain('waits for');
    const stored = await server.core.storage.collection(accountsSpec).get([guest.account.user_id]);
    expect([stored?.email, stored?.new_email]).toEqual([undefined, undefined]);
  });

  it('gets no e-mail that somebody else has, neither when it is asked for nor later', async () => {
    const { server } = served;
    const [taken, wanted] = [`${newName()}@example.org`, `${newName()}@example.org`];
    await newGuest(server, { email: taken });
    const guest = await newGuest(server);
    await guest.visit('/account');
    const refused = await guest.submit('/account/email', { email: taken, password: PASSWORD });
    expect([refused.status, refused.text.includes('id="email-problem">This e-mail has an account')]).toEqual([
      409,
      true,
    ]);
    await guest.submit('/account/email', { email: wanted, password: PASSWORD });
    const link = await linkTo(server, wanted);
    const faster = await newGuest(server, { email: wanted });
    const visitor = newVisitor(server);
    await visitor.visit(link);
    expect((await visitor.submit('/api/v1/auth/confirm')).status).toBe(400);
    expect((await faster.visit('/account')).text).toContain(wanted);
  });

  it('changes nothing without the password, and says so at its field', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    for (const [action, fields, at, status] of [
      ['/account/email', { email: 'new@example.org', password: 'not mine' }, 'email-password', 403],
      ['/account/email', { email: 'new@example.org', password: '' }, 'email-password', 400],
      ['/account/email', { email: 'nothing', password: PASSWORD }, 'email', 400],
      [
        '/account/password',
        { password: 'not mine', new_password: 'another one', confirm: 'another one' },
        'password',
        403,
      ],
      ['/account/password', { password: PASSWORD, new_password: 'short', confirm: 'short' }, 'new_password', 400],
      ['/account/password', { password: PASSWORD, new_password: 'another one', confirm: 'other' }, 'confirm', 400],
    ] as [string, Record<string, string>, string, number][]) {
      await guest.visit('/account');
      const { text, ...page } = await guest.submit(action, fields);
      expect([action, fields, page.status]).toEqual([action, fields, status]);
      expect([fields, [...text.matchAll(/id="([\w-]+)-problem"/g)].map(([, id]) => id)]).toEqual([fields, [at]]);
      expect(text).not.toContain('another one');
    }
    expect(await signsIn(server, guest.account.username ?? '', PASSWORD)).toBe(true);
    expect((await server.mails()).filter(({ to }) => to === 'new@example.org')).toEqual([]);
  });

  it('gets another password, which ends tokens and other browsers; this one stays, with a new session', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const { token } = await issueToken(server.core, guest.account);
    const other = newVisitor(server);
    await other.visit('/login');
    await other.submit('/login', { username: guest.account.username ?? '', password: PASSWORD });
    await guest.visit('/account');
    const before = guest.cookies.get('/ user_session');
    const given = { password: PASSWORD, new_password: 'another one', confirm: 'another one' };
    const changed = await guest.submit('/account/password', given);
    expect([changed.status, changed.location]).toEqual([303, '/account?done=password_changed']);
    expect((await guest.visit('/account?done=password_changed')).text).toContain('The password is changed.');
    expect(guest.cookies.get('/ user_session')).not.toBe(before);
    expect((await other.look('/account')).location).toBe('/login');
    const answer = await server.request('GET', '/user/me/keys', undefined, { Authorization: `Bearer ${token}` });
    expect(answer.status).toBe(403);
    expect([
      await signsIn(server, guest.account.username ?? '', PASSWORD),
      await signsIn(server, guest.account.username ?? '', 'another one'),
    ]).toEqual([false, true]);
    // The forms of the new session work.
    await guest.visit('/account');
    expect((await guest.submit('/logout')).status).toBe(302);
  });

  it('is exported as one JSON file with everything, and no secret', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const { core } = server;
    const id = guest.account.user_id;
    const stranger = await newGuest(server);
    await writeEntry(core, stranger.account.user_id, 'theirs', { value: 'x' }, 'absent');
    await writeEntry(core, id, 'text', { value: 'a"b\n<', contentType: 'text/plain' }, 'absent');
    await writeEntry(core, id, 'json', { value: { a: [1, null] } }, 'absent');
    await writeEntry(core, id, 'bytes', { value: Buffer.from([0, 255]) }, 'absent');
    await addPunch(core, id, { project: 'tea', in: 1000, out: 2000 });
    const { token } = await issueToken(core, guest.account, 'laptop');
    const headers = { Authorization: `Bearer ${token}` };
    const set = await server.request('POST', '/v1/config', { files: ['~/.vimrc', '~/.none'] }, headers);
    const files = [{ path: '~/.vimrc', content: Buffer.from('set nu').toString('base64') }];
    await server.request('POST', `/v1/sync/${set.json.id}`, { files }, headers);
    const pairing = { login: guest.account.username, password: PASSWORD, vault_id: 'notes', device_name: 'desk' };
    const device = await server.request('POST', '/api/client/pair', pairing);
    const { text, headers: sent } = await guest.look('/account/export');
    expect([sent.get('Content-Disposition'), sent.get('Content-Type'), sent.get('Cache-Control')]).toEqual([
      'attachment; filename="keybin-export.json"',
      'application/json; charset=utf-8',
      'no-store',
    ]);
    const data = JSON.parse(text);
    expect(data.account.username).toBe(guest.account.username);
    expect(data.entries.map(({ key, value, base64 }: Record<string, unknown>) => [key, value ?? base64])).toEqual([
      ['bytes', 'AP8='],
      ['json', { a: [1, null] }],
      ['text', 'a"b\n<'],
    ]);
    expect(data.punches).toMatchObject([{ project: 'tea', in: 1000, out: 2000 }]);
    expect(data.access.map(({ kind, name }: Record<string, string>) => [kind, name])).toEqual([
      ['token', 'laptop'],
      ['session', 'user'],
    ]);
    expect(data.devices).toMatchObject([{ name: 'desk', vault: 'notes' }]);
    expect(data.dotfile_sets).toMatchObject([{ id: set.json.id, files: ['~/.vimrc', '~/.none'] }]);
    expect(data.dotfiles).toMatchObject([{ path: '~/.vimrc', base64: files[0]?.content }]);
    expect(data.vaults).toMatchObject([{ vault: 'notes', operations: 0 }]);
    expect(data.events).toEqual([]);
    for (const secret of [
      token,
      device.json.device_token,
      guest.cookies.get('/ user_session'),
      'theirs',
      'hash',
      '$2',
    ]) {
      expect(text).not.toContain(secret);
    }
    expect((await newVisitor(server).look('/account/export')).location).toBe('/login');
  });

  it('is deleted with all it has by who types its name and gives the password, and then it is gone', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const guest = await newGuest(server);
    const username = guest.account.username ?? '';
    const { token } = await issueToken(server.core, guest.account);
    await guest.visit('/account/delete');
    for (const [fields, at, status] of [
      [{ name: 'somebody', password: PASSWORD }, 'name', 400],
      [{ name: username, password: 'not mine' }, 'password', 403],
      [{ name: username, password: '' }, 'password', 400],
    ] as const) {
      const page = await guest.submit('/account/delete', fields);
      expect([fields, page.status, page.text.includes(`id="${at}-problem"`)]).toEqual([fields, status, true]);
    }
    expect(await signsIn(server, username, PASSWORD)).toBe(true);
    const gone = await guest.submit('/account/delete', { name: username, password: PASSWORD });
    expect([gone.status, gone.location, guest.cookies.get('/ user_session')]).toEqual([303, '/account/gone', '']);
    expect((await guest.visit('/account/gone')).text).toContain('The account is gone');
    expect((await guest.look('/account')).location).toBe('/login');
    expect(await signsIn(server, username, PASSWORD)).toBe(false);
    const answer = await server.request('GET', '/user/me/keys', undefined, { Authorization: `Bearer ${token}` });
    expect(answer.status).toBe(403);
    // The name is free again.
    expect((await server.request('POST', '/register', { username, password: PASSWORD })).status).toBe(200);
  });

  it('of an admin keeps its password, which stands in the configuration', async () => {
    const guest = await newGuest(served.server, { admin: true });
    expect((await guest.visit('/account')).text).not.toContain('action="/account/password"');
    const csrf_token = guest.cookies.get('/ csrf_token') ?? '';
    const Cookie = `user_session=${guest.cookies.get('/ user_session')}; csrf_token=${csrf_token}`;
    const body = new URLSearchParams({
      password: PASSWORD,
      new_password: 'another one',
      confirm: 'another one',
      csrf_token,
    });
    const answer = await fetch(`${served.server.url}/account/password`, {
      method: 'POST',
      body,
      headers: { Cookie, Accept: 'text/html' },
    });
    expect(answer.status).toBe(403);
  });
});
