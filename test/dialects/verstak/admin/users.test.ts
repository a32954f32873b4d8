import { describe, expect, it } from 'vitest';
import { collections } from '../../../../src/app.ts';
import { issueToken } from '../../../../src/core/access/tokens.ts';
import { resumeErasures } from '../../../../src/core/accounts/erase.ts';
import { accountsSpec } from '../../../../src/core/collections.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { newName, openServer, sharedServer } from '../../../support/served.ts';
import { login, newcomer, signIn } from '../accounts/open-accounts.ts';
import { demand, newAccount, newOperation, PASSWORD, pairedDevice, push, ROOMY, upload } from '../open-verstak.ts';
import { logInAdmin, newAdmin, signInAdmin } from './open-admin.ts';

forEachEngine('admins and accounts:', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const accountOf = (id: string) => served.server.core.storage.collection(accountsSpec).get([id]);

  describe('making one', () => {
    it('gives an account that can log in at once', async () => {
      const { server } = served;
      const admin = await signInAdmin(server);
      const username = newName();
      const answer = await admin.change('POST', '/admin/api/users/create', {
        username,
        email: ` ${username}@Example.org `,
        password: PASSWORD,
      });
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual({ status: 'ok', user_id: expect.any(String) });
      expect(await accountOf(answer.json.user_id)).toMatchObject({ username, email: `${username}@example.org` });
      expect((await login(server, username)).json).toMatchObject({ user_id: answer.json.user_id });
      expect(await server.mails()).toEqual([]);
    });

    it('works where registration is closed', async () => {
      const { server } = await openServer(engine, { options: { ...ROOMY, SECURITY_REGISTRATION: 'false' } });
      const admin = await signInAdmin(server);
      const given = { username: 'ann', email: 'ann@example.org', password: PASSWORD };
      expect((await admin.change('POST', '/admin/api/users/create', given)).status).toBe(200);
    });

    it.each<[string, Record<string, unknown>]>([
      ['no name', { username: '' }],
      ['a name that looks like an e-mail', { username: 'a@example.org' }],
      ['no e-mail', { email: '' }],
      ['an e-mail with a display name', { email: 'Ann <ann@example.org>' }],
      ['no password', { password: undefined }],
    ])('is refused with %s', async (_, given) => {
      const admin = await signInAdmin(served.server);
      const username = newName();
      const body = { username, email: `${username}@example.org`, password: PASSWORD, ...given };
      const answer = await admin.change('POST', '/admin/api/users/create', body);
      expect([answer.status, answer.json.code]).toEqual([400, 'invalid_request']);
    });

    it.each([
      ['PASSWORD_TOO_SHORT', '1234567'],
      ['PASSWORD_TOO_LONG', 'я'.repeat(129)],
    ])('is refused with %s', async (error, password) => {
      const admin = await signInAdmin(served.server);
      const username = newName();
      const body = { username, email: `${username}@example.org`, password };
      const answer = await admin.change('POST', '/admin/api/users/create', body);
      expect([answer.status, answer.json]).toEqual([400, { error, code: 'invalid_request' }]);
    });

    it('is a conflict where name or e-mail is taken', async () => {
      const admin = await signInAdmin(served.server);
      const create = (username: string, email: string) =>
        admin.change('POST', '/admin/api/users/create', { username, email, password: PASSWORD });
      const [one, two] = [newName(), newName()];
      expect((await create(one, `${one}@example.org`)).status).toBe(200);
      for (const answer of [await create(one, `${two}@example.org`), await create(two, `${one}@EXAMPLE.org`)]) {
        expect([answer.status, answer.json.code]).toEqual([409, 'conflict']);
      }
    });
  });

  describe('blocking one', () => {
    it('shuts it out everywhere at the next request, and letting it in gives its devices back', async () => {
      const { server } = served;
      const admin = await signInAdmin(server);
      const device = await pairedDevice(server);
      const person = await signIn(server, device.account);
      const token = await issueToken(server.core, device.account);
      const toggle = () => admin.change('POST', `/admin/api/users/${device.account.user_id}/block`);
      const statuses = async () => [
        (await server.request('GET', '/api/client/me', undefined, device.headers)).status,
        (await login(server, device.account.username ?? '')).status,
        (await server.request('GET', '/api/v1/user/devices', undefined, person.cookies)).status,
        (await server.request('GET', `/user/${token.token}/keys`)).status,
      ];
      expect(await statuses()).toEqual([200, 200, 200, 200]);
      const blocked = await toggle();
      expect([blocked.status, blocked.json]).toEqual([200, { status: 'ok', blocked: 1 }]);
      expect(await statuses()).toEqual([403, 403, 401, 403]);
      expect((await toggle()).json).toEqual({ status: 'ok', blocked: 0 });
      expect(await statuses()).toEqual([200, 200, 401, 403]);
    });

    it('that is asked for several times at once is done and undone in turn', async () => {
      const admin = await signInAdmin(served.server);
      const { user_id } = (await pairedDevice(served.server)).account;
      const toggles = Array.from({ length: 6 }, () => admin.change('POST', `/admin/api/users/${user_id}/block`));
      const answers = await Promise.all(toggles);
      expect(answers.map(({ json }) => json.blocked).sort()).toEqual([0, 0, 0, 1, 1, 1]);
      expect(await accountOf(user_id)).not.toHaveProperty('blocked_at');
    });

    it('is a conflict where it is the own one', async () => {
      const admin = await signInAdmin(served.server);
      const answer = await admin.change('POST', `/admin/api/users/${admin.account.user_id}/block`);
      expect([answer.status, answer.json.code]).toEqual([409, 'conflict']);
      expect(await accountOf(admin.account.user_id)).not.toHaveProperty('blocked_at');
    });
  });

  describe('another password', () => {
    it('is random, told once, and ends the sessions; devices stay', async () => {
      const { server } = served;
      const admin = await signInAdmin(server);
      const device = await pairedDevice(server);
      const person = await signIn(server, device.account);
      const reset = () => admin.change('POST', `/admin/api/users/${device.account.user_id}/reset-password`);
      const answer = await reset();
      expect(answer.json).toEqual({ status: 'ok', new_password: expect.stringMatching(/^.{16,}$/) });
      const name = device.account.username ?? '';
      expect((await login(server, name)).status).toBe(401);
      expect((await login(server, name, answer.json.new_password)).status).toBe(200);
      expect((await server.request('GET', '/api/v1/user/devices', undefined, person.cookies)).status).toBe(401);
      expect((await server.request('GET', '/api/client/me', undefined, device.headers)).status).toBe(200);
      expect((await reset()).json.new_password).not.toBe(answer.json.new_password);
    });

    it('may be the own one: then the session is over', async () => {
      const admin = await signInAdmin(served.server);
      const answer = await admin.change('POST', `/admin/api/users/${admin.account.user_id}/reset-password`);
      expect(answer.status).toBe(200);
      expect((await served.server.request('GET', '/admin/api/keys', undefined, admin.cookies)).status).toBe(401);
      expect((await logInAdmin(served.server, admin.account.username, answer.json.new_password)).status).toBe(200);
    });

    it('is given so many times from one address, and that does not touch what people reset themselves', async () => {
      const options = { ...ROOMY, VERSTAK_RESET_ATTEMPTS: '2', VERSTAK_RESET_WINDOW: '3600' };
      const { server } = await openServer(engine, { options });
      const admin = await signInAdmin(server);
      const { user_id } = await newAccount(server);
      const reset = () => admin.change('POST', `/admin/api/users/${user_id}/reset-password`);
      expect([(await reset()).status, (await reset()).status]).toEqual([200, 200]);
      const refused = await reset();
      expect([refused.status, refused.json.code, refused.headers.get('Retry-After')]).toEqual([
        429,
        'rate_limited',
        '3600',
      ]);
      const own = { token: '0'.repeat(48), new_password: PASSWORD };
      expect((await server.request('POST', '/api/v1/auth/reset', own)).status).toBe(400);
      server.clock.advance(3_600_000);
      expect((await reset()).status).toBe(200);
    });
  });

  describe('editing one', () => {
    const edit = async (id: string, body: unknown) =>
      (await signInAdmin(served.server)).change('POST', `/admin/api/users/${id}/edit`, body);

    it('changes name, e-mail or both; what is empty stays', async () => {
      const { user_id, username } = await newAccount(served.server);
      const [name, email] = [newName(), `${newName()}@example.org`];
      expect((await edit(user_id, { username: '', email: email.toUpperCase() })).json).toEqual({ status: 'ok' });
      expect(await accountOf(user_id)).toMatchObject({ username, email });
      expect((await edit(user_id, { username: name })).status).toBe(200);
      expect(await accountOf(user_id)).toMatchObject({ username: name, email });
      expect((await login(served.server, name)).status).toBe(200);
      expect((await edit(user_id, { username: name, email })).status).toBe(200);
    });

    it('leaves an e-mail that waits for its confirmation waiting, and the old link confirms nothing', async () => {
      const { person, token } = await newcomer(served.server);
      const account = await served.server.core.storage.collection(accountsSpec).find('username', [person.username]);
      await edit(account?.user_id ?? '', { email: `${newName()}@example.org` });
      expect((await login(served.server, person.username)).status).toBe(403);
      expect((await served.server.request('POST', '/api/v1/auth/confirm', { token })).status).toBe(400);
    });

    it.each<[string, Record<string, unknown>]>([
      ['nothing', {}],
      ['an e-mail for a name', { username: 'a@example.org' }],
      ['a name with a line break', { username: 'a\nb' }],
      ['two e-mails', { email: 'a@example.org, b@example.org' }],
      ['an e-mail without a host', { email: 'ann' }],
    ])('is refused with %s', async (_, body) => {
      const before = await newAccount(served.server);
      const answer = await edit(before.user_id, body);
      expect([answer.status, answer.json.code]).toEqual([400, 'invalid_request']);
      expect(await accountOf(before.user_id)).toEqual(before);
    });

    it('is a conflict where name or e-mail is taken', async () => {
      const [one, two] = [await newAccount(served.server), await newAccount(served.server)];
      const email = `${newName()}@example.org`;
      await edit(one.user_id, { email });
      for (const body of [{ username: one.username }, { email }]) {
        const answer = await edit(two.user_id, body);
        expect([answer.status, answer.json.code]).toEqual([409, 'conflict']);
      }
    });
  });

  describe('deleting one', () => {
    it('leaves nothing of it, and its name and e-mail are free', async () => {
      const { server } = await openServer(engine, { options: ROOMY });
      const admin = await signInAdmin(server);
      const given = { username: 'ann', email: 'ann@example.org', password: PASSWORD };
      const { user_id } = (await admin.change('POST', '/admin/api/users/create', given)).json;
      const account = await server.core.storage.collection(accountsSpec).get([user_id]);
      if (!account) throw new Error('there is no account');
      const device = await pairedDevice(server, { account });
      demand(await push(server, device, [newOperation()], { idempotency_key: 'a' }), 200);
      demand(await upload(server, device, 'content'), 200);
      const { cookies } = await signIn(server, account);
      const { token } = await issueToken(server.core, account);
      demand(await server.request('POST', `/user/${token}/store/a`, { value: 1 }), 200);
      const owning = async () => {
        const names: string[] = [];
        for (const spec of collections.filter(({ owner }) => owner !== undefined)) {
          if ((await server.core.storage.collection(spec).count({ prefix: [user_id] })) > 0) names.push(spec.name);
        }
        return names;
      };
      expect(await owning()).toEqual(
        expect.arrayContaining(['sessions', 'tokens', 'store', 'blob_refs', 'verstak_devices', 'verstak_operations']),
      );

      const answer = await admin.change('DELETE', `/admin/api/users/${user_id}`);
      expect([answer.status, answer.json]).toEqual([200, { status: 'deleted' }]);
      expect((await server.request('GET', '/api/client/me', undefined, device.headers)).status).toBe(401);
      expect((await server.request('GET', '/api/v1/user/devices', undefined, cookies)).status).toBe(401);
      expect(await owning()).toEqual([]);
      expect((await admin.change('POST', '/admin/api/users/create', given)).status).toBe(200);

      server.clock.advance(3_600_000);
      await resumeErasures(server.core);
      expect(await server.core.storage.collection(accountsSpec).get([user_id])).toBeUndefined();
    });

    it('works for an account without a password, and for one that is blocked', async () => {
      const { server } = served;
      const admin = await signInAdmin(server);
      const blocked = await newAccount(server);
      await admin.change('POST', `/admin/api/users/${blocked.user_id}/block`);
      const without = await newAccount(server);
      const accounts = server.core.storage.collection(accountsSpec);
      await accounts.update([without.user_id], { unset: ['password'] });
      for (const { user_id } of [blocked, without]) {
        expect((await admin.change('DELETE', `/admin/api/users/${user_id}`)).status).toBe(200);
        expect(await accountOf(user_id)).not.toHaveProperty('username');
      }
    });

    it('may be that of another admin, but not the own one', async () => {
      const admin = await signInAdmin(served.server);
      const other = await newAdmin(served.server);
      const own = await admin.change('DELETE', `/admin/api/users/${admin.account.user_id}`);
      expect([own.status, own.json.code]).toEqual([409, 'conflict']);
      expect((await admin.change('DELETE', `/admin/api/users/${other.user_id}`)).status).toBe(200);
      expect((await logInAdmin(served.server, other.username)).status).toBe(401);
    });
  });

  it('nobody is found by an id that no account has, or one that was deleted', async () => {
    const admin = await signInAdmin(served.server);
    const { user_id } = await newAccount(served.server);
    await admin.change('DELETE', `/admin/api/users/${user_id}`);
    const unknown = [user_id, 'nobody', '%00', 'x'.repeat(2000)];
    for (const id of unknown) {
      const answers = [
        await admin.change('POST', `/admin/api/users/${id}/block`),
        await admin.change('POST', `/admin/api/users/${id}/reset-password`),
        await admin.change('POST', `/admin/api/users/${id}/edit`, { username: newName() }),
        await admin.change('DELETE', `/admin/api/users/${id}`),
      ];
      expect(answers.map(({ status, json }) => [status, json.code])).toEqual(Array(4).fill([404, 'not_found']));
    }
  });
});
