import { afterAll, expect, test } from 'vitest';
import { StartupError } from '../../../src/base/errors.ts';
import { authenticate } from '../../../src/core/access/login.ts';
import { issueToken, resolveToken } from '../../../src/core/access/tokens.ts';
import { changeAccount, createAccount, register } from '../../../src/core/accounts/accounts.ts';
import { ensureAdmin } from '../../../src/core/accounts/admin.ts';
import { accountsSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { createPasswords } from '../../../src/core/hashing/passwords.ts';
import { forEachEngine } from '../../support/engines.ts';
import { intercept } from '../intercept.ts';
import { HERE, openCore, outcomes } from '../open-core.ts';

const passwords = createPasswords({ cost: 4, threads: 1 });
afterAll(() => passwords.close());

forEachEngine('the admin of the configuration', engine => {
  const accountsOf = async (core: Core) => (await core.storage.collection(accountsSpec).scan({ limit: 10 })).items;
  const login = (core: Core, password: string) =>
    authenticate(core, { username: 'root', password, address: '192.0.2.1' });

  test('is made when nobody has the name, registration being closed', async () => {
    const { core, settings } = await openCore(engine, passwords);
    settings.registrationOpen = false;
    await ensureAdmin(core, 'root', 'secret');
    expect(await login(core, 'secret')).toMatchObject({ username: 'root', admin: true });
    expect(await accountsOf(core)).toHaveLength(1);
  });

  test('stays as it is at the next start, and so do its tokens', async () => {
    const { core, clock } = await openCore(engine, passwords);
    await ensureAdmin(core, 'root', 'secret');
    const before = await accountsOf(core);
    const { token } = await issueToken(core, await login(core, 'secret'));
    clock.advance(1000);
    await ensureAdmin(core, 'root', 'secret');
    expect(await accountsOf(core)).toEqual(before);
    expect(await outcomes([resolveToken(core, token)])).toEqual(['ok']);
  });

  test('gets the password of the configuration when that is another, and its tokens end', async () => {
    const { core } = await openCore(engine, passwords);
    await ensureAdmin(core, 'root', 'secret');
    const { token } = await issueToken(core, await login(core, 'secret'));
    await ensureAdmin(core, 'root', 'changed');
    expect(await outcomes([login(core, 'secret'), login(core, 'changed'), resolveToken(core, token)])).toEqual([
      'credentials_invalid',
      'ok',
      'token_invalid',
    ]);
    expect(await accountsOf(core)).toHaveLength(1);
  });

  test('is the account of that name when the password is its own', async () => {
    const { core } = await openCore(engine, passwords);
    const { user_id } = await register(core, 'root', 'secret', HERE);
    await ensureAdmin(core, 'root', 'secret');
    expect(await login(core, 'secret')).toMatchObject({ user_id, admin: true });
  });

  test('is nobody who registered the name with another password: the start ends and says why', async () => {
    const { core } = await openCore(engine, passwords);
    const account = await register(core, 'root', 'another', HERE);
    const without = await createAccount(core, { username: 'robot' });
    for (const name of ['root', 'robot']) {
      const refused = ensureAdmin(core, name, 'secret');
      await expect(refused).rejects.toThrow(StartupError);
      await expect(refused).rejects.toThrow(`"${name}"`);
      await expect(refused).rejects.not.toThrow('secret');
    }
    expect(await accountsOf(core)).toEqual(expect.arrayContaining([account, without]));
  });

  test('is waited for while an account of that name is being erased', async () => {
    const { core } = await openCore(engine, passwords);
    const { user_id } = await register(core, 'root', 'secret', HERE);
    const accounts = core.storage.collection(accountsSpec);
    await accounts.update([user_id], { set: { erasing_at: new Date(core.clock.now()) }, unset: ['password'] });
    expect(await outcomes([ensureAdmin(core, 'root', 'secret')])).toEqual(['conflict']);
    await accounts.update([user_id], { unset: ['username'] });
    await ensureAdmin(core, 'root', 'secret');
    expect(await login(core, 'secret')).toMatchObject({ admin: true });
  });

  test('is made once by several processes that start at once', async () => {
    const { core, another } = await openCore(engine, passwords);
    const starts = Array.from({ length: 6 }, () => ensureAdmin(another(), 'root', 'secret'));
    expect(await outcomes(starts)).toEqual(Array(6).fill('ok'));
    expect(await accountsOf(core)).toMatchObject([{ username: 'root', admin: true }]);
  });

  test('is not somebody who registers the name at that moment', async () => {
    const { core, another } = await openCore(engine, passwords);
    let registered = false;
    const storage = intercept(core.storage, async ({ method, when }) => {
      if (method !== 'insert' || when !== 'before' || registered) return;
      registered = true;
      await register(core, 'root', 'theirs', HERE);
    });
    await expect(ensureAdmin(another(storage), 'root', 'secret')).rejects.toThrow(StartupError);
    expect(await login(core, 'theirs')).not.toHaveProperty('admin');
  });

  test('is not an account that gets another password at that moment', async () => {
    const { core, another } = await openCore(engine, passwords);
    const account = await register(core, 'root', 'secret', HERE);
    const storage = intercept(core.storage, async ({ method, when }) => {
      if (method === 'update' && when === 'before') await changeAccount(core, account, { password: 'theirs' });
    });
    expect(await outcomes([ensureAdmin(another(storage), 'root', 'secret')])).toEqual(['conflict']);
    expect(await login(core, 'theirs')).not.toHaveProperty('admin');
  });

  test('has a name and a password that keep the rules', async () => {
    const { core } = await openCore(engine);
    expect(await outcomes([ensureAdmin(core, 'root\n', 'secret'), ensureAdmin(core, 'root', '')])).toEqual([
      'username_invalid',
      'password_invalid',
    ]);
    expect(await accountsOf(core)).toEqual([]);
  });
});
