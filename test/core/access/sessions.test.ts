import { expect, test } from 'vitest';
import { closeSession, openSession, resolveSession } from '../../../src/core/access/sessions.ts';
import { changeAccount, createAccount, setBlocked, unregister } from '../../../src/core/accounts/accounts.ts';
import { accountsSpec, sessionsSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { intercept } from '../intercept.ts';
import { openCore, outcomes } from '../open-core.ts';

const DAY = 86_400_000;
const HEX = /^[0-9a-f]{64}$/;

async function openWithAccount(engine: Engine, given: { admin?: true } = {}) {
  const opened = await openCore(engine);
  const account = await createAccount(opened.core, { username: 'ann', password: 'p', ...given });
  return { ...opened, account };
}

const live = async (core: Core, token: string, scope: 'user' | 'admin' = 'user') =>
  (await resolveSession(core, token, scope)) !== undefined;
const stored = (core: Core) => core.storage.collection(sessionsSpec).scan({ limit: 100 });

forEachEngine('a session', engine => {
  test('is known by its token for 24 hours, at every process', async () => {
    const { core, another, clock, account } = await openWithAccount(engine);
    const { token, csrf } = await openSession(core, account, 'user', { withCsrf: true });
    expect([token, csrf]).toEqual([expect.stringMatching(HEX), expect.stringMatching(HEX)]);
    expect((await resolveSession(another(), token, 'user'))?.account.user_id).toBe(account.user_id);
    clock.advance(DAY - 1);
    expect(await live(core, token)).toBe(true);
    clock.advance(1);
    expect(await live(core, token)).toBe(false);
  });

  test('is stored as hashes only, without one for changes where none was asked for', async () => {
    const { core, account } = await openWithAccount(engine);
    const { token, csrf } = await openSession(core, account, 'user', { withCsrf: true });
    const program = await openSession(core, account, 'user', { withCsrf: false });
    expect(Object.keys(program)).toEqual(['token']);
    const { items } = await stored(core);
    const text = JSON.stringify(items);
    for (const secret of [token, csrf, program.token]) expect(text).not.toContain(secret);
    expect(items.map(({ csrf_hash }) => csrf_hash === undefined).sort()).toEqual([false, true]);
  });

  test('of one scope does not open the other, nor do other texts', async () => {
    const { core, account } = await openWithAccount(engine, { admin: true });
    const user = await openSession(core, account, 'user', { withCsrf: true });
    const admin = await openSession(core, account, 'admin', { withCsrf: true });
    expect([await live(core, user.token, 'admin'), await live(core, admin.token, 'user')]).toEqual([false, false]);
    expect([await live(core, user.token), await live(core, admin.token, 'admin')]).toEqual([true, true]);
    for (const text of ['', user.csrf ?? '', user.token.toUpperCase(), `${user.token}0`, 'x'.repeat(5000)]) {
      expect(await live(core, text)).toBe(false);
    }
    expect(await resolveSession(core, undefined, 'user')).toBeUndefined();
  });

  test('ends by itself alone, and may end twice', async () => {
    const { core, account } = await openWithAccount(engine);
    const [one, other] = [
      await openSession(core, account, 'user', { withCsrf: true }),
      await openSession(core, account, 'user', { withCsrf: true }),
    ];
    const session = await resolveSession(core, one.token, 'user');
    if (session === undefined) throw new Error('no session');
    await closeSession(core, session.doc);
    await closeSession(core, session.doc);
    expect([await live(core, one.token), await live(core, other.token)]).toEqual([false, true]);
  });

  test('ends with a new password, a block, and the account', async () => {
    const { core, account } = await openWithAccount(engine);
    const open = async () => {
      const present = await core.storage.collection(accountsSpec).get([account.user_id]);
      return (await openSession(core, present ?? account, 'user', { withCsrf: true })).token;
    };
    const first = await open();
    await changeAccount(core, account, { password: 'another' });
    expect(await live(core, first)).toBe(false);
    const second = await open();
    await setBlocked(core, account, true);
    await setBlocked(core, account, false);
    expect(await live(core, second)).toBe(false);
    const third = await open();
    const present = await core.storage.collection(accountsSpec).get([account.user_id]);
    await unregister(core, present ?? account);
    expect(await live(core, third)).toBe(false);
    expect((await stored(core)).items).toEqual([]);
  });

  test('is refused as long as its account may use nothing', async () => {
    const { core, account } = await openWithAccount(engine, { admin: true });
    const { token } = await openSession(core, account, 'admin', { withCsrf: true });
    const accounts = core.storage.collection(accountsSpec);
    const now = new Date(core.clock.now());
    for (const set of [{ blocked_at: now }, { unconfirmed_at: now }, { erasing_at: now }]) {
      await accounts.update([account.user_id], { set });
      expect(await live(core, token, 'admin')).toBe(false);
      const unset = Object.keys(set) as (keyof typeof account)[];
      await accounts.update([account.user_id], { unset });
      expect(await live(core, token, 'admin')).toBe(true);
    }
    await accounts.update([account.user_id], { unset: ['admin'] });
    expect(await live(core, token, 'admin')).toBe(false);
  });

  test.each([
    ['gets another password', (core: Core, id: string) => changeAccount(core, { user_id: id }, { password: 'other' })],
    ['is blocked', (core: Core, id: string) => setBlocked(core, { user_id: id }, true)],
  ])('is not opened for an account that %s meanwhile', async (_, change) => {
    for (const [method, when] of [
      ['insert', 'before'],
      ['insert', 'after'],
    ] as const) {
      const { core, another, account } = await openWithAccount(engine);
      const storage = intercept(core.storage, async call => {
        if (call.collection === 'sessions' && call.method === method && call.when === when) {
          await change(core, account.user_id);
        }
      });
      const opening = openSession(another(storage), account, 'user', { withCsrf: true });
      expect(await outcomes([opening])).toEqual(['credentials_invalid']);
      expect((await stored(core)).items).toEqual([]);
    }
  });

  test('notes when its account was here last', async () => {
    const { core, clock, account } = await openWithAccount(engine);
    clock.advance(7_000);
    await openSession(core, account, 'user', { withCsrf: false });
    const present = await core.storage.collection(accountsSpec).get([account.user_id]);
    expect(present?.last_seen).toEqual(new Date(clock.now()));
  });
});
