import { expect, test } from 'vitest';
import { accountsSpec } from '../../../../src/core/collections.ts';
import { saveMailSettings } from '../../../../src/core/mail/settings.ts';
import { rawRequest } from '../../../http/raw-request.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../../../support/served.ts';
import { demand, newAccount, ROOMY } from '../open-verstak.ts';
import { lastMail, linkIn, login, mailsTo, newcomer, newPerson, register, tokenIn } from './open-accounts.ts';

forEachEngine('POST /api/v1/auth/register', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('trap 13: makes an account that waits for its confirmation, and sends the link', async () => {
    const { server } = served;
    const person = newPerson();
    expect(demand(await register(server, person), 200).json).toEqual({ status: 'confirmation_sent' });
    demand(await login(server, person.username), 403);
    const mails = await mailsTo(server, person.email);
    expect(mails.map(({ subject }) => subject)).toEqual(['Confirm your e-mail']);
    const link = linkIn(await lastMail(server, person.email));
    expect(link.origin + link.pathname).toBe(`${server.url}/api/v1/auth/confirm`);
    expect(link.search).toMatch(/^\?token=[0-9a-f]{48}$/);
    demand(await server.request('GET', link.pathname + link.search), 200);
    demand(await login(server, person.username), 200);
  });

  test('keeps the e-mail trimmed and in lower case', async () => {
    const { server } = served;
    const { username } = newPerson();
    const { person } = await newcomer(server, { username, email: `${username}@EXAMPLE.org` });
    const stored = await server.core.storage.collection(accountsSpec).find('username', [username]);
    expect(stored?.email).toBe(person.email.toLowerCase());
    demand(await register(server, newPerson({ email: `  ${newPerson().email} ` })), 200);
  });

  test('takes one account for a mailbox, however its domain is written, and knows it by each', async () => {
    const { server } = served;
    const local = newPerson().username;
    const spellings = ['bücher', 'xn--bcher-kva', 'BU\u0308CHER', 'bü\u00adcher', '\uff42ücher'].map(
      label => `${local}@${label}.example`,
    );
    const email = `${local}@xn--bcher-kva.example`;
    const [first = '', ...others] = spellings;
    const person = newPerson({ email: first });
    demand(await register(server, person), 200);
    for (const other of others) {
      const { status, json } = await register(server, newPerson({ email: other }));
      expect([other, status, json.code]).toEqual([other, 409, 'conflict']);
    }
    demand(
      await server.request('POST', '/api/v1/auth/confirm', { token: tokenIn(await lastMail(server, email)) }),
      200,
    );
    for (const spelling of spellings) {
      demand(await login(server, spelling), 200);
      demand(await server.request('POST', '/api/v1/auth/forgot', { email: spelling }), 200);
    }
    expect(await mailsTo(server, email)).toHaveLength(1 + spellings.length);
    expect(demand(await register(server, newPerson({ username: first })), 400).json.code).toBe('invalid_request');
  });

  test('demands all three fields', async () => {
    const person = newPerson();
    for (const field of ['username', 'email', 'password'] as const) {
      for (const value of [undefined, null, '']) {
        const { json } = demand(await register(served.server, { ...person, [field]: value }), 400);
        expect(json.code).toBe('invalid_request');
      }
    }
    demand(await register(served.server, person), 200);
  });

  test('takes passwords of 8 to 256 bytes, every one of which counts', async () => {
    const { server } = served;
    const lengths = [
      ['1234567', 'PASSWORD_TOO_SHORT'],
      ['x'.repeat(257), 'PASSWORD_TOO_LONG'],
      [`${'ä'.repeat(128)}x`, 'PASSWORD_TOO_LONG'],
    ] as const;
    for (const [password, error] of lengths) {
      const answer = demand(await register(server, newPerson({ password })), 400);
      expect(answer.json).toEqual({ error, code: 'invalid_request' });
    }
    for (const password of ['12345678', 'ääää', 'x'.repeat(256), 'ä'.repeat(128)]) {
      const { person, token } = await newcomer(server, { password });
      demand(await server.request('POST', '/api/v1/auth/confirm', { token }), 200);
      demand(await login(server, person.email, password), 200);
      demand(await login(server, person.email, `${password.slice(0, -1)}?`), 401);
    }
  });

  test('takes one bare address', async () => {
    const bad = [
      'nobody',
      'a@',
      '@b.c',
      'a@b@c.org',
      'A <a@b.org>',
      '<a@b.org>',
      'a@b.org, c@d.org',
      'a@b.org\r\nBcc: c@d.org',
      'a b@c.org',
      'a@b..org',
      `${'a'.repeat(65)}@b.org`,
      `a@${'b'.repeat(250)}.org`,
    ];
    for (const email of bad) {
      const { json } = demand(await register(served.server, newPerson({ email })), 400);
      expect(json.code, email).toBe('invalid_request');
    }
  });

  test('takes no name that is an e-mail, or that no account can have', async () => {
    for (const username of ['ann@example.org', ' Ann@Example.ORG', 'a\0b', 'a\nb', 'x'.repeat(129)]) {
      const { json } = demand(await register(served.server, { ...newPerson(), username }), 400);
      expect(json.code).toBe('invalid_request');
    }
  });

  test('refuses a name or an e-mail that is taken, by an account of any API', async () => {
    const { server } = served;
    const { person } = await newcomer(server);
    const other = await newAccount(server);
    const before = (await server.mails()).length;
    const taken = [
      { username: person.username },
      { username: other.username ?? '' },
      { email: person.email },
      { email: person.email.toUpperCase() },
    ];
    for (const given of taken) {
      expect(demand(await register(server, newPerson(given)), 409).json.code).toBe('conflict');
    }
    expect(await server.mails()).toHaveLength(before);
    demand(await register(server, newPerson({ username: person.username.toUpperCase() })), 200);
  });

  test('of one e-mail at two servers at once makes one account', async () => {
    const { server } = served;
    const other = await anotherServer(served, { options: ROOMY });
    for (let round = 0; round < 5; round++) {
      const { email } = newPerson();
      const answers = await Promise.all([server, other].map(each => register(each, newPerson({ email }))));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      const mails = [...(await mailsTo(server, email)), ...(await mailsTo(other, email))];
      expect(mails).toHaveLength(1);
    }
  });

  test('while registration is closed refuses everything with 403', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, SECURITY_REGISTRATION: 'false' } });
    for (const body of [newPerson(), {}, '{nonsense']) {
      expect(demand(await register(server, body), 403).json.code).toBe('forbidden');
    }
    await server.configure({ SECURITY_REGISTRATION: 'true' });
    demand(await register(server, newPerson()), 200);
  });

  test('does not answer otherwise when the mail cannot be sent', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, MAIL_URL: 'smtp://127.0.0.1:1' } });
    const person = newPerson();
    expect(demand(await register(server, person), 200).json).toEqual({ status: 'confirmation_sent' });
    await server.core.background.idle();
    demand(await login(server, person.username), 403);
  });
});

