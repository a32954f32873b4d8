import { expect, test } from 'vitest';
import { rawRequest } from '../../../http/raw-request.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { demand, ROOMY } from '../open-verstak.ts';
import { BROWSER, browse, lastMail, login, newcomer, resetToken, tokenIn } from './open-accounts.ts';

const CONFIRM = '/api/v1/auth/confirm';
const HOUR = 3_600_000;
const CONFIRMED = { status: 'confirmed' };

forEachEngine('confirming an e-mail', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const get = (token: string, headers?: Record<string, string>, server = served.server) =>
    server.request('GET', `${CONFIRM}?token=${token}`, undefined, headers);
  const post = (body: unknown, server = served.server) => server.request('POST', CONFIRM, body);

  test('is done by whatever is no browser, with a GET', async () => {
    const { server } = served;
    const headers = [{ Accept: '*/*' }, { Accept: 'application/json' }, { Accept: 'application/json, text/html' }];
    for (const accept of [{}, ...headers]) {
      const { person, token } = await newcomer(server);
      const answer = await rawRequest(server.url, { path: `${CONFIRM}?token=${token}`, headers: accept });
      expect([answer.status, answer.json]).toEqual([200, CONFIRMED]);
      demand(await login(server, person.email), 200);
    }
  });

  test('is done by POST, with the token as JSON or in the address', async () => {
    const { server } = served;
    const one = await newcomer(server);
    expect(demand(await post({ token: one.token }), 200).json).toEqual(CONFIRMED);
    demand(await login(server, one.person.email), 200);
    const other = await newcomer(server);
    const answer = await server.request('POST', `${CONFIRM}?token=${other.token}`, undefined, BROWSER);
    expect(demand(answer, 200).json).toEqual(CONFIRMED);
    demand(await login(server, other.person.email), 200);
  });

  test('takes a token once', async () => {
    const { token } = await newcomer(served.server);
    demand(await get(token), 200);
    for (const again of [await get(token), await post({ token })]) {
      expect(demand(again, 400).json).toEqual({ error: 'this link is not valid any more', code: 'invalid_request' });
    }
  });

  test('with one token at two servers at once, happens once', async () => {
    const { server } = served;
    const other = await anotherServer(served, { options: ROOMY });
    for (let round = 0; round < 5; round++) {
      const { person, token } = await newcomer(server);
      const answers = await Promise.all([get(token), get(token, {}, other), post({ token }), post({ token }, other)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
      demand(await login(server, person.email), 200);
    }
  });

  test('is refused without a token, with an unknown one and with one of another kind', async () => {
    const { server } = served;
    const { person, token } = await newcomer(server);
    const reset = await resetToken(server, person.email);
    for (const bad of ['', '0'.repeat(48), token.toUpperCase(), `${token}0`, 'x'.repeat(5000), '%00', reset]) {
      expect(demand(await get(bad), 400).json.code).toBe('invalid_request');
      expect(demand(await post({ token: bad }), 400).json.code).toBe('invalid_request');
    }
    demand(await server.request('GET', CONFIRM), 400);
    demand(await server.request('GET', `${CONFIRM}?token=${token}&token=${token}`), 400);
    expect(demand(await post(''), 400).json.code).toBe('invalid_json');
    demand(await login(server, person.email), 403);
    demand(await get(token), 200);
    // Neither is the other used up by it.
    const body = { token: reset, new_password: 'another one' };
    demand(await server.request('POST', '/api/v1/auth/reset', body), 200);
  });

  test('works for 48 hours, and with a new link after', async () => {
    const { server } = served;
    const inTime = await newcomer(server);
    server.clock.advance(48 * HOUR - 1);
    const { person, token } = await newcomer(server);
    demand(await get(inTime.token), 200);
    server.clock.advance(48 * HOUR);
    demand(await get(token), 400);
    demand(await server.request('POST', '/api/v1/auth/forgot', { email: person.email }), 200);
    const mails = (await server.mails()).filter(({ to }) => to === person.email).slice(-2);
    const again = mails.find(({ subject }) => subject === 'Confirm your e-mail');
    demand(await get(again === undefined ? '' : tokenIn(again)), 200);
    demand(await login(server, person.email), 200);
  });
});

forEachEngine('at a browser, confirming an e-mail', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  /** The page behind the link of a mail, and what its form would send. */
  async function opened(server: TestServer, token: string, headers: Record<string, string> = {}) {
    const page = await browse(server, `${CONFIRM}?token=${token}`, { headers });
    const form = Object.fromEntries(
      [...page.text.matchAll(/<input type="hidden" name="(\w+)" value="(\w+)">/g)].map(([, name, value]) => [
        name,
        value,
      ]),
    ) as Record<string, string>;
    const cookie = page.headers.get('Set-Cookie')?.split(';')[0] ?? '';
    return { page, form, cookie };
  }

  test('takes the press of a button: opening the link changes nothing', async () => {
    const { server } = served;
    const { person, token } = await newcomer(server);
    const { page, form, cookie } = await opened(server, token);
    expect([page.status, page.headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('Content-Security-Policy')).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
    expect(page.headers.get('X-Frame-Options')).toBe('DENY');
    expect(page.headers.get('Referrer-Policy')).toBe('same-origin');
    expect(page.headers.get('Cache-Control')).toBe('no-store');
    expect(page.text).toContain('<form method="post" action="/api/v1/auth/confirm">');
    expect(form).toEqual({ token, locale_csrf: expect.stringMatching(/^[0-9a-f]{64}$/) });
    demand(await login(server, person.email), 403);
    const done = await browse(server, CONFIRM, { form, headers: { Cookie: cookie } });
    expect([done.status, done.headers.get('Location')]).toEqual([303, '/confirm/result']);
    const result = await browse(server, '/confirm/result');
    expect([result.status, result.text.includes('Your e-mail is confirmed')]).toEqual([200, true]);
    demand(await login(server, person.email), 200);
  });

  test('gives the form a cookie for a day that scripts cannot read, and keeps one that is there', async () => {
    const { server } = served;
    const { token } = await newcomer(server);
    const { page, form, cookie } = await opened(server, token);
    expect(page.headers.get('Set-Cookie')).toBe(
      `verstak_locale_csrf=${form.locale_csrf}; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict`,
    );
    expect((await opened(server, token, { Cookie: cookie })).cookie).toBe(cookie);
    expect((await opened(server, token)).cookie).not.toBe(cookie);
    const planted = await opened(server, token, { Cookie: 'verstak_locale_csrf=planted' });
    expect(planted.form.locale_csrf).toMatch(/^[0-9a-f]{64}$/);
    const { server: secure } = await openServer(engine, { options: { ...ROOMY, APP_PUBLIC_URL: 'https://k.example' } });
    const there = await newcomer(secure);
    expect((await opened(secure, there.token)).page.headers.get('Set-Cookie')).toContain('; HttpOnly; Secure; ');
  });

  test('takes the form only with its cookie: 403, on a page', async () => {
    const { server } = served;
    const { person, token } = await newcomer(server);
    const { form, cookie } = await opened(server, token);
    const other = await opened(server, token);
    const attempts: { form: Record<string, string>; headers: Record<string, string> }[] = [
      { form, headers: {} },
      { form: { token }, headers: { Cookie: cookie } },
      { form: { token, locale_csrf: '' }, headers: { Cookie: 'verstak_locale_csrf=' } },
      { form, headers: { Cookie: other.cookie } },
    ];
    for (const attempt of attempts) {
      const answer = await browse(server, CONFIRM, attempt);
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([403, 'text/html; charset=utf-8']);
    }
    demand(await login(server, person.email), 403);
    demand(await browse(server, CONFIRM, { form, headers: { Cookie: cookie } }), 303);
  });

  test('is for forms: JSON that a program types as a form needs no cookie', async () => {
    const { server } = served;
    const typed = { 'Content-Type': 'application/x-www-form-urlencoded' };
    for (const body of [(token: string) => JSON.stringify({ token }), (token: string) => ` \n{"token":"${token}"}`]) {
      const { person, token } = await newcomer(server);
      const answer = await server.request('POST', CONFIRM, body(token), typed);
      expect(demand(answer, 200).json).toEqual({ status: 'confirmed' });
      demand(await login(server, person.email), 200);
    }
    const { token } = await newcomer(server);
    expect(demand(await server.request('POST', `${CONFIRM}?token=${token}`, '', typed), 200).json).toEqual({
      status: 'confirmed',
    });
  });

  test('tells on a page that a token is not valid', async () => {
    const { server } = served;
    const { token } = await newcomer(server);
    const { form, cookie } = await opened(server, token);
    demand(await browse(server, CONFIRM, { form, headers: { Cookie: cookie } }), 303);
    const answers = [
      await browse(server, CONFIRM, { form, headers: { Cookie: cookie } }),
      await browse(server, CONFIRM, { form: { locale_csrf: form.locale_csrf ?? '' }, headers: { Cookie: cookie } }),
      (await opened(server, token)).page,
      (await opened(server, '')).page,
      await browse(server, `${CONFIRM}?token=%3Cscript%3E`),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([400, 'text/html; charset=utf-8']);
      expect(answer.text).toContain('This link is not valid any more');
      expect(answer.text).not.toContain('name="token"');
    }
  });

  test('is in the language of the cookie, else of the browser', async () => {
    const { server } = served;
    const { token } = await newcomer(server);
    const russian = await opened(server, token, { 'Accept-Language': 'ru,en;q=0.5' });
    expect(russian.page.text).toMatch(/<html lang="ru">[\s\S]*<button>Подтвердить<\/button>/);
    const english = await opened(server, token, { 'Accept-Language': 'ru', Cookie: 'verstak_locale=en' });
    expect(english.page.text).toMatch(/<html lang="en">[\s\S]*<button>Confirm<\/button>/);
    const headers = { 'Accept-Language': 'ru' };
    expect((await browse(server, '/confirm/result', { headers })).text).toContain('Адрес почты подтверждён');
    expect((await browse(server, CONFIRM, { headers })).text).toContain('Эта ссылка больше не действует');
    expect((await browse(server, CONFIRM, { form: {}, headers })).text).toContain('Страница устарела');
  });

  test('does not happen on HEAD', async () => {
    const { server } = served;
    const { person, token } = await newcomer(server);
    const answer = await rawRequest(server.url, { method: 'HEAD', path: `${CONFIRM}?token=${token}` });
    expect(answer.status).toBe(200);
    demand(await login(server, person.email), 403);
    demand(await server.request('GET', `${CONFIRM}?token=${tokenIn(await lastMail(server, person.email))}`), 200);
  });
});
