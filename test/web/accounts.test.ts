import { expect, it } from 'vitest';
import { setBlocked } from '../../src/core/accounts/accounts.ts';
import { forEachEngine } from '../support/engines.ts';
import { newName, openServer, sharedServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { newGuest, PASSWORD, ROOMY } from './people.ts';
import { newVisitor } from './visitor.ts';

/** The path of the link in the last mail to an address. */
async function linkTo(server: TestServer, email: string): Promise<string> {
  const mail = (await server.mails()).filter(({ to }) => to === email).at(-1);
  const link = /https?:\/\/\S+/.exec(mail?.text ?? '')?.[0] ?? '';
  return link.slice(new URL(link).origin.length);
}

forEachEngine('somebody at a browser', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('registers, confirms the e-mail by the link in a mail, and signs in with name or e-mail', async () => {
    const { server } = served;
    const visitor = newVisitor(server);
    const username = newName();
    const email = `${username}@example.org`;
    expect((await visitor.visit('/register')).status).toBe(200);
    const sent = await visitor.submit('/register', { username, email, password: PASSWORD });
    expect([sent.status, sent.location]).toEqual([303, '/register/result']);
    expect((await visitor.visit('/register/result')).text).toContain('Check your mailbox');
    await visitor.visit('/login');
    expect((await visitor.submit('/login', { username, password: PASSWORD })).status).toBe(401);
    await visitor.visit(await linkTo(server, email));
    const confirmed = await visitor.submit('/api/v1/auth/confirm');
    expect([confirmed.status, confirmed.location]).toEqual([303, '/confirm/result']);
    for (const name of [username, email.toUpperCase()]) {
      const other = newVisitor(server);
      await other.visit('/login');
      const signedIn = await other.submit('/login', { username: name, password: PASSWORD });
      expect([signedIn.status, signedIn.location]).toEqual([303, '/dashboard']);
      expect(signedIn.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^user_session=[0-9a-f]{64}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/),
        expect.stringMatching(/^csrf_token=[0-9a-f]{64}; Path=\/; Max-Age=86400; SameSite=Strict$/),
      ]);
      const again = await other.look('/login');
      expect([again.status, again.location]).toEqual([302, '/dashboard']);
    }
  });

  it('gets a form back as it was filled in, with what is wrong at its field, and never the password', async () => {
    const visitor = newVisitor(served.server);
    await visitor.visit('/register');
    const name = newName();
    const short = await visitor.submit('/register', {
      username: name,
      email: `${name}@example.org`,
      password: 'short',
    });
    expect(short.status).toBe(400);
    expect(short.text).toContain(`value="${name}"`);
    expect(short.text).toContain(`value="${name}@example.org"`);
    expect(short.text).toMatch(
      /name="password"[^>]* aria-invalid="true"[^>]* aria-describedby="password-hint password-problem"/,
    );
    expect(short.text).not.toContain('"short"');
    const wrongEmail = await visitor.submit('/register', { username: name, email: 'x', password: PASSWORD });
    expect(wrongEmail.text).toMatch(/id="email-problem">This is not one e-mail address/);
    const taken = (await newGuest(served.server)).account.username ?? '';
    const twice = await visitor.submit('/register', {
      username: taken,
      email: `${name}@example.org`,
      password: PASSWORD,
    });
    expect([twice.status, /id="username-problem">([^<]*)/.exec(twice.text)?.[1]]).toEqual([409, 'This name is taken.']);
  });

  it('is told nothing of why a login fails', async () => {
    const { server } = served;
    const visitor = newVisitor(server);
    const { account } = await newGuest(server);
    const blocked = (await newGuest(server)).account;
    await setBlocked(server.core, blocked, true);
    await visitor.visit('/login');
    const pages = [];
    for (const [username = '', password] of [
      [account.username, 'wrong'],
      ['nobody', PASSWORD],
      [blocked.username, PASSWORD],
      ['', ''],
      ['x'.repeat(5000), 'y'],
    ]) {
      pages.push(await visitor.submit('/login', { username, password: password ?? '' }));
    }
    expect(pages.map(({ status }) => status)).toEqual(Array(5).fill(401));
    expect(new Set(pages.map(({ text }) => text)).size).toBe(1);
    expect(pages[0]?.text).toContain('role="alert"');
  });

  it('sets another password by the link of a mail: once, within an hour, and with the same text twice', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const email = `${newName()}@example.org`;
    const guest = await newGuest(server, { email });
    const visitor = newVisitor(server);
    await visitor.visit('/forgot');
    const sent = await visitor.submit('/forgot', { email });
    expect([sent.status, sent.location]).toEqual([303, '/forgot/sent']);
    const unknown = await visitor.visit('/forgot').then(() => visitor.submit('/forgot', { email: 'no@example.org' }));
    expect([unknown.status, unknown.location]).toEqual([303, '/forgot/sent']);
    const path = await linkTo(server, email);
    const page = await visitor.visit(path);
    expect(page.headers.get('Cache-Control')).toBe('no-store');
    const differ = await visitor.submit('/reset', { password: 'another one', confirm: 'another two' });
    expect([differ.status, /id="confirm-problem">([^<]*)/.exec(differ.text)?.[1]]).toEqual([
      400,
      'The two passwords differ.',
    ]);
    const short = await visitor.submit('/reset', { password: 'short', confirm: 'short' });
    expect([short.status, /id="password-problem">/.test(short.text)]).toEqual([400, true]);
    const done = await visitor.submit('/reset', { password: 'another one', confirm: 'another one' });
    expect([done.status, done.location]).toEqual([303, '/reset/done']);
    for (const again of [
      await visitor.look(path),
      await visitor.look('/reset?token=x'),
      await visitor.look('/reset'),
    ]) {
      expect([again.status, again.location]).toEqual([302, '/forgot']);
    }
    expect((await guest.look('/login')).status).toBe(200);
    await visitor.visit('/login');
    expect((await visitor.submit('/login', { username: email, password: 'another one' })).status).toBe(303);
  });

  it('signs out by a form only, and the session is gone', async () => {
    const guest = await newGuest(served.server);
    await guest.visit('/');
    const session = guest.cookies.get('/ user_session');
    const asked = await guest.look('/logout');
    expect([asked.status, asked.location]).toEqual([302, '/dashboard']);
    await guest.visit('/');
    const out = await guest.submit('/logout');
    expect([out.status, out.location]).toEqual([302, '/login']);
    expect(guest.cookies.get('/ user_session')).toBe('');
    guest.cookies.set('/ user_session', session ?? '');
    expect((await guest.look('/login')).status).toBe(200);
  });

  it('finds no form where registration is closed', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, SECURITY_REGISTRATION: 'false' } });
    const visitor = newVisitor(server);
    expect((await visitor.look('/register')).status).toBe(404);
    await visitor.visit('/login');
    expect(visitor.page().text).not.toContain('/register');
    const locale = /name="locale_csrf" value="(\w+)"/.exec(visitor.page().text)?.[1] ?? '';
    const body = new URLSearchParams({
      username: 'a',
      email: 'a@example.org',
      password: PASSWORD,
      locale_csrf: locale,
    });
    const headers = { Cookie: `verstak_locale_csrf=${locale}`, Accept: 'text/html' };
    expect((await fetch(`${server.url}/register`, { method: 'POST', body, headers })).status).toBe(403);
  });

  it('shares /register with programs: JSON is theirs, however it is typed', async () => {
    const { server } = served;
    const post = (body: string, type: string) =>
      fetch(`${server.url}/register`, { method: 'POST', body, headers: { 'Content-Type': type } });
    const form = 'application/x-www-form-urlencoded';
    const json = () => JSON.stringify({ username: newName(), password: PASSWORD });
    for (const answer of [await post(json(), form), await post(` ${json()}`, form), await post(json(), 'text/plain')]) {
      expect([answer.status, await answer.json()]).toEqual([200, { result: 'ok' }]);
    }
    const refused = await post('username=ann&password=correct+horse', form);
    expect([refused.status, await refused.json()]).toEqual([403, { error: expect.any(String), code: 'csrf_invalid' }]);
  });

  it('is not let in by a form that no page of ours sent', async () => {
    const visitor = newVisitor(served.server);
    const { account } = await newGuest(served.server);
    const right = { username: account.username ?? '', password: PASSWORD };
    await visitor.visit('/login');
    for (const [fields, headers] of [
      [{ locale_csrf: 'b'.repeat(64) }, {}],
      [{ locale_csrf: '' }, {}],
      [{}, { Origin: 'https://evil.example' }],
      [{}, { Origin: 'null' }],
    ] as [Record<string, string>, Record<string, string>][]) {
      const answer = await visitor.submit('/login', { ...right, ...fields }, headers);
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([403, 'text/html; charset=utf-8']);
      await visitor.visit('/login');
    }
  });
});