forEachEngine('a mail', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const mailFor = async (headers: Record<string, string> = {}, server = served.server) => {
    const person = newPerson();
    // As it is: others complete and change headers.
    const request = { method: 'POST', path: '/api/v1/auth/register', headers, body: JSON.stringify(person) };
    expect((await rawRequest(server.url, request)).status).toBe(200);
    return lastMail(server, person.email);
  };

  test('is in the language of the page, else of the browser, else of the server', async () => {
    const [english, russian] = ['Confirm your e-mail', 'Подтвердите адрес почты'];
    const cases: [Record<string, string>, string][] = [
      [{}, english],
      [{ 'Accept-Language': 'ru-RU,ru;q=0.9,en;q=0.5' }, russian],
      [{ 'Accept-Language': 'de, fr' }, english],
      [{ 'Accept-Language': 'ru', Cookie: 'verstak_locale=en' }, english],
      [{ 'Accept-Language': 'en', Cookie: 'verstak_locale=ru' }, russian],
      [{ 'Accept-Language': 'ru', Cookie: 'verstak_locale=system' }, russian],
      [{ Cookie: 'verstak_locale=__proto__' }, english],
    ];
    for (const [headers, subject] of cases) expect((await mailFor(headers)).subject).toBe(subject);
    const { server } = await openServer(engine, { options: { ...ROOMY, APP_LANGUAGE: 'ru' } });
    expect((await mailFor({}, server)).subject).toBe(russian);
    expect((await mailFor({ 'Accept-Language': 'de' }, server)).subject).toBe(russian);
    expect((await mailFor({ 'Accept-Language': 'en' }, server)).subject).toBe(english);
  });

  test('leads to the address an admin stored, else to the configured one, never to what the request says', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const forged = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' };
    expect(linkIn(await mailFor(forged, server)).origin).toBe(server.url);
    await server.configure({ APP_PUBLIC_URL: 'https://keybin.example/sync/' });
    expect(linkIn(await mailFor(forged, server)).href).toMatch(
      /^https:\/\/keybin\.example\/sync\/api\/v1\/auth\/confirm\?token=/,
    );
    await saveMailSettings(server.core, { server_url: 'https://stored.example' });
    expect(linkIn(await mailFor(forged, server)).origin).toBe('https://stored.example');
  });

  test('holds nothing that who registered has chosen', async () => {
    const person = newPerson({ username: 'Win a prize at evil.example', password: 'secret-password' });
    demand(await register(served.server, person), 200);
    const { raw, text, subject } = await lastMail(served.server, person.email);
    for (const secret of ['prize', 'secret-password']) expect(raw + text + subject).not.toContain(secret);
  });
});
