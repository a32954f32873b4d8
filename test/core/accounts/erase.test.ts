import { expect, test } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { passwordChange } from '../../../src/core/access/credentials.ts';
import { authenticate } from '../../../src/core/access/login.ts';
import { issueToken, resolveToken } from '../../../src/core/access/tokens.ts';
import { register, unregister } from '../../../src/core/accounts/accounts.ts';
import { resumeErasures } from '../../../src/core/accounts/erase.ts';
import { type AccountDoc, accountsSpec, entriesSpec, tokensSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { setEntry } from '../../../src/core/entries/entries.ts';
import type { Storage } from '../../../src/storage/port.ts';
import { forEachEngine } from '../../support/engines.ts';
import { intercept } from '../intercept.ts';
import { HERE, openCore, outcomes, tally } from '../open-core.ts';

const address = '192.0.2.1';

/** Registers an account with data of every kind. */
async function registerWithData(core: Core, username: string) {
  const account = await register(core, username, 'p', HERE);
  const { token } = await issueToken(core, account);
  await issueToken(core, account, 'other');
  for (const key of ['a', 'b', 'c']) await setEntry(core, account.user_id, key, key);
  return { account, token };
}

async function left(core: Core) {
  const count = (spec: typeof entriesSpec | typeof tokensSpec | typeof accountsSpec) =>
    core.storage.collection<object>(spec as never).count({});
  return { accounts: await count(accountsSpec), tokens: await count(tokensSpec), entries: await count(entriesSpec) };
}

const WRITES = ['insert', 'put', 'update', 'delete', 'deleteMany'];

/** The storage of a process that dies at its `n`th write: just before it, or after it and before anybody knows. */
function dyingAt(storage: Storage, n: number, when: 'before' | 'after') {
  let writes = 0;
  let dead = false;
  const dying = intercept(storage, async call => {
    if (call.when === 'before' && WRITES.includes(call.method)) writes++;
    if (writes === n && call.when === when) dead = true;
    if (dead) throw new StorageUnavailableError();
  });
  return { dying, died: () => dead };
}

forEachEngine('unregistering', engine => {
  test('ends the account, its tokens and its data, and touches no other', async () => {
    const { core, clock } = await openCore(engine);
    const { account, token } = await registerWithData(core, 'ann');
    const bob = await registerWithData(core, 'bob');
    await unregister(core, await authenticate(core, { username: 'ann', password: 'p', address }));
    expect(await outcomes([resolveToken(core, token), resolveToken(core, bob.token)])).toEqual(['token_invalid', 'ok']);
    expect(await outcomes([authenticate(core, { username: 'ann', password: 'p', address })])).toEqual([
      'credentials_invalid',
    ]);
    expect(await left(core)).toEqual({ accounts: 2, tokens: 2, entries: 3 });
    const successor = await register(core, 'ann', 'p', HERE);
    expect(successor.user_id).not.toBe(account.user_id);
    clock.advance(180_000);
    await resumeErasures(core);
    expect(await left(core)).toEqual({ accounts: 2, tokens: 2, entries: 3 });
  });

  test('sweeps again what requests of before write meanwhile, for three minutes', async () => {
    const { core, clock } = await openCore(engine);
    const { account } = await registerWithData(core, 'ann');
    await unregister(core, account);
    await setEntry(core, account.user_id, 'late', 'write');
    clock.advance(30_000);
    await resumeErasures(core);
    expect(await left(core)).toEqual({ accounts: 1, tokens: 0, entries: 0 });
    await setEntry(core, account.user_id, 'later', 'write');
    clock.advance(149_999);
    await resumeErasures(core);
    expect(await left(core)).toEqual({ accounts: 1, tokens: 0, entries: 0 });
    await setEntry(core, account.user_id, 'last', 'write');
    clock.advance(1);
    await resumeErasures(core);
    expect(await left(core)).toEqual({ accounts: 0, tokens: 0, entries: 0 });
  });

  test('twice at once succeeds once', async () => {
    const { core, another } = await openCore(engine);
    const { account } = await registerWithData(core, 'ann');
    const attempts = [core, another(), core].map(one => unregister(one, account));
    expect(tally(await outcomes(attempts))).toEqual({ ok: 1, credentials_invalid: 2 });
  });

  test.each(['before', 'after'] as const)(
    'is completed by others when the process dies %s any of its writes',
    async when => {
      for (let n = 1; ; n++) {
        const { core, clock, another } = await openCore(engine);
        const { account, token } = await registerWithData(core, 'ann');
        const { dying, died } = dyingAt(core.storage, n, when);
        const [outcome] = await outcomes([unregister(another(dying), account)]);
        if (!died()) {
          expect(n).toBeGreaterThan(4);
          break;
        }
        expect(outcome).toBe('storage_unavailable');
        const unmarked = n === 1 && when === 'before';
        if (unmarked) {
          await resolveToken(core, token);
          continue;
        }
        clock.advance(3_600_000 - 1);
        await Promise.all([resumeErasures(core), resumeErasures(another())]);
        expect(await left(core), `write ${n}`).toMatchObject({ tokens: 0, entries: 0 });
        await register(core, 'ann', 'p', HERE);
        clock.advance(180_000);
        await Promise.all([resumeErasures(core), resumeErasures(another())]);
        expect(await left(core), `write ${n}`).toEqual({ accounts: 1, tokens: 0, entries: 0 });
      }
    },
  );
});

forEachEngine(
  'rules of unregistering',
  engine => {
    test('the name is not free before everything is gone', async () => {
      const { core, another, settings } = await openCore(engine);
      settings.throttle = { ...settings.throttle, enabled: false };
      const { account } = await registerWithData(core, 'ann');
      const seen: string[] = [];
      const storage = intercept(core.storage, async ({ method, when }) => {
        if (method !== 'deleteMany' || when !== 'before') return;
        seen.push(
          ...(await outcomes([
            register(core, 'ann', 'q', HERE),
            authenticate(core, { username: 'ann', password: 'p', address }),
          ])),
        );
      });
      await unregister(another(storage), account);
      expect(new Set(seen)).toEqual(new Set(['user_exists', 'credentials_invalid']));
      expect(await outcomes([register(core, 'ann', 'q', HERE)])).toEqual(['ok']);
    });

    test('sweeps until a round finds nothing', async () => {
      const { core, another } = await openCore(engine);
      const { account } = await registerWithData(core, 'ann');
      let writes = 0;
      const storage = intercept(core.storage, async ({ collection, method, when }) => {
        if (method !== 'deleteMany' || collection !== 'store' || when !== 'after' || writes === 3) return;
        await setEntry(core, account.user_id, `late${writes++}`, '');
      });
      await unregister(another(storage), account);
      expect(await left(core)).toMatchObject({ entries: 0 });
    });

    test('is refused when the password changed since it was verified', async () => {
      const { core } = await openCore(engine);
      const { account } = await registerWithData(core, 'ann');
      await core.storage.collection(accountsSpec).update([account.user_id], passwordChange(core, 'plain:new'));
      expect(await outcomes([unregister(core, account)])).toEqual(['credentials_invalid']);
      expect(await left(core)).toEqual({ accounts: 1, tokens: 2, entries: 3 });
    });

    test('an account that cannot be erased is logged and does not hold up the others', async () => {
      const { core, logged, another } = await openCore(engine);
      const accounts = core.storage.collection(accountsSpec);
      const erasing_at = new Date(core.clock.now());
      const marked: AccountDoc[] = ['a', 'b', 'c'].map(id => ({ user_id: id, username: id, erasing_at }));
      for (const account of marked) await accounts.insert(account);
      let sweeps = 0;
      const storage = intercept(core.storage, async ({ method, when }) => {
        if (method === 'deleteMany' && when === 'before' && sweeps++ === 0) throw new StorageUnavailableError();
      });
      await resumeErasures(another(storage));
      expect(logged).toEqual(['erasing an account failed; it is tried again']);
      const names = await Promise.all(marked.map(({ username = '' }) => accounts.find('username', [username])));
      expect(names.map(account => account?.username)).toEqual(['a', undefined, undefined]);
    });
  },
  ['embedded'],
);
