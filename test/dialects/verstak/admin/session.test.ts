import { describe, expect, it } from 'vitest';
import { createAccount, setBlocked } from '../../../../src/core/accounts/accounts.ts';
import { accountsSpec, sessionsSpec } from '../../../../src/core/collections.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { newName, openServer, sharedServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { browse, signIn } from '../accounts/open-accounts.ts';
import { PASSWORD, pairedDevice, ROOMY } from '../open-verstak.ts';
import { cookieOf, JSON_BODY, logInAdmin, newAdmin, signInAdmin } from './open-admin.ts';

const FORM_CSRF = 'a'.repeat(64);

/** Sends the form of the login page. */
const submit = (
  server: TestServer,
  username = '',
  { password = PASSWORD, csrf = FORM_CSRF, headers = {} as Record<string, string> } = {},
) =>
  browse(server, '/admin/login', {
    form: { username, password, locale_csrf: csrf },
    headers: { Cookie: `verstak_locale_csrf=${FORM_CSRF}`, ...headers },
  });

forEachEngine('the login page of admins', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('has a form with the token of its cookie, and opens no session', async () => {
    const page = await browse(served.server, '/admin/login');
    expect(page.status).toBe(200);
    expect(page.headers.get('Content-Type')).toMatch('text/html');
    expect(page.headers.get('Cache-Control')).toBe('no-store');
    const csrf = cookieOf(page, 'verstak_locale_csrf');
    expect(csrf).toMatch(/^[0-9a-f]{64}$/);
    expect(page.text).toContain(`name="locale_csrf" value="${csrf}"`);
    expect(page.text).toMatch(/name="username"[\s\S]*type="password" name="password"/);
    expect(cookieOf(page, 'admin_session')).toBeUndefined();
  });

  it('speaks the language of the browser', async () => {
    const page = await browse(served.server, '/admin/login', { headers: { 'Accept-Language': 'ru' } });
    expect(page.text).toContain('<html lang="ru">');
    expect(page.text).toContain('Войти');
  });

  it('leads who is signed in to the dashboard', async () => {
    const { cookies } = await signInAdmin(served.server);
    const answer = await browse(served.server, '/admin/login', { headers: cookies });
    expect([answer.status, answer.headers.get('Location')]).toEqual([302, '/admin/dashboard']);
  });

  it('logs an admin in with cookies for /admin alone, and goes on to the dashboard', async () => {
    const { username } = await newAdmin(served.server);
    const answer = await submit(served.server, username);
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/admin/dashboard']);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^admin_session=[0-9a-f]{64}; Path=\/admin; Max-Age=86400; HttpOnly; SameSite=Lax$/),
      expect.stringMatching(/^csrf_token=[0-9a-f]{64}; Path=\/admin; Max-Age=86400; SameSite=Strict$/),
    ]);
  });

  it('opens a new session at every login, and leaves the others open', async () => {
    const admin = await newAdmin(served.server);
    const first = await signInAdmin(served.server, admin);
    const second = await submit(served.server, admin.username, {
      headers: { Cookie: `${first.cookies.Cookie}; verstak_locale_csrf=${FORM_CSRF}` },
    });
    expect(second.status).toBe(303);
    expect(cookieOf(second, 'admin_session')).not.toBe(first.token);
    expect(await first.look('/admin/api/keys')).toBeInstanceOf(Array);
  });

  it('takes the e-mail of an admin for a name', async () => {
    const name = newName();
    await newAdmin(served.server, { email: `${name}@example.org` });
    expect((await submit(served.server, `${name}@EXAMPLE.org`)).status).toBe(303);
  });

  it('tells nothing of why a login fails', async () => {
    const { core } = served.server;
    const admin = await newAdmin(served.server);
    const blocked = await newAdmin(served.server);
    await setBlocked(core, blocked, true);
    const nobody = await createAccount(core, { username: newName(), password: PASSWORD });
    const waiting = await createAccount(core, {
      username: newName(),
      password: PASSWORD,
      admin: true,
      email: `${newName()}@example.org`,
      unconfirmed: true,
    });
    const pages = [
      await submit(served.server, admin.username, { password: 'wrong' }),
      await submit(served.server, 'unknown'),
      await submit(served.server, blocked.username),
      await submit(served.server, nobody.username),
      await submit(served.server, waiting.username),
      await submit(served.server, ''),
      await submit(served.server, admin.username, { password: '' }),
      await submit(served.server, 'x'.repeat(400)),
    ];
    expect(pages.map(({ status }) => status)).toEqual(Array(8).fill(401));
    expect(new Set(pages.map(({ text }) => text)).size).toBe(1);
    expect(pages[0]?.text).toContain('No admin has this name and password.');
    expect(pages.map(page => cookieOf(page, 'admin_session'))).toEqual(Array(8).fill(undefined));
  });

  it('takes no form that none of its pages sent', async () => {
    const { username } = await newAdmin(served.server);
    const refused = [
      await submit(served.server, username, { csrf: 'b'.repeat(64) }),
      await submit(served.server, username, { csrf: '' }),
      await submit(served.server, username, { headers: { Cookie: '' } }),
      await submit(served.server, username, { headers: { Origin: 'https://evil.example' } }),
    ];
    for (const page of refused) {
      expect(page.status).toBe(403);
      expect(page.headers.get('Content-Type')).toMatch('text/html');
      expect(cookieOf(page, 'admin_session')).toBeUndefined();
    }
  });

  it('has cookies that go over HTTPS only, where the server is reached by it', async () => {
    const options = { ...ROOMY, APP_PUBLIC_URL: 'https://keybin.example.org' };
    const { server } = await openServer(engine, { options });
    const answer = await submit(server, (await newAdmin(server)).username);
    expect(answer.status).toBe(303);
    for (const cookie of answer.headers.getSetCookie()) expect(cookie).toContain('; Secure');
  });
});

