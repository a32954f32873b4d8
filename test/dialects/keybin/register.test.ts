import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newName, openServer, sharedServer } from '../../support/served.ts';
import { accountOf, newAccount, newToken, statuses, tally } from './open-keybin.ts';

forEachEngine('POST /register', engine => {
  const keybin = sharedServer(engine);
  const register = (body: unknown) => keybin.server.request('POST', '/register', body);

  test('makes an account with an id and a bcrypt hash, and answers 200', async () => {
    const username = newName();
    const answer = await register({ username, password: 's3cret' });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ result: 'ok' });
    const account = await accountOf(keybin, username);
    expect(account.user_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(account.password).toMatch(/^\$2b\$04\$.{53}$/);
  });

  test('refuses a name that is taken, and the first password stays', async () => {
    const login = await newAccount(keybin.server);
    const answer = await register({ ...login, password: 'another' });
    expect(answer.status).toBe(409);
    expect(answer.json).toEqual({ error: expect.any(String), code: 'user_exists' });
    await newToken(keybin.server, login);
    expect((await keybin.server.request('POST', '/token', { ...login, password: 'another' })).status).toBe(403);
  });

  test('ignores members that it does not know', async () => {
    const login = await newAccount(keybin.server);
    const forged = { username: newName(), password: 'right', user_id: 'mine', admin: true, blocked: true };
    expect((await register(forged)).status).toBe(200);
    expect(await accountOf(keybin, forged.username)).not.toMatchObject({ user_id: 'mine' });
    expect(await accountOf(keybin, forged.username)).not.toHaveProperty('admin');
    await newToken(keybin.server, forged);
    await newToken(keybin.server, login);
  });

  test('lets exactly one of 8 parallel registrations of a name win', async () => {
    const username = newName();
    const passwords = Array.from({ length: 8 }, (_, i) => `password ${i}`);
    const answers = await statuses(passwords.map(password => register({ username, password })));
    expect(tally(answers)).toEqual({ 200: 1, 409: 7 });
    const winner = passwords[answers.indexOf(200)] ?? '';
    await newToken(keybin.server, { username, password: winner });
    const loser = passwords[answers.indexOf(409)] ?? '';
    expect((await keybin.server.request('POST', '/token', { username, password: loser })).status).toBe(403);
  });

  test('is refused while registration is closed, and everything else goes on', async () => {
    const { server } = await openServer(engine);
    const login = await newAccount(server);
    await server.configure({ SECURITY_REGISTRATION: 'false' });
    const answer = await server.request('POST', '/register', { username: 'late', password: 'right' });
    expect(answer.status).toBe(403);
    expect(answer.json).toEqual({ error: expect.any(String), code: 'registration_closed' });
    await newToken(server, login);
    expect((await server.request('DELETE', '/unregister', login)).status).toBe(200);
    await server.configure({ SECURITY_REGISTRATION: 'true' });
    await newAccount(server, { username: 'late' });
  });
});
