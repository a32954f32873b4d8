import { afterAll, expect, test } from 'vitest';
import { authenticate } from '../../../src/core/access/login.ts';
import { createAccount, register, setBlocked, unregister } from '../../../src/core/accounts/accounts.ts';
import { accountsSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { createPasswords } from '../../../src/core/hashing/passwords.ts';
import { forEachEngine } from '../../support/engines.ts';
import { HERE, openCore, outcomes, tally } from '../open-core.ts';

const passwords = createPasswords({ cost: 4, threads: 1 });
afterAll(() => passwords.close());
const address = '192.0.2.1';

forEachEngine('accounts', engine => {
  test('a registered account logs in with its password only', async () => {
    const { core } = await openCore(engine, passwords);
    const account = await register(core, 'ann', 's3cret', HERE);
    expect(account.user_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(await authenticate(core, { username: 'ann', password: 's3cret', address })).toEqual(account);
    expect(
      await outcomes([
        authenticate(core, { username: 'ann', password: 's3creT', address }),
        authenticate(core, { username: 'Ann', password: 's3cret', address }),
        authenticate(core, { username: ' ann', password: 's3cret', address }),
      ]),
    ).toEqual(['credentials_invalid', 'credentials_invalid', 'credentials_invalid']);
  });

  test('an unknown name and a wrong password are refused alike', async () => {
    const { core } = await openCore(engine, passwords);
    await register(core, 'ann', 's3cret', HERE);
    const refusal = (username: string) =>
      authenticate(core, { username, password: 'wrong', address }).catch(({ status, code, message }) => ({
        status,
        code,
        message,
      }));
    expect(await refusal('bob')).toEqual(await refusal('ann'));
  });

  test('of 8 registrations of one name at once, from two processes, one wins', async () => {
    const { core, another } = await openCore(engine, passwords);
    const other = another();
    const attempts = Array.from({ length: 8 }, (_, i) => register(i % 2 ? core : other, 'ann', `password ${i}`, HERE));
    expect(tally(await outcomes(attempts))).toEqual({ ok: 1, user_exists: 7 });
    expect(await core.storage.collection(accountsSpec).count({})).toBe(1);
    const winner = (await Promise.allSettled(attempts)).findIndex(result => result.status === 'fulfilled');
    await authenticate(core, { username: 'ann', password: `password ${winner}`, address });
  });

  test('an account of the original service logs in', async () => {
    const { core } = await openCore(engine, passwords);
    const original = {
      user_id: '0b3c7c6e-0f4e-4a53-8f0a-3c0a1f7d7f11',
      username: 'U',
      password: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    };
    await core.storage.collection(accountsSpec).insert(original);
    expect(await authenticate(core, { username: 'U', password: 'U*U', address })).toMatchObject(original);
  });
});

forEachEngine('a login by e-mail', engine => {
  const login = (core: Core, username: string, password: string) =>
    authenticate(core, { username, password, address }, { byEmail: true });

  test('takes the e-mail in any letter case, and the name as it is', async () => {
    const { core } = await openCore(engine);
    const account = await createAccount(core, { username: 'ann', password: 'p', email: 'ann@example.org' });
    for (const name of ['ann', 'ann@example.org', 'ANN@Example.org', ' ann@example.org ']) {
      expect((await login(core, name, 'p')).user_id).toBe(account.user_id);
    }
    for (const name of ['ANN', ' ann', 'ann@example', '', 'a\0']) {
      expect(await outcomes([login(core, name, 'p')])).toEqual(['credentials_invalid']);
    }
    expect(await outcomes([authenticate(core, { username: 'ann@example.org', password: 'p', address })])).toEqual([
      'credentials_invalid',
    ]);
  });

  test('means the account whose password it is, where a name is the e-mail of another', async () => {
    const { core } = await openCore(engine);
    const mailed = await createAccount(core, { username: 'ann', password: 'of ann', email: 'ann@example.org' });
    const named = await register(core, 'ann@example.org', 'of the named one', HERE);
    expect((await login(core, 'ann@example.org', 'of ann')).user_id).toBe(mailed.user_id);
    expect((await login(core, 'ann@example.org', 'of the named one')).user_id).toBe(named.user_id);
    expect((await login(core, 'ANN@example.org', 'of ann')).user_id).toBe(mailed.user_id);
    expect(await outcomes([login(core, 'ann@example.org', 'of neither')])).toEqual(['credentials_invalid']);
    await unregister(core, named);
    expect((await login(core, 'ann@example.org', 'of ann')).user_id).toBe(mailed.user_id);
  });

  test('tells that an account may get nothing only to who knows its password', async () => {
    const { core } = await openCore(engine);
    const email = 'ann@example.org';
    const account = await createAccount(core, { username: 'ann', password: 'p', email, unconfirmed: true });
    expect(await outcomes([login(core, email, 'wrong'), login(core, email, 'p')])).toEqual([
      'credentials_invalid',
      'email_unconfirmed',
    ]);
    await setBlocked(core, account, true);
    expect(await outcomes([login(core, 'ann', 'wrong'), login(core, 'ann', 'p')])).toEqual([
      'credentials_invalid',
      'account_blocked',
    ]);
  });

  test('counts failures of an unknown address however it is written', async () => {
    const { core } = await openCore(engine);
    const names = ['no@body.org', 'NO@body.org', 'No@Body.org', ' no@body.org', 'no@BODY.org', 'no@body.ORG'];
    const codes = [];
    for (const name of names) codes.push(...(await outcomes([login(core, name, 'wrong')])));
    expect(codes).toEqual([...Array(5).fill('credentials_invalid'), 'rate_limited']);
  });
});

forEachEngine(
  'rules of accounts',
  engine => {
    test('a taken name is refused before anything is hashed', async () => {
      let hashed = 0;
      const { core } = await openCore(engine, {
        ...passwords,
        hash: async () => `${hashed++}`,
      });
      await register(core, 'ann', 'a', HERE);
      expect(await outcomes([register(core, 'ann', 'b', HERE)])).toEqual(['user_exists']);
      expect(hashed).toBe(1);
    });

    test('closed registration is refused, and opens without a restart', async () => {
      const { core, settings } = await openCore(engine);
      settings.registrationOpen = false;
      expect(await outcomes([register(core, 'ann', 'a', HERE)])).toEqual(['registration_closed']);
      settings.registrationOpen = true;
      await register(core, 'ann', 'a', HERE);
    });

    test('names and passwords that break the rules are refused', async () => {
      const { core } = await openCore(engine);
      expect(
        await outcomes([
          register(core, '', 'a', HERE),
          register(core, 'ann', '', HERE),
          authenticate(core, { username: 'a\0', password: 'a', address }),
          authenticate(core, { username: 'ann', password: '\ud800', address }),
        ]),
      ).toEqual(['username_invalid', 'password_invalid', 'username_invalid', 'password_invalid']);
    });

    test('a blocked account, one being erased and one without a password do not log in', async () => {
      const { core } = await openCore(engine);
      const accounts = core.storage.collection(accountsSpec);
      const at = new Date(core.clock.now());
      await accounts.insert({ user_id: 'a', username: 'blocked', password: 'plain:p', blocked_at: new Date(0) });
      await accounts.insert({ user_id: 'b', username: 'erased', password: 'plain:p', erasing_at: at });
      await accounts.insert({ user_id: 'c', username: 'without' });
      const login = (username: string) => authenticate(core, { username, password: 'p', address });
      expect(await outcomes([login('blocked'), login('erased'), login('without')])).toEqual([
        'account_blocked',
        'credentials_invalid',
        'credentials_invalid',
      ]);
      expect(await outcomes([register(core, 'erased', 'p', HERE)])).toEqual(['user_exists']);
    });
  },
  ['embedded'],
);
