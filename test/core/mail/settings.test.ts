import { describe, expect, it } from 'vitest';
import { settingsSpec } from '../../../src/core/collections.ts';
import { loadMailSettings, type MailChange, saveMailSettings } from '../../../src/core/mail/settings.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openCore } from '../open-core.ts';

const SERVER = {
  host: 'mail.example.org',
  port: 2525,
  user: 'ann',
  password: 's3cret-s3cret',
  security: 'tls',
  from: 'Keybin <keybin@example.org>',
  server_url: 'https://keybin.example.org',
} as const;

forEachEngine('the stored mail settings', engine => {
  it('are none at first, then what was saved, for every process', async () => {
    const { core, another } = await openCore(engine);
    expect(await loadMailSettings(core)).toBeUndefined();
    expect(await saveMailSettings(core, SERVER)).toEqual(SERVER);
    expect(await loadMailSettings(another())).toEqual(SERVER);
  });

  it('begin with port 587 and starttls when only the host is given', async () => {
    const { core } = await openCore(engine);
    const saved = await saveMailSettings(core, { host: 'mail.example.org' });
    const nothing = { user: '', password: '', from: '', server_url: '' };
    expect(saved).toEqual({ host: 'mail.example.org', port: 587, security: 'starttls', ...nothing });
  });

  it('keep what is absent, undefined, empty or 0 in a change', async () => {
    const { core } = await openCore(engine);
    await saveMailSettings(core, SERVER);
    const nothing: MailChange = { host: '', port: 0, user: '', password: '', from: '', server_url: '' };
    expect(await saveMailSettings(core, nothing)).toEqual(SERVER);
    expect(await saveMailSettings(core, { host: undefined, password: undefined })).toEqual(SERVER);
    expect(await saveMailSettings(core, {})).toEqual(SERVER);
    expect(await saveMailSettings(core, { user: 'bob' })).toEqual({ ...SERVER, user: 'bob' });
    expect(await loadMailSettings(core)).toEqual({ ...SERVER, user: 'bob' });
  });

  it('lose the password when the host changes without a new one, and nothing else', async () => {
    const { core } = await openCore(engine);
    await saveMailSettings(core, SERVER);
    const moved = { ...SERVER, host: 'other.example.org', password: '' };
    expect(await saveMailSettings(core, { host: 'other.example.org' })).toEqual(moved);
    expect(await saveMailSettings(core, { host: 'mail.example.org' })).toEqual({ ...SERVER, password: '' });
  });

  it('keep the password when the host is the same in other letter case, and take a new one with a new host', async () => {
    const { core } = await openCore(engine);
    await saveMailSettings(core, SERVER);
    expect(await saveMailSettings(core, { host: 'MAIL.example.org' })).toMatchObject({ password: SERVER.password });
    const moved = await saveMailSettings(core, { host: 'other.example.org', password: 'another' });
    expect(moved).toMatchObject({ host: 'other.example.org', user: 'ann', password: 'another' });
  });

  it('hold the password in no readable form', async () => {
    const { core } = await openCore(engine);
    await saveMailSettings(core, SERVER);
    const doc = await core.storage.collection(settingsSpec).get(['mail']);
    expect(doc?.value).toContain('mail.example.org');
    expect(doc?.value).not.toContain('s3cret');
    expect(doc?.updated_at).toEqual(new Date(core.clock.now()));
  });

  it('have no password when it cannot be read; it stays stored through other changes', async () => {
    const { core, logged } = await openCore(engine);
    await saveMailSettings(core, SERVER);
    const settings = core.storage.collection(settingsSpec);
    const { value = '' } = (await settings.get(['mail'])) ?? {};
    const broken = value.replace('"v1.', '"v9.');
    expect(broken).not.toBe(value);
    await settings.update(['mail'], { set: { value: broken } });
    expect(await loadMailSettings(core)).toEqual({ ...SERVER, password: '' });
    expect(logged).toEqual([expect.stringContaining('counts as none; give it again')]);
    await saveMailSettings(core, { port: 25 });
    expect((await settings.get(['mail']))?.value).toContain('"v9.');
    expect(await saveMailSettings(core, { password: 'new' })).toEqual({ ...SERVER, port: 25, password: 'new' });
  });

  it('lose nothing of what admins change at once, the first time included', async () => {
    const { core, another } = await openCore(engine);
    const changes: MailChange[] = [
      { host: SERVER.host, password: SERVER.password },
      { port: SERVER.port },
      { user: SERVER.user },
      { security: SERVER.security },
      { from: SERVER.from },
      { server_url: SERVER.server_url },
    ];
    await Promise.all(changes.map(change => saveMailSettings(another(), change)));
    expect(await loadMailSettings(core)).toEqual(SERVER);
  });

  it('take a server_url with a slash at its end, and keep it without', async () => {
    const { core } = await openCore(engine);
    const saved = await saveMailSettings(core, { server_url: 'https://keybin.example.org/x/' });
    expect(saved.server_url).toBe('https://keybin.example.org/x');
  });

  describe('refuse', () => {
    it.each<[string, MailChange]>([
      ['host', { host: 'mail.example.org:25' }],
      ['host', { host: 'smtp://mail.example.org' }],
      ['host', { host: 'a b' }],
      ['host', { host: '[::1]' }],
      ['host', { host: 'x'.repeat(254) }],
      ['port', { port: 65_536 }],
      ['port', { port: -1 }],
      ['port', { port: 2.5 }],
      ['port', { port: Number.NaN }],
      ['user', { user: 'ann\r\nQUIT' }],
      ['user', { user: 'x'.repeat(321) }],
      ['password', { password: 's3cret\u0000' }],
      ['password', { password: 'x'.repeat(1025) }],
      ['security', { security: 'ssl' as 'tls' }],
      ['from', { from: 'Keybin' }],
      ['from', { from: 'a@example.org, b@example.org' }],
      ['from', { from: 'K\r\nBcc: x@example.org <a@example.org>' }],
      ['server_url', { server_url: 'keybin.example.org' }],
      ['server_url', { server_url: 'https://keybin.example.org/?a' }],
    ])('a %s that cannot be, and change nothing (%#)', async (field, change) => {
      const { core } = await openCore(engine);
      const saving = saveMailSettings(core, { ...SERVER, ...change });
      await expect(saving).rejects.toMatchObject({
        code: 'mail_settings_invalid',
        message: expect.stringMatching(new RegExp(`^${field}: expected `)),
      });
      await expect(saving).rejects.not.toMatchObject({ message: expect.stringContaining('s3cret') });
      expect(await loadMailSettings(core)).toBeUndefined();
    });
  });

  it('take addresses of both families as a host', async () => {
    const { core } = await openCore(engine);
    for (const host of ['127.0.0.1', '::1', 'mail_1.internal']) {
      expect(await saveMailSettings(core, { host })).toMatchObject({ host });
    }
  });
});
