import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { ConflictError } from '../../src/base/errors.ts';
import type { Storage } from '../../src/storage/port.ts';
import { forEachEngine } from '../support/engines.ts';
import { items } from './storage-model.ts';

const ACCOUNTS = ['x', 'y', 'z'];
const transfer = fc.record({
  from: fc.constantFrom(...ACCOUNTS),
  to: fc.constantFrom(...ACCOUNTS),
  amount: fc.integer({ min: 1, max: 30 }),
});
type Transfer = typeof transfer extends fc.Arbitrary<infer T> ? T : never;

forEachEngine('racing commits', engine => {
  test('racing transfers between accounts keep the sum', { timeout: 120_000 }, async () => {
    const { storage, another, cleanup } = await engine.open({ specs: [items] });
    onTestFinished(cleanup);
    const other = await another();
    await fc.assert(
      fc.asyncProperty(fc.array(transfer, { minLength: 2, maxLength: 12 }), async transfers => {
        const collection = storage.collection(items);
        for (const id of ACCOUNTS) await collection.put({ space: 'bank', id, total: 100, rank: 100 });
        await moveAll([storage, other], transfers);
        const { items: accounts } = await collection.scan({ prefix: ['bank'], limit: 10 });
        expect(accounts.reduce((sum, account) => sum + (account.total ?? 0), 0)).toBe(300);
        for (const account of accounts) expect(account.rank).toBe(account.total);
        const { items: byRank } = await collection.scan({
          index: 'rank',
          prefix: ['bank'],
          limit: 10,
          covered: true,
        });
        expect(byRank.map(t => t.id).toSorted()).toEqual(ACCOUNTS);
      }),
      { numRuns: engine.name === 'embedded' ? 15 : 4 },
    );
  });
});

/** Moves an amount, as long as the account has it; repeats when somebody else was faster. */
async function move(storage: Storage, { from, to, amount }: Transfer): Promise<void> {
  const collection = storage.collection(items);
  for (let attempt = 0; attempt < 200; attempt++) {
    const [payer, payee] = await Promise.all([collection.get(['bank', from]), collection.get(['bank', to])]);
    const [left = 0, had = 0] = [payer?.total, payee?.total];
    if (from === to || left < amount) return;
    const become = (key: string, before: number, after: number) => ({
      in: items,
      update: ['bank', key],
      change: { set: { total: after, rank: after } },
      expect: { total: before },
    });
    try {
      await storage.commit([become(from, left, left - amount), become(to, had, had + amount)]);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new Error('never succeeded');
}

async function moveAll(handles: readonly Storage[], transfers: readonly Transfer[]): Promise<void> {
  const racing: Promise<void>[] = [];
  for (const [i, t] of transfers.entries()) {
    const storage = handles[i % handles.length];
    if (!storage) continue;
    const moved = move(storage, t);
    // Where commits are not atomic only their sequence is promised, not what a race leaves.
    if (storage.atomicCommit) racing.push(moved);
    else await moved;
  }
  await Promise.all(racing);
}
