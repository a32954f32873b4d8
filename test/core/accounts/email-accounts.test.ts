import { expect, test } from 'vitest';
import { MailError } from '../../../src/base/errors.ts';
import type { Mail } from '../../../src/base/mail.ts';
import { authenticate } from '../../../src/core/access/login.ts';
import { createAccount, setBlocked } from '../../../src/core/accounts/accounts.ts';
import {
  checkNewPassword,
  checkRegistration,
  confirmEmail,
  forgotPassword,
  registerWithEmail,
  resetPassword,
} from '../../../src/core/accounts/email-accounts.ts';
import { accountsSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { forEachEngine } from '../../support/engines.ts';
import { HERE, openCore, outcomes, tally } from '../open-core.ts';

const ANN = { username: 'ann', email: 'Ann@Example.org', password: 'long enough' };
const CONTEXT = { base: 'https://keybin.example', language: 'en' } as const;
const address = '192.0.2.1';

const linkOf = (mail: Mail | undefined) => new URL(/https:\S+/.exec(mail?.text ?? '')?.[0] ?? 'none:');
const tokenOf = (mail: Mail | undefined) => linkOf(mail).searchParams.get('token') ?? '';
const login = (core: Core, password: string) =>
  authenticate(core, { username: 'ann@example.org', password, address }, { byEmail: true });

forEachEngine('an account with an e-mail', engine => {
  test('registers, confirms with the link it is sent, and logs in', async () => {
    const { core, mails } = await openCore(engine);
    const account = await registerWithEmail(core, ANN, CONTEXT, HERE);
    await core.background.idle();
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([['ann@example.org', 'Confirm your e-mail']]);
    const link = linkOf(mails[0]);
    expect(link.origin + link.pathname).toBe('https://keybin.example/api/v1/auth/confirm');
    expect(await outcomes([login(core, ANN.password)])).toEqual(['email_unconfirmed']);
    expect(await confirmEmail(core, tokenOf(mails[0]), 'en')).toBe(account.user_id);
    expect((await login(core, ANN.password)).user_id).toBe(account.user_id);
  });

  test('gets another password through the link it asks for', async () => {
    const { core, mails } = await openCore(engine);
    const account = await createAccount(core, { ...ANN, email: 'ann@example.org' });
    forgotPassword(core, ' ANN@example.org', { ...CONTEXT, language: 'ru' });
    await core.background.idle();
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([['ann@example.org', 'Новый пароль']]);
    const link = linkOf(mails[0]);
    expect(link.origin + link.pathname).toBe('https://keybin.example/reset');
    const token = tokenOf(mails[0]);
    expect(await outcomes([resetPassword(core, { token, password: 'short' }, CONTEXT, HERE)])).toEqual([
      'password_length_invalid',
    ]);
    expect((await resetPassword(core, { token, password: 'new and long' }, CONTEXT, HERE)).accountId).toBe(
      account.user_id,
    );
    expect(await outcomes([login(core, ANN.password), login(core, 'new and long')])).toEqual([
      'credentials_invalid',
      'ok',
    ]);
    expect(await outcomes([resetPassword(core, { token, password: 'newer and long' }, CONTEXT, HERE)])).toEqual([
      'mail_token_invalid',
    ]);
  });

  test('is one of many that register with that e-mail at once, from two processes', async () => {
    const { core, another, mails } = await openCore(engine);
    const other = another();
    const attempts = Array.from({ length: 10 }, (_, i) =>
      registerWithEmail(i % 2 ? core : other, { ...ANN, username: `ann ${i}` }, CONTEXT, HERE),
    );
    expect(tally(await outcomes(attempts))).toEqual({ ok: 1, email_taken: 9 });
    await core.background.idle();
    expect(mails).toHaveLength(1);
    expect(await core.storage.collection(accountsSpec).count({})).toBe(1);
  });
});

forEachEngine(
  'rules of accounts with an e-mail',
  engine => {
    test('who registers waits 3 s at most for a mail server, and does not learn that it failed', async () => {
      const { core, logged } = await openCore(engine);
      let deliver: (error: Error) => void = () => {};
      const mailer = { deliver: () => new Promise<string>((_, reject) => (deliver = reject)) };
      await registerWithEmail({ ...core, mailer }, ANN, CONTEXT, HERE);
      await expect.poll(() => deliver.length).toBe(1);
      deliver(new MailError('refused'));
      await core.background.idle();
      expect(logged).toContain('a mail could not be sent; it is tried again');
    });

    test('what is done for a forgotten password is done later, and only for who can use it', async () => {
      const { core, mails } = await openCore(engine);
      const ben = await createAccount(core, { username: 'ben', password: 'p', email: 'ben@example.org' });
      await setBlocked(core, ben, true);
      const cat = await createAccount(core, { username: 'cat', password: 'p', email: 'cat@example.org' });
      const set = { erasing_at: new Date(core.clock.now()) };
      await core.storage.collection(accountsSpec).update([cat.user_id], { set });
      for (const email of ['nobody@example.org', 'no address', '', 'ben@example.org', 'cat@example.org', 'ben']) {
        forgotPassword(core, email, CONTEXT);
      }
      await core.background.idle();
      expect(mails).toEqual([]);
    });

    test('who waits for the confirmation is sent that link again', async () => {
      const { core, mails } = await openCore(engine);
      await registerWithEmail(core, ANN, CONTEXT, HERE);
      await core.background.idle();
      forgotPassword(core, ANN.email, CONTEXT);
      await core.background.idle();
      expect(mails.map(mail => linkOf(mail).pathname)).toEqual([
        '/api/v1/auth/confirm',
        '/api/v1/auth/confirm',
        '/reset',
      ]);
      await confirmEmail(core, tokenOf(mails[1]), 'en');
      await confirmEmail(core, tokenOf(mails[0]), 'en');
      await login(core, ANN.password);
    });

    test('nobody registers while that is closed', async () => {
      const { core, settings, mails } = await openCore(engine);
      settings.registrationOpen = false;
      expect(await outcomes([registerWithEmail(core, ANN, CONTEXT, HERE)])).toEqual(['registration_closed']);
      await core.background.idle();
      expect(mails).toEqual([]);
    });

    test('names, addresses and passwords have rules of their own', () => {
      expect(checkRegistration(ANN)).toEqual({ ...ANN, email: 'ann@example.org' });
      const codeOf = (given: object) => {
        try {
          checkRegistration({ ...ANN, ...given });
          return 'ok';
        } catch (error) {
          return (error as { code: string }).code;
        }
      };
      expect(codeOf({ username: 'ann@example.org' })).toBe('username_invalid');
      expect(codeOf({ username: 'ann@' })).toBe('ok');
      expect(codeOf({ username: '' })).toBe('username_invalid');
      expect(codeOf({ email: 'ann' })).toBe('email_invalid');
      expect(codeOf({ password: '\ud800'.repeat(8) })).toBe('password_invalid');
      for (const [password, message] of [
        ['1234567', 'PASSWORD_TOO_SHORT'],
        ['', 'PASSWORD_TOO_SHORT'],
        [`${'ä'.repeat(128)}x`, 'PASSWORD_TOO_LONG'],
      ] as const) {
        expect(() => checkNewPassword(password)).toThrow(
          expect.objectContaining({ message, code: 'password_length_invalid' }),
        );
      }
      for (const password of ['ääää', 'ä'.repeat(128)]) checkNewPassword(password);
    });
  },
  ['embedded'],
);