forEachEngine('an admin', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const statusOf = async (headers: Record<string, string>, path = '/admin/api/stats') =>
    (await served.server.request('GET', path, undefined, headers)).status;

  describe('that is a program', () => {
    it('logs in with JSON and gets the token for changes', async () => {
      const { username } = await newAdmin(served.server);
      const answer = await logInAdmin(served.server, username);
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual({ status: 'ok', csrf_token: cookieOf(answer, 'csrf_token') });
      expect(answer.headers.get('Cache-Control')).toBe('no-store');
      expect(cookieOf(answer, 'admin_session')).toMatch(/^[0-9a-f]{64}$/);
    });

    it('is told of a failure in JSON', async () => {
      const { username } = await newAdmin(served.server);
      const { username: other } = await createAccount(served.server.core, { username: newName(), password: PASSWORD });
      for (const [name, password] of [
        [username, 'wrong'],
        ['unknown', PASSWORD],
        [other, PASSWORD],
        ['', ''],
      ]) {
        const answer = await logInAdmin(served.server, name, password);
        expect([answer.status, answer.json.code]).toEqual([401, 'unauthorized']);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
      const wrongType = await served.server.request('POST', '/admin/login', { username: 1 }, JSON_BODY);
      expect([wrongType.status, wrongType.json.code]).toEqual([400, 'invalid_json']);
    });

    it('is none when a page of another site may have sent it', async () => {
      const { username } = await newAdmin(served.server);
      const foreign = await logInAdmin(served.server, username, PASSWORD, { Origin: 'https://evil.example' });
      expect([foreign.status, foreign.json.code]).toEqual([403, 'csrf_invalid']);
      const body = JSON.stringify({ username, password: PASSWORD });
      const plain = await served.server.request('POST', '/admin/login', body, { 'Content-Type': 'text/plain' });
      expect(plain.status).toBe(403);
      expect(cookieOf(plain, 'admin_session')).toBeUndefined();
    });
  });

  describe('that logs out', () => {
    const logOut = (headers: Record<string, string>) =>
      served.server.request('POST', '/admin/logout', undefined, headers);

    it('ends the session and its cookies', async () => {
      const admin = await signInAdmin(served.server);
      const answer = await logOut(admin.headers);
      expect([answer.status, answer.json]).toEqual([200, { status: 'ok' }]);
      expect(answer.headers.getSetCookie()).toEqual([
        'admin_session=; Path=/admin; Max-Age=0; HttpOnly; SameSite=Lax',
        'csrf_token=; Path=/admin; Max-Age=0; SameSite=Strict',
      ]);
      expect(await statusOf(admin.cookies)).toBe(401);
      expect((await logOut(admin.headers)).status).toBe(401);
    });

    it('ends no other session of the account', async () => {
      const account = await newAdmin(served.server);
      const [one, other] = [await signInAdmin(served.server, account), await signInAdmin(served.server, account)];
      await logOut(one.headers);
      expect(await statusOf(other.cookies)).toBe(200);
    });

    it('with a form goes back to the login page', async () => {
      const { csrf, cookies } = await signInAdmin(served.server);
      const answer = await browse(served.server, '/admin/logout', { form: { csrf_token: csrf }, headers: cookies });
      expect([answer.status, answer.headers.get('Location')]).toEqual([302, '/admin/login']);
      expect(await statusOf(cookies)).toBe(401);
    });

    it('stays signed in when the request comes from elsewhere', async () => {
      const { csrf, cookies, headers } = await signInAdmin(served.server);
      const refused = [
        await logOut(cookies),
        await logOut({ ...cookies, 'X-CSRF-Token': 'c'.repeat(64) }),
        await logOut({ ...headers, Origin: 'https://evil.example' }),
        await browse(served.server, '/admin/logout', { form: {}, headers: cookies }),
        await browse(served.server, '/admin/logout', { form: { csrf_token: `${csrf}0` }, headers: cookies }),
      ];
      expect(refused.map(({ status }) => status)).toEqual(Array(5).fill(403));
      expect(await statusOf(cookies)).toBe(200);
    });
  });

  it('is signed in for 24 hours', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const { cookies } = await signInAdmin(server);
    const status = async () => (await server.request('GET', '/admin/api/stats', undefined, cookies)).status;
    server.clock.advance(86_399_000);
    expect(await status()).toBe(200);
    server.clock.advance(1000);
    expect(await status()).toBe(401);
  });

  it('is nobody at the next request once the account is no admin any more', async () => {
    const { account, cookies } = await signInAdmin(served.server);
    await served.server.core.storage.collection(accountsSpec).update([account.user_id], { unset: ['admin'] });
    expect(await statusOf(cookies)).toBe(401);
  });

  it('is nobody at the next request once the account is blocked, and not in again when it is let in', async () => {
    const { account, cookies } = await signInAdmin(served.server);
    await setBlocked(served.server.core, account, true);
    expect(await statusOf(cookies)).toBe(401);
    await setBlocked(served.server.core, account, false);
    expect(await statusOf(cookies)).toBe(401);
  });

  it('has a session that opens nothing of people, and people have none that opens anything of admins', async () => {
    const account = await newAdmin(served.server);
    const admin = await signInAdmin(served.server, account);
    const person = await signIn(served.server, account);
    const device = await pairedDevice(served.server, { account });
    const own = '/api/v1/user/devices';
    expect(await statusOf({ Cookie: `user_session=${person.token}` }, own)).toBe(200);
    expect(await statusOf({ Cookie: `user_session=${admin.token}` }, own)).toBe(401);
    expect(await statusOf({ Authorization: `Bearer ${admin.token}` }, own)).toBe(401);
    expect(await statusOf(admin.cookies, own)).toBe(401);
    expect(await statusOf(admin.cookies)).toBe(200);
    for (const token of [person.token, device.token]) {
      expect(await statusOf({ Cookie: `admin_session=${token}` })).toBe(401);
      expect(await statusOf({ Authorization: `Bearer ${token}` })).toBe(401);
    }
    expect(await statusOf({ Authorization: `Bearer ${admin.token}` })).toBe(401);
    expect(await statusOf({ Authorization: `Bearer ${admin.token}` }, '/api/client/me')).toBe(401);
  });

  it('may be signed in as a person at the same browser: the CSRF cookie that comes first counts', async () => {
    const admin = await signInAdmin(served.server);
    const person = await signIn(served.server);
    const change = (Cookie: string) =>
      served.server.request('DELETE', '/admin/api/keys/none', undefined, { Cookie, 'X-CSRF-Token': admin.csrf });
    const session = `admin_session=${admin.token}; user_session=${person.token}`;
    expect((await change(`${session}; csrf_token=${admin.csrf}; csrf_token=${person.csrf}`)).status).toBe(200);
    expect((await change(`${session}; csrf_token=${person.csrf}; csrf_token=${admin.csrf}`)).status).toBe(403);
  });

  it('has tokens of which the storage keeps hashes only', async () => {
    const { account, token, csrf } = await signInAdmin(served.server);
    const sessions = served.server.core.storage.collection(sessionsSpec);
    const { items } = await sessions.scan({ prefix: [account.user_id], limit: 10 });
    expect(items).toMatchObject([{ scope: 'admin' }]);
    expect(JSON.stringify(items)).not.toContain(token);
    expect(JSON.stringify(items)).not.toContain(csrf);
  });
});

