import { expect, test } from 'vitest';
import { createAccount } from '../../../src/core/accounts/accounts.ts';
import { accountUsageSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { deleteEntry, setEntry } from '../../../src/core/entries/entries.ts';
import { meterOf, refreshMeters, usageOf, usedOf } from '../../../src/core/quotas/meters.ts';
import { forEachEngine } from '../../support/engines.ts';
import { intercept } from '../intercept.ts';
import { openCore, outcomes, tally } from '../open-core.ts';

let names = 0;

async function newAccount(core: Core): Promise<string> {
  return (await createAccount(core, { username: `writer-${++names}`, password: 'right' })).user_id;
}

/** Writes keys `<name><i>`, one after another; how each went. */
async function fill(core: Core, account: string, name: string, count: number, value = 'x'): Promise<string[]> {
  const codes: string[] = [];
  for (let i = 0; i < count; i++) codes.push(...(await outcomes([setEntry(core, account, `${name}${i}`, value)])));
  return codes;
}

/** Waits until something is so: what was counted just now is not counted again at once. */
async function eventually(what: () => Promise<boolean>): Promise<void> {
  await expect.poll(what, { timeout: 10_000, interval: 20 }).toBe(true);
}

forEachEngine('the room of an account', engine => {
  test('is for so many keys; a full account still replaces and deletes, and what goes makes room', async () => {
    const { core, settings } = await openCore(engine);
    const account = await newAccount(core);
    settings.quota = { bytes: 1e9, keys: 5 };
    expect(tally(await fill(core, account, 'k', 7))).toEqual({ ok: 5, quota_exceeded: 2 });
    await expect(setEntry(core, account, 'more', '')).rejects.toMatchObject({
      status: 507,
      details: { unit: 'keys', used: 5, limit: 5 },
      message: expect.stringContaining('[LIMITS] account_keys'),
    });
    await setEntry(core, account, 'k0', 'a longer value');
    await deleteEntry(core, account, 'k1');
    await setEntry(core, account, 'k9', 'in its place');
    expect(await outcomes([setEntry(core, account, 'k10', '')])).toEqual(['quota_exceeded']);
    expect(await outcomes([setEntry(core, await newAccount(core), 'k', 'of another')])).toEqual(['ok']);
  });

  test('is for so many bytes; what is over it may become less, and what went makes room', async () => {
    const { core, settings } = await openCore(engine);
    const account = await newAccount(core);
    settings.quota = { bytes: 1000, keys: 100 };
    await setEntry(core, account, 'a', 'x'.repeat(900));
    expect(await outcomes([setEntry(core, account, 'b', 'x'.repeat(101))])).toEqual(['quota_exceeded']);
    await setEntry(core, account, 'b', 'x'.repeat(100));
    expect(await outcomes([setEntry(core, account, 'b', 'x'.repeat(101))])).toEqual(['quota_exceeded']);
    settings.quota = { bytes: 10, keys: 100 };
    await setEntry(core, account, 'a', 'x'.repeat(800));
    expect(await outcomes([setEntry(core, account, 'c', 'x')])).toEqual(['quota_exceeded']);
    settings.quota = { bytes: 1000, keys: 100 };
    await setEntry(core, account, 'c', 'x'.repeat(100));
    await deleteEntry(core, account, 'a');
    await eventually(async () => (await outcomes([setEntry(core, account, 'd', 'x'.repeat(800))]))[0] === 'ok');
    expect(await usageOf(core, account)).toEqual({ bytes: 1000, keys: 3 });
  });

  test('is not exceeded by many writes at once', async () => {
    const { core, settings } = await openCore(engine);
    const account = await newAccount(core);
    settings.quota = { bytes: 1e9, keys: 10 };
    const writes = Array.from({ length: 30 }, (_, i) => setEntry(core, account, `k${i}`, i));
    expect(tally(await outcomes(writes))).toEqual({ ok: 10, quota_exceeded: 20 });
  });

  test('is right again after writes to one key that did not know of each other', async () => {
    const { core, settings } = await openCore(engine);
    const account = await newAccount(core);
    settings.quota = { bytes: 1e9, keys: 3 };
    for (const key of ['a', 'b', 'c']) {
      await eventually(async () => {
        const codes = await outcomes(Array.from({ length: 8 }, () => setEntry(core, account, key, 'x')));
        return codes.every(code => code === 'ok');
      });
    }
    expect(await outcomes([setEntry(core, account, 'd', 'x')])).toEqual(['quota_exceeded']);
    await eventually(async () => (await usageOf(core, account)).keys === 3);
  });

  test('does not become more by writers that replace one value by less at the same moment', async () => {
    const { core, settings } = await openCore(engine);
    const account = await newAccount(core);
    settings.quota = { bytes: 1000, keys: 100 };
    await setEntry(core, account, 'a', 'x'.repeat(900));
    await outcomes(Array.from({ length: 10 }, () => setEntry(core, account, 'a', 'x')));
    await eventually(async () => (await outcomes([setEntry(core, account, 'b', 'x'.repeat(900))]))[0] === 'ok');
    expect(tally(await fill(core, account, 'k', 2, 'x'.repeat(100)))).toEqual({ quota_exceeded: 2 });
  });

  test('is known to a process that was started after another one was killed', async () => {
    const { core, settings, another } = await openCore(engine);
    const account = await newAccount(core);
    settings.quota = { bytes: 1e9, keys: 4 };
    await fill(core, account, 'k', 4);
    expect(await outcomes([setEntry(another(), account, 'more', 'x')])).toEqual(['quota_exceeded']);
  });

  test('is what all processes write together, as soon as each has looked', async () => {
    const { core, settings, another } = await openCore(engine);
    const account = await newAccount(core);
    settings.quota = { bytes: 1e9, keys: 10 };
    const other = another();
    await fill(core, account, 'a', 1);
    await fill(other, account, 'b', 1);
    await fill(core, account, 'c', 8);
    const looked = async () => {
      await refreshMeters(core);
      await refreshMeters(other);
      return usedOf(meterOf(other, account)).keys === 10;
    };
    await fill(other, account, 'b', 1, 'the same key');
    await eventually(looked);
    expect(await outcomes([setEntry(other, account, 'more', 'x')])).toEqual(['quota_exceeded']);
    await deleteEntry(core, account, 'c0');
    await eventually(async () => (await outcomes([setEntry(other, account, 'at.last', 'x')]))[0] === 'ok');
  });

  test('is given back by a write that fails', async () => {
    const { core, settings, another } = await openCore(engine);
    const account = await newAccount(core);
    settings.quota = { bytes: 1e9, keys: 1 };
    let failing = true;
    const broken = another(
      intercept(core.storage, async ({ collection, method, when }) => {
        if (failing && collection === 'store' && method === 'insert' && when === 'before') throw new Error('broken');
      }),
    );
    for (let i = 0; i < 3; i++)
      expect(await outcomes([setEntry(broken, account, 'k', 'x')])).toEqual(['Error: broken']);
    failing = false;
    expect(await outcomes([setEntry(broken, account, 'k', 'x')])).toEqual(['ok']);
  });

  test('costs no look into the storage from the second write on', async () => {
    const { core, another } = await openCore(engine);
    const account = await newAccount(core);
    const calls: string[] = [];
    const watched = another(
      intercept(core.storage, async ({ collection, method, when }) => {
        if (when === 'before') calls.push(`${collection} ${method}`);
      }),
    );
    await setEntry(watched, account, 'a', 'x');
    calls.length = 0;
    await fill(watched, account, 'b', 20);
    expect(tally(calls)).toEqual({ 'store getEnded': 20, 'store insert': 20 });
  });

  test('of an account that is gone leaves nothing behind', async () => {
    const { core } = await openCore(engine);
    await setEntry(core, 'nobody', 'a', 'x');
    expect(await usageOf(core, 'nobody')).toEqual({ bytes: 1, keys: 1 });
    await refreshMeters(core);
    expect(await core.storage.collection(accountUsageSpec).count({})).toBe(0);
  });
});

forEachEngine(
  'what a full account deletes',
  engine => {
    test('is room for the next write, however soon it comes', async () => {
      const { core, settings, another } = await openCore(engine);
      const account = await newAccount(core);
      settings.quota = { bytes: 1000, keys: 100 };
      await setEntry(core, account, 'a', 'x'.repeat(1000));
      const other = another();
      for (const process of [core, other, core, other]) {
        expect(await outcomes([setEntry(process, account, 'b', 'x')])).toEqual(['quota_exceeded']);
        await deleteEntry(core, account, 'a');
        await setEntry(process, account, 'a', 'x'.repeat(1000));
      }
    });
  },
  ['embedded'],
);
