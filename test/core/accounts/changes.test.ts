import { afterAll, expect, test } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { authenticate } from '../../../src/core/access/login.ts';
import { openAccount } from '../../../src/core/access/standing.ts';
import { issueToken, resolveToken } from '../../../src/core/access/tokens.ts';
import {
  accountByUuid,
  changeAccount,
  changeOwnPassword,
  createAccount,
  publicId,
  register,
  unregister,
} from '../../../src/core/accounts/accounts.ts';
import { resumeErasures } from '../../../src/core/accounts/erase.ts';
import { accountsSpec } from '../../../src/core/collections.ts';
import { createPasswords } from '../../../src/core/hashing/passwords.ts';
import { forEachEngine, needs } from '../../support/engines.ts';
import { intercept } from '../intercept.ts';
import { HERE, openCore, outcomes, tally } from '../open-core.ts';

const passwords = createPasswords({ cost: 4, threads: 1 });
afterAll(() => passwords.close());
const address = '192.0.2.1';

forEachEngine('an account with a uuid', engine => {
  test('is known by it, and one without by its own id', async () => {
    const { core } = await openCore(engine);
    const [ann, ben] = [
      await createAccount(core, { username: 'ann', uuid: 'Ann!' }),
      await register(core, 'ben', 'p', HERE),
    ];
    expect(ann.user_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect([publicId(ann), publicId(ben), publicId(undefined)]).toEqual(['Ann!', ben.user_id, undefined]);
    expect(await accountByUuid(core, 'Ann!')).toEqual(ann);
    expect(await accountByUuid(core, ben.user_id)).toEqual(ben);
    for (const uuid of ['ann!', 'Ann', ann.user_id, 'ben', 'nobody']) {
      expect(await accountByUuid(core, uuid)).toBeUndefined();
    }
  });

  test('is not found by what no account can be known by', async () => {
    const { core } = await openCore(engine);
    for (const uuid of ['', 'a\0', '\ud800', 'a\n', 'x'.repeat(5000)]) {
      expect(await accountByUuid(core, uuid)).toBeUndefined();
      const refused = createAccount(core, { username: 'ann', uuid });
      expect(await outcomes([refused])).toEqual(['uuid_invalid']);
    }
    expect(await core.storage.collection(accountsSpec).count({})).toBe(0);
  });

  test.each(['é'.repeat(127), 'a', '/', '__proto__', '😀', ' '])('may be known by %j', async uuid => {
    const { core } = await openCore(engine);
    const account = await createAccount(core, { username: 'ann', uuid });
    expect(await accountByUuid(core, uuid)).toEqual(account);
  });

  test('keeps it to itself: another may not be given it, nor the id that a third is known by', async () => {
    const { core } = await openCore(engine);
    const [ann, ben] = [
      await createAccount(core, { username: 'ann', uuid: 'u' }),
      await register(core, 'ben', 'p', HERE),
    ];
    expect(
      await outcomes([
        createAccount(core, { username: 'cat', uuid: 'u' }),
        createAccount(core, { username: 'cat', uuid: ben.user_id }),
        createAccount(core, { username: 'ann', uuid: 'v' }),
        createAccount(core, { username: 'cat', uuid: ann.user_id }),
      ]),
    ).toEqual(['uuid_taken', 'uuid_taken', 'user_exists', 'ok']);
    expect((await accountByUuid(core, ann.user_id))?.username).toBe('cat');
    expect((await accountByUuid(core, 'u'))?.username).toBe('ann');
  });

  test('of several who ask for one uuid at once there is one', async () => {
    const { core, another } = await openCore(engine);
    const cores = [core, another()];
    const attempts = Array.from({ length: 8 }, (_, i) =>
      createAccount(cores[i % 2] ?? core, { username: `n${i}`, uuid: 'u' }),
    );
    expect(tally(await outcomes(attempts))).toEqual({ ok: 1, uuid_taken: 7 });
  });

  test('without a password is not opened by any', async () => {
    const { core } = await openCore(engine);
    await createAccount(core, { username: 'ann' });
    expect(await outcomes([authenticate(core, { username: 'ann', password: 'undefined', address })])).toEqual([
      'credentials_invalid',
    ]);
  });

  test('is not found while it is being erased; its uuid is free only after that', async () => {
    const { core, clock, another } = await openCore(engine);
    const account = await createAccount(core, { username: 'ann', uuid: 'u', password: 'p' });
    const dying = intercept(core.storage, async ({ method }) => {
      if (method === 'deleteMany') throw new StorageUnavailableError();
    });
    expect(await outcomes([unregister(another(dying), account)])).toEqual(['storage_unavailable']);
    expect(await accountByUuid(core, 'u')).toBeUndefined();
    expect(await outcomes([createAccount(core, { username: 'ben', uuid: 'u' })])).toEqual(['uuid_taken']);
    await resumeErasures(core);
    const ben = await createAccount(core, { username: 'ben', uuid: 'u' });
    clock.advance(60_000);
    await resumeErasures(core);
    expect(await accountByUuid(core, 'u')).toEqual(ben);
    expect(await openAccount(core, account.user_id)).toBeUndefined();
  });
});

forEachEngine('changing an account', engine => {
  const login = (core: Parameters<typeof authenticate>[0], username: string, password: string) =>
    authenticate(core, { username, password, address });

  test('gives it another name: the old one is free, password and tokens stay', async () => {
    const { core } = await openCore(engine, passwords);
    const account = await register(core, 'ann', 'p', HERE);
    const { token } = await issueToken(core, account);
    await changeAccount(core, account, { username: 'ben' });
    expect(await login(core, 'ben', 'p')).toEqual({ ...account, username: 'ben' });
    expect(
      await outcomes([login(core, 'ann', 'p'), resolveToken(core, token), register(core, 'ann', 'q', HERE)]),
    ).toEqual(['credentials_invalid', 'ok', 'ok']);
  });

  test('gives it another password, which ends its tokens and no other’s', async () => {
    const { core } = await openCore(engine, passwords);
    const [account, other] = [await register(core, 'ann', 'p', HERE), await register(core, 'ben', 'p', HERE)];
    const tokens = [
      await issueToken(core, account),
      await issueToken(core, account, 'b'),
      await issueToken(core, other),
    ];
    await changeAccount(core, account, { password: 'q' });
    expect(await outcomes([login(core, 'ann', 'p'), login(core, 'ann', 'q')])).toEqual(['credentials_invalid', 'ok']);
    expect(await outcomes(tokens.map(({ token }) => resolveToken(core, token)))).toEqual([
      'token_invalid',
      'token_invalid',
      'ok',
    ]);
  });

  test('gives a token to nobody who logged in with the old password', async () => {
    const { core } = await openCore(engine, passwords);
    const account = await register(core, 'ann', 'p', HERE);
    await changeAccount(core, account, { password: 'q' });
    expect(await outcomes([issueToken(core, account)])).toEqual(['credentials_invalid']);
  });

  test('takes the present name, both at once, and nothing at all', async () => {
    const { core } = await openCore(engine, passwords);
    const account = await register(core, 'ann', 'p', HERE);
    await changeAccount(core, account, { username: 'ann' });
    await changeAccount(core, account, {});
    await changeAccount(core, account, { username: undefined, password: undefined });
    expect(await login(core, 'ann', 'p')).toEqual(account);
    await changeAccount(core, account, { username: 'ben', password: 'q' });
    expect(await outcomes([login(core, 'ben', 'q')])).toEqual(['ok']);
  });

  test('to a name that is taken changes nothing', async context => {
    needs(context, engine, 'uniqueUpdates');
    const { core } = await openCore(engine, passwords);
    const account = await register(core, 'ann', 'p', HERE);
    await register(core, 'ben', 'p', HERE);
    const { token } = await issueToken(core, account);
    const change = changeAccount(core, account, { username: 'ben', password: 'q' });
    expect(await outcomes([change])).toEqual(['user_exists']);
    expect(await outcomes([login(core, 'ann', 'p'), resolveToken(core, token)])).toEqual(['ok', 'ok']);
  });

  test('to what breaks the rules changes nothing', async () => {
    const { core } = await openCore(engine);
    const account = await register(core, 'ann', 'p', HERE);
    expect(
      await outcomes([
        changeAccount(core, account, { username: '', password: 'q' }),
        changeAccount(core, account, { username: 'ben', password: '' }),
        changeAccount(core, account, { username: 'a\0' }),
      ]),
    ).toEqual(['username_invalid', 'password_invalid', 'username_invalid']);
    expect(await openAccount(core, account.user_id)).toEqual(account);
  });

  test('does nothing to one that is gone or being erased', async () => {
    const { core } = await openCore(engine);
    const [gone, erased] = [await register(core, 'ann', 'p', HERE), await register(core, 'ben', 'p', HERE)];
    const accounts = core.storage.collection(accountsSpec);
    await accounts.delete([gone.user_id]);
    await accounts.update([erased.user_id], { set: { erasing_at: new Date(core.clock.now()) }, unset: ['password'] });
    const changes = [gone, erased].flatMap(account => [
      changeAccount(core, account, { password: 'q' }),
      changeAccount(core, account, {}),
    ]);
    expect(await outcomes(changes)).toEqual(Array(4).fill('account_not_found'));
    expect((await accounts.get([erased.user_id]))?.password).toBeUndefined();
  });
});

forEachEngine('another password', engine => {
  test('leaves no token of before to a process that dies before or after any of its writes', async () => {
    for (let deadly = 1; ; deadly++) {
      const { core, another } = await openCore(engine);
      const account = await register(core, 'ann', 'p', HERE);
      const { token } = await issueToken(core, account);
      let calls = 0;
      const dying = intercept(core.storage, async ({ method }) => {
        if (['update', 'deleteMany'].includes(method) && ++calls >= deadly) throw new StorageUnavailableError();
      });
      const [outcome] = await outcomes([changeOwnPassword(another(dying), account, 'q', HERE)]);
      const [changed] = await outcomes([authenticate(core, { username: 'ann', password: 'q', address })]);
      if (changed === 'ok') expect(await outcomes([resolveToken(core, token)])).toEqual(['token_invalid']);
      if (outcome === 'ok') break;
      expect(deadly).toBeLessThan(20);
    }
  });
});