forEachEngine('an admin who logs in while no password can be hashed', engine => {
  it('is told so on the page, with 503, and when to try again', async () => {
    const { server } = await openServer(engine);
    const { username } = await newAdmin(server);
    await server.core.passwords.close();
    const page = await submit(server, username);
    expect([page.status, page.headers.get('Retry-After')]).toEqual([503, '1']);
    expect(page.text).toContain('The server is busy');
  });
});

forEachEngine('guessing the password of an admin', engine => {
  const open = async () =>
    (await openServer(engine, { options: { ...ROOMY, VERSTAK_LOGIN_ATTEMPTS: '3', VERSTAK_LOGIN_WINDOW: '600' } }))
      .server;

  it('ends with 429, on the page as for programs, until the window is over', async () => {
    const server = await open();
    const { username } = await newAdmin(server);
    for (let i = 0; i < 3; i++) expect((await logInAdmin(server, username, 'wrong')).status).toBe(401);
    const program = await logInAdmin(server, username);
    expect([program.status, program.json.code, program.headers.get('Retry-After')]).toEqual([
      429,
      'rate_limited',
      '600',
    ]);
    const page = await submit(server, username);
    expect([page.status, page.headers.get('Retry-After')]).toEqual([429, '600']);
    expect(page.text).toContain('Too many attempts.');
    server.clock.advance(600_000);
    expect((await logInAdmin(server, username)).status).toBe(200);
  });

  it('counts together with the logins of people', async () => {
    const server = await open();
    const { username } = await newAdmin(server);
    for (let i = 0; i < 3; i++) await server.request('POST', '/api/v1/auth/login', { username, password: 'wrong' });
    expect((await logInAdmin(server, username)).status).toBe(429);
  });
});
