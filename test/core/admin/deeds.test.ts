import { expect, test } from 'vitest';
import { openSession, resolveSession } from '../../../src/core/access/sessions.ts';
import { demandPassword, signIn } from '../../../src/core/access/sign-in.ts';
import type { AdminDeed } from '../../../src/core/admin/deed.ts';
import { deleteAnyDevice, revokeAnyDevice, takeKeyAway } from '../../../src/core/admin/devices.ts';
import { saveMail, tryMail } from '../../../src/core/admin/mail.ts';
import {
  confirmUser,
  createUser,
  deleteUser,
  editUser,
  resetUserPassword,
  toggleUser,
  userById,
} from '../../../src/core/admin/users.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { HERE, openCore, outcomes } from '../open-core.ts';
import { device, person } from '../people.ts';

const RULES = { kind: 'test', max: 3, window: 60 };

async function open(engine: Engine) {
  const opened = await openCore(engine);
  const { core } = opened;
  const root = await person(core, 'root', { admin: true, email: 'root@example.org', password: 'secret12' });
  const recorded: string[] = [];
  const deed: AdminDeed = {
    admin: root,
    caller: HERE,
    record: async (event, subject) => {
      expect(subject?.message).toBe(`by ${root.user_id}`);
      recorded.push(event);
    },
  };
  return { ...opened, root, deed, recorded };
}

forEachEngine('an admin', engine => {
  test('makes, changes and confirms accounts', async () => {
    const { core, deed, recorded } = await open(engine);
    const given = { username: 'ann', email: 'Ann@example.org', password: 'long enough' };
    const ann = await createUser(core, given, deed);
    expect(ann).toMatchObject({ username: 'ann', email: 'ann@example.org' });
    await editUser(core, ann.user_id, { username: 'anna', email: '' }, deed);
    expect(await userById(core, ann.user_id)).toMatchObject({ username: 'anna', email: 'ann@example.org' });
    const bob = await person(core, 'bob', { email: 'bob@example.org', unconfirmed: true });
    for (let i = 0; i < 2; i++) await confirmUser(core, bob.user_id, deed);
    expect((await userById(core, bob.user_id)).unconfirmed_at).toBeUndefined();
    expect(recorded).toEqual(['user_created', 'user_updated', 'user_confirmed']);
    const refused = [
      createUser(core, { ...given, email: 'other@example.org', username: 'anna' }, deed),
      editUser(core, bob.user_id, { username: '', email: 'ann@example.org' }, deed),
      editUser(core, bob.user_id, { username: '', email: '' }, deed),
      editUser(core, 'nobody', { username: 'x', email: '' }, deed),
      confirmUser(core, 'nobody', deed),
    ];
    expect(await outcomes(refused)).toEqual([
      'user_exists',
      'email_taken',
      'invalid_input',
      'account_not_found',
      'account_not_found',
    ]);
    expect(recorded).toHaveLength(3);
  });

  test('blocks and deletes others, and nobody shuts himself out', async () => {
    const { core, deed, recorded, root } = await open(engine);
    const { user_id } = await person(core, 'ann');
    expect([await toggleUser(core, user_id, deed), await toggleUser(core, user_id, deed)]).toEqual([
      { blocked: true },
      { blocked: false },
    ]);
    await deleteUser(core, user_id, deed);
    expect(recorded).toEqual(['user_block_changed', 'user_block_changed', 'user_deleted']);
    const refused = [
      userById(core, user_id),
      deleteUser(core, user_id, deed),
      toggleUser(core, root.user_id, deed),
      deleteUser(core, root.user_id, deed),
    ];
    expect(await outcomes(refused)).toEqual(['account_not_found', 'account_not_found', 'conflict', 'conflict']);
  });

  test('has a password generated, as often as may be', async () => {
    const { core, deed, recorded } = await open(engine);
    const ann = await person(core, 'ann', { password: 'secret12' });
    const { token } = await openSession(core, ann, 'user', { withCsrf: false });
    const password = await resetUserPassword(core, ann.user_id, RULES, deed);
    expect(await resolveSession(core, token, 'user')).toBeUndefined();
    const rules = { ...RULES, kind: 'login' };
    expect(await signIn(core, { login: 'ann', password }, 'user', HERE, rules)).toMatchObject({
      account: { username: 'ann' },
      csrf: expect.any(String),
    });
    const again = () => resetUserPassword(core, ann.user_id, RULES, deed);
    expect([await outcomes([again()]), await outcomes([again()]), await outcomes([again()])].flat()).toEqual([
      'ok',
      'ok',
      'rate_limited',
    ]);
    expect(recorded).toEqual(Array(3).fill('user_password_reset'));
  });

  test('revokes devices, and deletes them after that', async () => {
    const { core, deed, recorded } = await open(engine);
    const ann = await person(core, 'ann');
    const [{ device_id }, other] = [await device(core, ann), await device(core, ann)];
    expect(await outcomes([deleteAnyDevice(core, device_id, deed)])).toEqual(['conflict']);
    for (let i = 0; i < 2; i++) await revokeAnyDevice(core, device_id, deed);
    await deleteAnyDevice(core, device_id, deed);
    expect(await outcomes([revokeAnyDevice(core, device_id, deed), deleteAnyDevice(core, 'x', deed)])).toEqual([
      'not_found',
      'not_found',
    ]);
    for (let i = 0; i < 2; i++) await takeKeyAway(core, other.device_id, deed);
    expect(recorded).toEqual(['device_revoked', 'device_deleted', 'device_deleted']);
  });

  test('tries a mail server out, to himself unless he says another address', async () => {
    const { core, deed, recorded, mails } = await open(engine);
    const fields = (given: Record<string, string>) => (name: string) => given[name] ?? '';
    await saveMail(core, fields({ smtp_host: 'mail.example.org', smtp_port: '25' }), deed);
    expect(await tryMail(core, fields({}), 'en', deed)).toBeUndefined();
    expect(mails).toMatchObject([{ to: 'root@example.org', subject: 'Test mail' }]);
    expect(await tryMail(core, fields({ smtp_port: 'x' }), 'en', deed)).toContain('smtp_port');
    expect(recorded).toEqual(['smtp_settings_updated', 'smtp_test_passed', 'smtp_test_failed']);
  });
});

