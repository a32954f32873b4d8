import { describe, expect, it } from 'vitest';
import { settingsSpec } from '../../../../src/core/collections.ts';
import { loadMailSettings } from '../../../../src/core/mail/settings.ts';
import { startSmtp } from '../../../mail/smtp-server.ts';
import { allOrFirst, forEachEngine } from '../../../support/engines.ts';
import { openServer } from '../../../support/served.ts';
import { browse, newcomer } from '../accounts/open-accounts.ts';
import { ROOMY } from '../open-verstak.ts';
import { auditLog, newAdmin, signInAdmin } from './open-admin.ts';

const FORM = {
  smtp_host: 'mail.example.org',
  smtp_port: '2525',
  smtp_user: 'ann',
  smtp_pass: 's3cret-s3cret',
  smtp_security: 'tls',
  smtp_from: 'Keybin <keybin@example.org>',
  server_url: 'https://keybin.example.org/',
};

const STORED = {
  host: 'mail.example.org',
  port: 2525,
  user: 'ann',
  password: 's3cret-s3cret',
  security: 'tls',
  from: 'Keybin <keybin@example.org>',
  server_url: 'https://keybin.example.org',
};

forEachEngine('admins and mail:', engine => {
  async function open(options: Record<string, string> = {}) {
    const { server } = await openServer(engine, { options: { ...ROOMY, ...options } });
    const admin = await signInAdmin(server);
    const save = (form: Record<string, string>) =>
      browse(server, '/admin/api/smtp', { form: { csrf_token: admin.csrf, ...form }, headers: admin.cookies });
    const attempt = async (body: unknown) => {
      const answer = await admin.change('POST', '/admin/api/smtp/test', body);
      expect(answer.status).toBe(200);
      return answer.json;
    };
    return { server, admin, save, attempt };
  }

  describe('the form for the mail server', () => {
    it('is stored, and goes back to the dashboard', async () => {
      const { server, save } = await open();
      const answer = await save(FORM);
      expect([answer.status, answer.headers.get('Location')]).toEqual([302, '/admin/dashboard']);
      expect(await loadMailSettings(server.core)).toEqual(STORED);
      const doc = await server.core.storage.collection(settingsSpec).get(['mail']);
      expect(JSON.stringify(doc)).not.toContain('s3cret');
    });

    it('takes its token as a header too', async () => {
      const { server, admin } = await open();
      const response = await fetch(`${server.url}/admin/api/smtp`, {
        method: 'POST',
        redirect: 'manual',
        headers: admin.headers,
        body: new URLSearchParams(FORM),
      });
      expect(response.status).toBe(302);
      expect(await loadMailSettings(server.core)).toEqual(STORED);
    });

    it('keeps what it leaves empty, and the password goes with its host', async () => {
      const { server, save } = await open();
      await save(FORM);
      const empty = Object.fromEntries(Object.keys(FORM).map(name => [name, '']));
      await save(empty);
      expect(await loadMailSettings(server.core)).toEqual(STORED);
      await save({ smtp_user: 'bob', smtp_port: '25' });
      expect(await loadMailSettings(server.core)).toEqual({ ...STORED, user: 'bob', port: 25 });
      await save({ ...empty, smtp_host: 'other.example.org' });
      expect(await loadMailSettings(server.core)).toMatchObject({ host: 'other.example.org', password: '' });
    });

    const unfit: [name: string, value: string][] = [
      ['smtp_host', 'mail.example.org:25'],
      ['smtp_port', '65536'],
      ['smtp_port', '2.5'],
      ['smtp_port', '-1'],
      ['smtp_port', 'smtp'],
      ['smtp_security', 'ssl'],
      ['smtp_from', 'nobody'],
      ['smtp_user', 'a\r\nb'],
      ['server_url', 'keybin.example.org'],
    ];

    it.each(allOrFirst(engine, unfit))(
      'is refused when it cannot be so, and changes nothing: %s=%j',
      async (name, value) => {
        const { server, save } = await open();
        await save(FORM);
        const answer = await save({ [name]: value });
        expect(answer.status).toBe(400);
        expect(JSON.parse(answer.text)).toEqual({ error: expect.any(String), code: 'invalid_request' });
        expect(await loadMailSettings(server.core)).toEqual(STORED);
      },
    );

    it('decides where mails go from then on', async () => {
      const smtp = await startSmtp();
      const { server, save } = await open();
      await save({ smtp_host: '127.0.0.1', smtp_port: String(smtp.port), smtp_security: 'none' });
      await expect(newcomer(server)).rejects.toThrow('no mail');
      await server.core.background.idle();
      expect(smtp.taken).toHaveLength(1);
    });
  });

  describe('the test mail', () => {
    it('goes through the server that is given, to the address that is given', async () => {
      const smtp = await startSmtp();
      const { attempt, server } = await open();
      const given = { smtp_host: '127.0.0.1', smtp_port: smtp.port, smtp_security: 'none', smtp_from: 'k@example.org' };
      expect(await attempt({ ...given, test_to: 'bob@example.org' })).toEqual({ ok: true });
      expect(await attempt({ ...given, smtp_port: String(smtp.port), test_to: 'ann@example.org' })).toEqual({
        ok: true,
      });
      expect(smtp.taken).toMatchObject([
        { recipients: ['bob@example.org'], sender: 'k@example.org', subject: 'Test mail' },
        { recipients: ['ann@example.org'] },
      ]);
      expect(await loadMailSettings(server.core)).toBeUndefined();
    });

    it('takes what is empty from the stored settings, the password too', async () => {
      const smtp = await startSmtp();
      const { save, attempt } = await open();
      await save({
        smtp_host: '127.0.0.1',
        smtp_port: String(smtp.port),
        smtp_security: 'none',
        smtp_user: 'ann',
        smtp_pass: 's3cret',
      });
      const empty = { smtp_host: '', smtp_port: '', smtp_user: '', smtp_pass: '', smtp_security: '', smtp_from: '' };
      expect(await attempt({ ...empty, test_to: 'bob@example.org' })).toEqual({ ok: true });
      expect(await attempt({ test_to: 'bob@example.org', smtp_port: null })).toEqual({ ok: true });
      expect(smtp.taken.map(({ user }) => user)).toEqual(['ann', 'ann']);
      expect(await attempt({ smtp_pass: 'wrong', test_to: 'bob@example.org' })).toMatchObject({ ok: false });
    });

    it('gives no other server the stored password', async () => {
      const passwords: string[] = [];
      const smtp = await startSmtp({
        onAuth({ username, password }, _, done) {
          passwords.push(password ?? '');
          done(null, { user: username });
        },
      });
      const { save, attempt } = await open();
      await save({ ...FORM, smtp_port: String(smtp.port), smtp_security: 'none' });
      await attempt({ smtp_host: '127.0.0.1', test_to: 'bob@example.org' });
      expect(passwords.filter(password => password !== '')).toEqual([]);
      await attempt({ smtp_host: '127.0.0.1', smtp_pass: 'given', test_to: 'bob@example.org' });
      expect(passwords).toContain('given');
    });

    it('goes where the configuration says when no server is stored or given', async () => {
      const { server, attempt } = await open();
      expect(await attempt({ test_to: 'bob@example.org' })).toEqual({ ok: true });
      expect(await server.mails()).toMatchObject([{ to: 'bob@example.org', subject: 'Test mail' }]);
    });

    it('goes to the admin when no other address is given', async () => {
      const { server, attempt } = await open();
      expect(await attempt({})).toEqual({ ok: false, error: expect.stringContaining('test_to') });
      const admin = await signInAdmin(server, await newAdmin(server, { email: 'root@example.org' }));
      const answer = await admin.change('POST', '/admin/api/smtp/test', {});
      expect(answer.json).toEqual({ ok: true });
      expect(await server.mails()).toMatchObject([{ to: 'root@example.org' }]);
    });

    it('that does not go away tells why, and never the password', async () => {
      const smtp = await startSmtp();
      const { server, attempt } = await open();
      const given = {
        smtp_host: '127.0.0.1',
        smtp_port: smtp.port,
        smtp_security: 'none',
        smtp_user: 'ann',
        smtp_pass: 'pa55-w0rd',
        test_to: 'bob@example.org',
      };
      const answer = await attempt(given);
      expect(answer).toEqual({ ok: false, error: expect.stringMatching(/.{10}/) });
      expect(JSON.stringify([answer, await auditLog(server)])).not.toMatch(/pa55|bob@/);
    });

    const unfit: [body: unknown][] = [
      [{ smtp_host: 'a b', test_to: 'bob@example.org' }],
      [{ smtp_port: '70000', test_to: 'bob@example.org' }],
      [{ smtp_port: -1, test_to: 'bob@example.org' }],
      [{ smtp_security: 'ssl', test_to: 'bob@example.org' }],
      [{ test_to: 'bob@example.org, ann@example.org' }],
      [{ test_to: 1 }],
      ['{'],
    ];

    it.each(allOrFirst(engine, unfit))('cannot be asked for with what cannot be: %j', async body => {
      const { server, attempt } = await open();
      expect(await attempt(body)).toEqual({ ok: false, error: expect.any(String) });
      expect(await server.mails()).toEqual([]);
    });
  });
});
