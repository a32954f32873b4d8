import { expect, it } from 'vitest';
import { settingsSpec } from '../../../../src/core/collections.ts';
import { loadMailSettings, saveMailSettings } from '../../../../src/core/mail/settings.ts';
import { startSmtp } from '../../../mail/smtp-server.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer } from '../../../support/served.ts';
import { newPerson, register } from '../accounts/open-accounts.ts';
import { demand, ROOMY } from '../open-verstak.ts';
import { auditLog, signInAdmin } from './open-admin.ts';

const STATISTICS = '/admin/api/stats';
const FINE = { mails_waiting: 0, mails_failing: 0, last_mail_error: '', last_mail_error_at: '' };

forEachEngine('an admin', engine => {
  it('sees that mails do not go out, and why, until they do', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const admin = await signInAdmin(server);
    const person = newPerson();
    let refuses = true;
    const smtp = await startSmtp({
      onRcptTo: ({ address }, _, done) => done(refuses ? new Error(`${address}: try later`) : null),
    });
    await saveMailSettings(server.core, smtp.reach());
    expect(await admin.look(STATISTICS)).toMatchObject(FINE);
    demand(await register(server, person), 200);
    await server.core.background.idle();
    const seen = await admin.look(STATISTICS);
    expect(seen).toMatchObject({ mails_waiting: 1, mails_failing: 1, last_mail_error_at: '2100-01-01T00:00:00Z' });
    expect(seen.last_mail_error).toMatch(/^smtp 127\.0\.0\.1:\d+: .*\(the recipient\): try later/);
    const failures = (await auditLog(server)).filter(({ event }) => event === 'mail_failed');
    expect(failures).toMatchObject([
      { severity: 'error', message: expect.stringMatching(/^confirm: smtp .*try later/) },
    ]);
    expect(JSON.stringify([seen, failures])).not.toContain(person.email);
    refuses = false;
    server.clock.advance(61_000);
    await server.sendMails();
    expect(await admin.look(STATISTICS)).toMatchObject(FINE);
  });

  it('reads in the audit log that a mail failed first, and that it was given up', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, MAIL_URL: 'smtp://127.0.0.1:1' } });
    const admin = await signInAdmin(server);
    demand(await register(server, newPerson()), 200);
    await server.core.background.idle();
    for (let hours = 0; hours < 60; hours++) {
      server.clock.advance(3_600_000);
      await server.sendMails();
    }
    expect((await auditLog(server)).filter(({ event }) => event === 'mail_failed')).toHaveLength(2);
    const again = await signInAdmin(server, admin.account);
    expect(await again.look(STATISTICS)).toMatchObject(FINE);
  });

  it('takes stored settings away: the configuration counts again, also for the mails that wait', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const admin = await signInAdmin(server);
    await saveMailSettings(server.core, { host: '127.0.0.1', port: 1, user: 'ann', password: 's3cret' });
    demand(await register(server, newPerson()), 200);
    await server.core.background.idle();
    demand(await server.request('DELETE', '/admin/api/smtp', undefined, admin.cookies), 403);
    demand(await server.request('DELETE', '/admin/api/smtp'), 401);
    expect(await loadMailSettings(server.core)).toBeDefined();
    expect(demand(await admin.change('DELETE', '/admin/api/smtp'), 200).json).toEqual({ status: 'deleted' });
    expect(await loadMailSettings(server.core)).toBeUndefined();
    expect(await server.core.storage.collection(settingsSpec).count({})).toBe(0);
    await server.sendMails();
    expect(await server.mails()).toHaveLength(1);
    demand(await admin.change('DELETE', '/admin/api/smtp'), 200);
    expect((await auditLog(server)).filter(({ event }) => event === 'smtp_settings_updated')).toMatchObject([
      { message: `taken away by ${admin.account.user_id}` },
      { message: `taken away by ${admin.account.user_id}` },
    ]);
  });
});