forEachEngine('a password that is asked for once more', engine => {
  test('is demanded, and guessed at so often', async () => {
    const { core, root } = await open(engine);
    const rules = { ...RULES, apart: true } as const;
    const codes: string[] = [];
    for (const password of ['secret12', '', 'wrong', 'wrong', 'wrong', 'secret12']) {
      codes.push(...(await outcomes([demandPassword(core, root, password, HERE, rules)])));
    }
    expect(codes).toEqual(['ok', 'password_invalid', 'forbidden', 'forbidden', 'forbidden', 'rate_limited']);
  });
});

forEachEngine('somebody who signs in', engine => {
  test('is told nothing about why not', async () => {
    const { core } = await open(engine);
    await person(core, 'ann', { password: 'secret12' });
    await person(core, 'bob', { password: 'secret12', email: 'bob@example.org', unconfirmed: true });
    const rules = { ...RULES, max: 10 };
    const attempt = (login: string, password: string, scope: 'user' | 'admin') =>
      signIn(core, { login, password }, scope, HERE, rules);
    expect(
      await outcomes([
        attempt('root', 'secret12', 'admin'),
        attempt('ann', 'secret12', 'user'),
        attempt('ann', 'secret12', 'admin'),
        attempt('ann', 'wrong', 'user'),
        attempt('bob', 'secret12', 'user'),
        attempt('', '', 'user'),
        attempt('x'.repeat(400), 'secret12', 'user'),
      ]),
    ).toEqual(['ok', 'ok', ...Array(5).fill('unauthorized')]);
  });
});
