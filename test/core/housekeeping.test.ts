import { expect, it, vi } from 'vitest';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import { storeBlob } from '../../src/core/blobs/blobs.ts';
import type { Core } from '../../src/core/context.ts';
import { keepHouse, lastHousekeeping } from '../../src/core/housekeeping.ts';
import { forEachEngine } from '../support/engines.ts';
import { openCore } from './open-core.ts';

const HOUR_MS = 3_600_000;
const ROOM = { blob: 1000, scope: 1000, account: 1000 };

async function* contentOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** A content that nobody refers to. */
async function orphan({ storage }: Core, text: string): Promise<string> {
  return (await storage.blobs.put(contentOf(text), 1000)).sha256;
}

/** Counts how often the others were asked to tidy up. */
function counter(): { others: () => Promise<void>; calls: () => number } {
  let calls = 0;
  return {
    others: async () => {
      calls++;
    },
    calls: () => calls,
  };
}

forEachEngine('housekeeping', engine => {
  it('has never been done at first', async () => {
    const { core } = await openCore(engine);
    expect(await lastHousekeeping(core)).toBeUndefined();
  });

  it('is done once by several processes that begin at once, the first time and later', async () => {
    const { another, clock } = await openCore(engine);
    const { others, calls } = counter();
    const all = () => Promise.all(Array.from({ length: 6 }, () => keepHouse(another(), others)));
    await all();
    expect(calls()).toBe(1);
    clock.advance(HOUR_MS);
    await all();
    expect(calls()).toBe(2);
  });

  it('is not done again for 55 minutes, unless it has to be done now', async () => {
    const { core, clock } = await openCore(engine);
    const { others, calls } = counter();
    await keepHouse(core, others);
    clock.advance(3_299_999);
    await keepHouse(core, others);
    expect(calls()).toBe(1);
    await keepHouse(core, others, { now: true });
    expect(calls()).toBe(2);
    clock.advance(3_300_000);
    await keepHouse(core, others);
    expect(calls()).toBe(3);
  });

  it('remembers when it was begun', async () => {
    const { core, clock } = await openCore(engine);
    clock.advance(1000);
    await keepHouse(core, async () => {});
    expect(await lastHousekeeping(core)).toEqual(new Date(clock.now()));
  });

  it('removes contents that nobody has referred to for 24 hours, and no others', async () => {
    const { core, clock } = await openCore(engine);
    const { blobs } = core.storage;
    const { user_id } = await createAccount(core, { username: 'ann' });
    const kept = await storeBlob(core, { accountId: user_id, scope: 'a' }, contentOf('kept'), ROOM);
    const old = await orphan(core, 'old');
    const touched = await orphan(core, 'touched');
    clock.advance(HOUR_MS);
    await orphan(core, 'touched');
    clock.advance(23 * HOUR_MS);
    await keepHouse(core, async () => {});
    expect(await blobs.count()).toBe(3);
    clock.advance(HOUR_MS - 1);
    await keepHouse(core, async () => {});
    expect(await blobs.stat(old)).toBeUndefined();
    expect(await blobs.stat(touched)).toBeDefined();
    expect(await blobs.count()).toBe(2);
    clock.advance(48 * HOUR_MS);
    await keepHouse(core, async () => {});
    expect(await blobs.stat(touched)).toBeUndefined();
    expect(await blobs.stat(kept.sha256)).toEqual({ size: 4 });
    expect(await blobs.count()).toBe(1);
  });

  it('that fails to sweep blobs does the rest, and is tried again in an hour, by whoever comes first', async () => {
    const { core, another, clock } = await openCore(engine);
    const { others, calls } = counter();
    const list = vi.spyOn(core.storage.blobs, 'list').mockRejectedValue(new Error('the disk is gone'));
    await expect(keepHouse(core, others)).rejects.toThrow('the disk is gone');
    list.mockRestore();
    expect(calls()).toBe(1);
    await keepHouse(another(), others);
    expect(calls()).toBe(1);
    clock.advance(HOUR_MS);
    await keepHouse(another(), others);
    expect(calls()).toBe(2);
  });
});
