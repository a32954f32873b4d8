import { expect, test } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { authenticate } from '../../../src/core/access/login.ts';
import { register } from '../../../src/core/accounts/accounts.ts';
import { throttleSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import type { Passwords } from '../../../src/core/hashing/passwords.ts';
import { type Attempt, countAttempt, throttled } from '../../../src/core/throttle/throttle.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { intercept } from '../intercept.ts';
import { openCore, outcomes, plainPasswords, tally } from '../open-core.ts';

const HERE = '192.0.2.1';
const THERE = '192.0.2.2';

/** Passwords that count what they verify; `pause` decides how long each takes. */
function countingPasswords() {
  const state = { verified: 0, pause: () => new Promise<void>(resolve => setTimeout(resolve, 2)) };
  const passwords: Passwords = {
    ...plainPasswords,
    async verify(password, hash) {
      state.verified++;
      await state.pause();
      return plainPasswords.verify(password, hash);
    },
  };
  return { state, passwords };
}

async function openThrottled(engine: Engine) {
  const { state, passwords } = countingPasswords();
  const opened = await openCore(engine, passwords);
  await register(opened.core, 'ann', 'right', { address: HERE });
  await register(opened.core, 'bob', 'right', { address: HERE });
  return { ...opened, state };
}

function login(core: Core, password: string, username = 'ann', address = HERE) {
  return authenticate(core, { username, password, address });
}

/** The outcomes of logins one after the other. */
async function inTurn(core: Core, passwords: readonly string[], username = 'ann', address = HERE): Promise<string[]> {
  const codes: string[] = [];
  for (const password of passwords) codes.push(...(await outcomes([login(core, password, username, address)])));
  return codes;
}

const wrong = (n: number) => Array<string>(n).fill('wrong');
const refused = (n: number) => Array<string>(n).fill('credentials_invalid');

forEachEngine('guessing passwords', engine => {
  test('ends after five failures, for the right password too, until the window is over', async () => {
    const { core, another, clock, state } = await openThrottled(engine);
    expect(await inTurn(core, wrong(1))).toEqual(refused(1));
    clock.advance(100_500);
    expect(await inTurn(core, wrong(4))).toEqual(refused(4));
    expect(await inTurn(core, ['wrong', 'right'])).toEqual(['rate_limited', 'rate_limited']);
    expect(await inTurn(another(), ['right'])).toEqual(['rate_limited']);
    expect(state.verified).toBe(5);
    await expect(login(core, 'right')).rejects.toMatchObject({ status: 429, retryAfter: 800 });
    clock.advance(799_499);
    await expect(login(core, 'right')).rejects.toMatchObject({ retryAfter: 1 });
    clock.advance(1);
    expect(await inTurn(core, ['right'])).toEqual(['ok']);
  });

  test('stops one account from one address, not others', async () => {
    const { core } = await openThrottled(engine);
    await inTurn(core, wrong(5));
    expect(await inTurn(core, ['right'], 'ann', THERE)).toEqual(['ok']);
    expect(await inTurn(core, ['right'], 'bob')).toEqual(['ok']);
    expect(await inTurn(core, ['right'])).toEqual(['rate_limited']);
  });

  test('in parallel, from two processes, has at most five passwords verified', async () => {
    const { core, another, state } = await openThrottled(engine);
    const other = another();
    const attempts = Array.from({ length: 50 }, (_, i) => login(i % 2 ? core : other, `wrong ${i}`));
    expect(tally(await outcomes(attempts))).toEqual({ credentials_invalid: 5, rate_limited: 45 });
    expect(state.verified).toBe(5);
  });

  test('does not stop twenty correct logins at once, from two processes', async () => {
    const { core, another } = await openThrottled(engine);
    await inTurn(core, wrong(4));
    const other = another();
    const attempts = Array.from({ length: 20 }, (_, i) => login(i % 2 ? core : other, 'right'));
    expect(tally(await outcomes(attempts))).toEqual({ ok: 20 });
  });

  test('of many accounts from one address, or of its IPv6 neighbours, ends as well', async () => {
    const { core, settings } = await openThrottled(engine);
    settings.throttle = { ...settings.throttle, failuresPerAddress: 4 };
    for (const i of [1, 2, 3, 4]) await inTurn(core, wrong(1), `nobody${i}`, `2001:db8::${i}`);
    expect(await inTurn(core, ['right'], 'ann', '2001:db8::5')).toEqual(['rate_limited']);
    expect(await inTurn(core, ['right'], 'ann', '2001:db8:0:1::5')).toEqual(['ok']);
  });
});

forEachEngine(
  'rules of the throttle',
  engine => {
    test('a correct login forgets the failures of its pair, and only those', async () => {
      const { core, settings } = await openThrottled(engine);
      settings.throttle = { ...settings.throttle, failuresPerAddress: 9 };
      expect(await inTurn(core, [...wrong(4), 'right', ...wrong(4), 'right'])).toEqual([
        ...refused(4),
        'ok',
        ...refused(4),
        'ok',
      ]);
      expect(await inTurn(core, ['wrong', 'right'])).toEqual(['credentials_invalid', 'rate_limited']);
    });

    test('correct logins leave no trace at their address', async () => {
      const { core, settings } = await openThrottled(engine);
      settings.throttle = { ...settings.throttle, failuresPerAddress: 2 };
      expect(tally(await inTurn(core, Array(10).fill('right')))).toEqual({ ok: 10 });
    });

    test('a name that nobody has is throttled as one that somebody has', async () => {
      const { core, state } = await openThrottled(engine);
      expect(await inTurn(core, wrong(7), 'nobody')).toEqual([...refused(5), 'rate_limited', 'rate_limited']);
      expect(state.verified).toBe(5);
    });

    test('a wrong password counts although a correct one cleared the counter meanwhile', async () => {
      const { core, state, settings } = await openThrottled(engine);
      settings.throttle = { ...settings.throttle, failuresPerPair: 2 };
      const quick = state.pause;
      const releases: (() => void)[] = [];
      const startSlowly = async (verified: number) => {
        state.pause = () => new Promise(resolve => releases.push(resolve));
        const result = outcomes([login(core, 'wrong')]);
        await expect.poll(() => state.verified).toBe(verified);
        state.pause = quick;
        return { result };
      };
      const before = await startSlowly(1);
      await login(core, 'right');
      const after = await startSlowly(3);
      releases[0]?.();
      expect(await before.result).toEqual(refused(1));
      const third = outcomes([login(core, 'wrong')]);
      await new Promise(resolve => setTimeout(resolve, 50));
      expect(state.verified).toBe(3);
      releases[1]?.();
      expect(await after.result).toEqual(refused(1));
      expect(await third).toEqual(['rate_limited']);
      expect(state.verified).toBe(3);
    });

    test('an attempt that ends with an error does not count', async () => {
      const { core, state, settings } = await openThrottled(engine);
      settings.throttle = { ...settings.throttle, failuresPerAddress: 5 };
      const pause = state.pause;
      state.pause = () => Promise.reject(new StorageUnavailableError());
      expect(tally(await inTurn(core, wrong(12)))).toEqual({ storage_unavailable: 12 });
      state.pause = pause;
      expect(await inTurn(core, wrong(5))).toEqual(refused(5));
    });

    test('an attempt that is refused writes nothing', async () => {
      const { core, another } = await openThrottled(engine);
      await inTurn(core, wrong(5));
      const methods = new Set<string>();
      const storage = intercept(core.storage, async ({ method }) => void methods.add(method));
      expect(await inTurn(another(storage), ['right'])).toEqual(['rate_limited']);
      expect([...methods].sort()).toEqual(['find', 'get']);
    });

    test('a wrong password that cannot be counted is not told', async () => {
      const { core, another, state } = await openThrottled(engine);
      const storage = intercept(core.storage, async ({ collection, method }) => {
        if (collection === 'throttle' && method === 'update' && state.verified > 0) throw new StorageUnavailableError();
      });
      expect(await inTurn(another(storage), ['wrong'])).toEqual(['storage_unavailable']);
    });

    test('places taken by a process that died are free after two minutes', async () => {
      const { core, another, clock, state } = await openThrottled(engine);
      const pause = state.pause;
      state.pause = () => new Promise(() => {});
      const dead = another();
      for (let i = 0; i < 5; i++) login(dead, 'right').catch(() => {});
      await expect.poll(() => state.verified).toBe(5);
      state.pause = pause;
      const waiting = outcomes([login(core, 'right')]);
      await new Promise(resolve => setTimeout(resolve, 50));
      expect(state.verified).toBe(5);
      clock.advance(120_001);
      expect(await waiting).toEqual(['ok']);
    });

    test('an attempt that takes too long for its place does not tell its result', async () => {
      const { core, clock, state } = await openThrottled(engine);
      state.pause = async () => clock.advance(100_001);
      expect(await inTurn(core, ['right', 'wrong'])).toEqual(['rate_limited', 'rate_limited']);
    });

    test('can be switched off and on while running', async () => {
      const { core, settings } = await openThrottled(engine);
      settings.throttle = { ...settings.throttle, enabled: false };
      expect(tally(await inTurn(core, wrong(20)))).toEqual({ credentials_invalid: 20 });
      expect(await core.storage.collection(throttleSpec).count({})).toBe(0);
      settings.throttle = { ...settings.throttle, enabled: true, failuresPerPair: 1 };
      expect(await inTurn(core, ['wrong', 'right'])).toEqual(['credentials_invalid', 'rate_limited']);
    });
  },
  ['embedded'],
);

const RULES = { kind: 'door', max: 3, window: 60 };

/** Attempts whose result is given. */
const tried = (core: Core, attempt: Partial<Attempt>, right?: string) =>
  throttled(core, { subjects: ['ann'], address: HERE, rules: RULES, ...attempt }, async () => right);
const codeOf = async (attempt: Promise<unknown>) => (await outcomes([attempt]))[0];

forEachEngine('attempts under rules of their own', engine => {
  test('end for a subject from wherever, and for an address on whatever subject', async () => {
    const { core, another, clock } = await openCore(engine);
    for (const address of ['192.0.2.11', '192.0.2.12', '192.0.2.13']) await tried(core, { address });
    expect(await codeOf(tried(another(), { address: '192.0.2.14' }, 'ann'))).toBe('rate_limited');
    expect(await tried(core, { subjects: ['bob'], address: '192.0.2.14' }, 'bob')).toBe('bob');
    for (const name of ['a', 'b', 'c']) await tried(core, { subjects: [name], address: THERE });
    expect(await codeOf(tried(core, { subjects: ['bob'], address: THERE }, 'bob'))).toBe('rate_limited');
    clock.advance(59_999);
    await expect(tried(core, {}, 'ann')).rejects.toMatchObject({ retryAfter: 1 });
    clock.advance(1);
    expect(await tried(core, {}, 'ann')).toBe('ann');
  });

  test('count apart from those of another kind, and from those of none', async () => {
    const { core, state } = await openThrottled(engine);
    for (let i = 0; i < 3; i++) await tried(core, {});
    expect(await codeOf(tried(core, {}, 'ann'))).toBe('rate_limited');
    expect(await tried(core, { rules: { ...RULES, kind: 'window' } }, 'ann')).toBe('ann');
    expect(await tried(core, { rules: undefined }, 'ann')).toBe('ann');
    expect(await inTurn(core, ['right'])).toEqual(['ok']);
    expect(state.verified).toBe(1);
  });

  test('on two subjects fail for both, and succeed for one without a trace at the other', async () => {
    const { core } = await openCore(engine);
    const both = { subjects: ['bob', 'ann'] };
    const places = ['192.0.2.21', '192.0.2.22', '192.0.2.23', '192.0.2.24', '192.0.2.25', '192.0.2.26'];
    for (let i = 0; i < 9; i++) expect(await tried(core, both, 'ann')).toBe('ann');
    for (const address of places.slice(0, 2)) expect(await tried(core, { ...both, address })).toBeUndefined();
    expect(await tried(core, both, 'ann')).toBe('ann');
    for (const address of places.slice(2, 4)) await tried(core, { address });
    expect(await tried(core, { address: places[4] ?? '' }, 'ann')).toBe('ann');
    await tried(core, { subjects: ['bob'], address: places[5] ?? '' });
    expect(await codeOf(tried(core, { subjects: ['bob'] }, 'bob'))).toBe('rate_limited');
    expect(await codeOf(tried(core, both, 'ann'))).toBe('rate_limited');
    expect(await tried(core, {}, 'ann')).toBe('ann');
  });

  test('on two subjects at once, whichever comes first, do not wait for each other for ever', async () => {
    const { core, another } = await openCore(engine);
    const other = another();
    const rules = { ...RULES, max: 1 };
    const attempts = Array.from({ length: 20 }, (_, i) =>
      tried(i % 2 ? core : other, { subjects: i % 3 ? ['ann', 'bob'] : ['bob', 'ann'], rules }, 'ann'),
    );
    expect(await Promise.all(attempts)).toEqual(Array(20).fill('ann'));
  });

  test('that are too many are refused without a write', async () => {
    const { core, another } = await openCore(engine);
    for (let i = 0; i < 3; i++) await tried(core, {});
    const methods = new Set<string>();
    const storage = intercept(core.storage, async ({ method }) => void methods.add(method));
    expect(await codeOf(tried(another(storage), {}, 'ann'))).toBe('rate_limited');
    expect([...methods]).toEqual(['get']);
  });
});

forEachEngine('attempts that count however they end', engine => {
  const counted = (core: Core, given: Partial<Attempt> = {}) =>
    codeOf(countAttempt(core, { subjects: ['ann'], address: HERE, rules: RULES, ...given }));

  test('end for a subject and for an address, until the window is over, which the refused do not make longer', async () => {
    const { core, clock } = await openCore(engine);
    expect([await counted(core), await counted(core), await counted(core)]).toEqual(['ok', 'ok', 'ok']);
    clock.advance(30_500);
    for (let i = 0; i < 3; i++) expect(await counted(core)).toBe('rate_limited');
    expect(await counted(core, { address: THERE })).toBe('rate_limited');
    expect(await counted(core, { subjects: [] })).toBe('rate_limited');
    expect(await counted(core, { subjects: ['bob'], address: THERE })).toBe('ok');
    await expect(countAttempt(core, { subjects: ['ann'], address: THERE, rules: RULES })).rejects.toMatchObject({
      retryAfter: 30,
    });
    clock.advance(29_500);
    expect(await counted(core)).toBe('ok');
  });

  test('at once, from two processes, are no more than the limit', async () => {
    const { core, another } = await openCore(engine);
    const other = another();
    const attempts = Array.from({ length: 20 }, (_, i) => counted(i % 2 ? core : other, { subjects: [] }));
    expect(tally((await Promise.all(attempts)).map(String))).toEqual({ ok: 3, rate_limited: 17 });
  });

  test('can be switched off', async () => {
    const { core, settings } = await openCore(engine);
    settings.throttle = { ...settings.throttle, enabled: false };
    for (let i = 0; i < 9; i++) expect(await counted(core)).toBe('ok');
    expect(await core.storage.collection(throttleSpec).count({})).toBe(0);
  });
});
