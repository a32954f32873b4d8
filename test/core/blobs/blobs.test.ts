import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAccount } from '../../../src/core/accounts/accounts.ts';
import { blobOf, demandWhole, readBlob, storeBlob, sweepBlobs } from '../../../src/core/blobs/blobs.ts';
import type { BlobLimits, BlobOwner } from '../../../src/core/blobs/room.ts';
import { accountsSpec, blobRefsSpec, blobUsageSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { blobUsage } from '../../support/blob-usage.ts';
import { forEachEngine } from '../../support/engines.ts';
import { intercept } from '../intercept.ts';
import { openCore, outcomes, tally } from '../open-core.ts';

const ROOMY: BlobLimits = { blob: 1_000_000, scope: 1_000_000, account: 1_000_000 };
const DAY = 24 * 3_600_000;

let names = 0;

/** A new account and a scope of it. */
async function newOwner(core: Core, scope = 'here/a'): Promise<BlobOwner> {
  const { user_id } = await createAccount(core, { username: `owner-${++names}`, password: 'right' });
  return { accountId: user_id, scope };
}

async function* inPieces(...pieces: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');
const store = (core: Core, owner: BlobOwner, content: string | Uint8Array, limits = ROOMY) =>
  storeBlob(core, owner, inPieces(content), limits);

async function read(core: Core, owner: BlobOwner, content: string | Uint8Array): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of await readBlob(core, await blobOf(core, owner, sha256(content)))) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

async function kept({ storage }: Core): Promise<string[]> {
  return (await storage.blobs.list()).items.map(blob => blob.sha256);
}

/** Everything that is recorded of an account's blobs. */
async function recorded({ storage }: Core, { accountId }: BlobOwner): Promise<unknown[]> {
  const refs = await storage.collection(blobRefsSpec).scan({ prefix: [accountId], limit: 100 });
  const usage = await storage.collection(blobUsageSpec).scan({ prefix: [accountId], limit: 100 });
  return [...refs.items, ...usage.items];
}

forEachEngine('blobs of accounts', engine => {
  test('are recorded once for each scope, and their bytes for scope and account', async () => {
    const { core, clock } = await openCore(engine);
    const owner = await newOwner(core);
    const there = { ...owner, scope: 'there/a' };
    for (const [one, content] of [
      [owner, 'shared'],
      [owner, 'shared'],
      [owner, 'own'],
      [there, 'shared'],
      [there, ''],
    ] as const) {
      expect(await store(core, one, content)).toEqual({ sha256: sha256(content), size: content.length });
    }
    expect(await blobUsage(core, owner)).toEqual({ bytes: 9, count: 2 });
    expect(await blobUsage(core, there)).toEqual({ bytes: 6, count: 2 });
    expect(await blobUsage(core, { ...owner, scope: '' })).toEqual({ bytes: 15, count: 4 });
    expect(await blobUsage(core, await newOwner(core))).toEqual({ bytes: 0, count: 0 });
    expect(await blobOf(core, owner, sha256('own'))).toEqual({
      user_id: owner.accountId,
      scope: owner.scope,
      hash: sha256('own'),
      size: 3,
      created_at: new Date(clock.now()),
    });
    expect(await read(core, there, 'shared')).toBe('shared');
    expect(await kept(core)).toEqual([sha256('shared'), sha256('own'), sha256('')].sort());
  });

  test('are found by their owner only', async () => {
    const { core } = await openCore(engine);
    const owner = await newOwner(core);
    await store(core, owner, 'mine');
    const others = [{ ...owner, scope: 'here/b' }, { ...owner, scope: '' }, await newOwner(core)];
    for (const other of others) {
      await expect(blobOf(core, other, sha256('mine'))).rejects.toMatchObject({ status: 404, code: 'blob_not_found' });
    }
    await expect(blobOf(core, owner, sha256('yours'))).rejects.toMatchObject({ status: 404, code: 'blob_not_found' });
  });

  test('are read from one byte to another', async () => {
    const { core } = await openCore(engine);
    const owner = await newOwner(core);
    await store(core, owner, '0123456789');
    const ref = await blobOf(core, owner, sha256('0123456789'));
    const pieces: Uint8Array[] = [];
    for await (const piece of await readBlob(core, ref, { start: 3, end: 6 })) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe('3456');
  });

  test('whose content is gone or has another size are not read', async () => {
    const { core } = await openCore(engine);
    const owner = await newOwner(core);
    await store(core, owner, 'gone');
    await store(core, owner, 'changed');
    await core.storage.blobs.delete(sha256('gone'));
    const gone = await blobOf(core, owner, sha256('gone'));
    for (const look of [readBlob, demandWhole]) {
      await expect(look(core, gone)).rejects.toMatchObject({ status: 404, code: 'blob_not_found' });
    }
    const changed = { ...(await blobOf(core, owner, sha256('changed'))), size: 8 };
    for (const look of [readBlob, demandWhole]) {
      await expect(look(core, changed)).rejects.toMatchObject({ status: 500, code: 'blob_unavailable' });
    }
    await store(core, owner, 'gone');
    expect(await read(core, owner, 'gone')).toBe('gone');
  });

  test('that are too large, or do not come to their end, leave nothing', async () => {
    const { core } = await openCore(engine);
    const owner = await newOwner(core);
    await expect(store(core, owner, '12345', { ...ROOMY, blob: 4 })).rejects.toMatchObject({
      status: 413,
      code: 'request_too_large',
    });
    const broken = new Error('the client went away');
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield randomBytes(300_000);
      throw broken;
    }
    expect(await storeBlob(core, owner, breaking(), ROOMY).catch(error => error)).toBe(broken);
    expect([await kept(core), await recorded(core, owner)]).toEqual([[], []]);
    await sweepBlobs(core);
    expect(await core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
  });

  test.each([
    ['scope', { ...ROOMY, scope: 10 }],
    ['account', { ...ROOMY, account: 10 }],
  ])('that do not fit into the %s leave nothing, and fit when they are there already', async (_, limits) => {
    const { core } = await openCore(engine);
    const owner = await newOwner(core);
    await store(core, owner, '12345678', limits);
    const before = await recorded(core, owner);
    await expect(store(core, owner, 'abc', limits)).rejects.toMatchObject({
      status: 413,
      code: 'blob_quota_exceeded',
      details: { limit: 10 },
    });
    expect([await kept(core), await recorded(core, owner)]).toEqual([[sha256('12345678')], before]);
    const full = { ...limits, scope: 1, account: 1 };
    expect(await store(core, owner, '12345678', full)).toEqual({ sha256: sha256('12345678'), size: 8 });
    await store(core, owner, 'ab', limits);
    expect((await blobUsage(core, owner)).bytes).toBe(10);
  });

  test('of one account never take more than there is, in one process and in several', async () => {
    const { core, another } = await openCore(engine);
    const owner = await newOwner(core);
    const processes = [core, another()];
    const attempts = Array.from({ length: 20 }, (_, i) => {
      const one = { ...owner, scope: `here/${i % 3}` };
      return store(processes[i % 2] ?? core, one, `content ${i}`.padEnd(100, '.'), { ...ROOMY, account: 750 });
    });
    expect(tally(await outcomes(attempts))).toEqual({ ok: 7, blob_quota_exceeded: 13 });
    expect(await blobUsage(core, { ...owner, scope: '' })).toEqual({ bytes: 700, count: 7 });
    // No look at the room is in vain in one process: nothing is stored that cannot be recorded.
    const sole = await newOwner(core);
    const before = await kept(core);
    const more = Array.from({ length: 10 }, (_, i) => store(core, sole, `more ${i}`, { ...ROOMY, scope: 20 }));
    expect(tally(await outcomes(more))).toEqual({ ok: 3, blob_quota_exceeded: 7 });
    expect((await kept(core)).length - before.length).toBe(3);
  });

  test('stored many times at once by one owner are one reference', async () => {
    const { core, another } = await openCore(engine);
    const owner = await newOwner(core);
    const processes = [core, another()];
    await Promise.all(Array.from({ length: 12 }, (_, i) => store(processes[i % 2] ?? core, owner, 'the same')));
    expect(await blobUsage(core, owner)).toEqual({ bytes: 8, count: 1 });
    expect(await recorded(core, owner)).toHaveLength(3);
  });

  test('of an account that ends meanwhile are not recorded', async () => {
    const { core } = await openCore(engine);
    const owner = await newOwner(core);
    const accounts = core.storage.collection(accountsSpec);
    async function* content(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('late');
      await accounts.update([owner.accountId], { set: { erasing_at: new Date(core.clock.now()) } });
    }
    await expect(storeBlob(core, owner, content(), ROOMY)).rejects.toMatchObject({ code: 'account_not_found' });
    expect(await recorded(core, owner)).toEqual([]);
    await accounts.delete([owner.accountId]);
    await expect(store(core, owner, 'too late')).rejects.toMatchObject({ code: 'account_not_found' });
    expect(await recorded(core, owner)).toEqual([]);
  });

  test('are recorded although others change what the account stores at every moment', async () => {
    const { core, another } = await openCore(engine);
    const owner = await newOwner(core);
    await store(core, owner, 'first');
    let others = 0;
    const storage = intercept(core.storage, async ({ collection, method, when }) => {
      if (collection !== 'blob_usage' || method !== 'getMany' || when !== 'after' || others === 5) return;
      // From another process: behind the look at the room, before the reference.
      await store(another(), { ...owner, scope: `other/${++others}` }, `other ${others}`);
    });
    await store(another(storage), owner, 'second');
    expect(await blobUsage(core, owner)).toEqual({ bytes: 11, count: 2 });
    expect(await blobUsage(core, { ...owner, scope: '' })).toEqual({ bytes: 11 + 3 * 7, count: 5 });
  });

  test('whose room another process takes at the last moment are not recorded, and go later', async () => {
    const { core, another, clock } = await openCore(engine);
    const owner = await newOwner(core);
    const limits = { ...ROOMY, account: 10 };
    let looks = 0;
    const storage = intercept(core.storage, async ({ collection, method, when }) => {
      if (collection !== 'blob_usage' || method !== 'getMany' || when !== 'after') return;
      if (++looks !== 2) return; // the first is before anything has arrived, the second before the content is kept
      await store(another(), { ...owner, scope: 'there' }, '12345678', limits);
    });
    await expect(store(another(storage), owner, 'abc', limits)).rejects.toMatchObject({ code: 'blob_quota_exceeded' });
    expect(await blobUsage(core, { ...owner, scope: '' })).toEqual({ bytes: 8, count: 1 });
    expect(await blobUsage(core, owner)).toEqual({ bytes: 0, count: 0 });
    clock.advance(DAY + 1);
    await sweepBlobs(core);
    expect(await kept(core)).toEqual([sha256('12345678')]);
  });

  test('that a crash left counted and not recorded are counted no more an hour later', async context => {
    const { core, clock } = await openCore(engine);
    if (core.storage.atomicCommit) context.skip('a crash leaves nothing half done here');
    const owner = await newOwner(core);
    await store(core, owner, 'whole');
    const usages = core.storage.collection(blobUsageSpec);
    const change = { add: { bytes: 100, count: 1 }, set: { changed_at: new Date(clock.now()) } };
    for (const scope of [owner.scope, '']) await usages.update([owner.accountId, scope], change);
    await usages.insert({ user_id: owner.accountId, scope: 'other', bytes: 7, count: 1, changed_at: new Date(0) });
    clock.advance(3_599_999);
    await sweepBlobs(core);
    expect((await blobUsage(core, owner)).bytes).toBe(105);
    expect(await blobUsage(core, { ...owner, scope: 'other' })).toEqual({ bytes: 0, count: 0 });
    clock.advance(1);
    await sweepBlobs(core);
    for (const scope of [owner.scope, '']) {
      expect(await blobUsage(core, { ...owner, scope })).toEqual({ bytes: 5, count: 1 });
    }
  });

  test('go when nobody has referred to them or stored them for 24 hours', async () => {
    const { core, clock } = await openCore(engine);
    const owner = await newOwner(core);
    await store(core, owner, 'kept');
    for (const content of ['left', 'stored again']) await core.storage.blobs.put(inPieces(content), 100);
    clock.advance(DAY - 1000);
    await core.storage.blobs.put(inPieces('stored again'), 100);
    await sweepBlobs(core);
    expect(await core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
    clock.advance(1001);
    await sweepBlobs(core);
    expect(await core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
    expect(await kept(core)).toEqual([sha256('kept'), sha256('stored again')].sort());
    clock.advance(DAY);
    await sweepBlobs(core);
    expect(await core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
    expect(await kept(core)).toEqual([sha256('kept')]);
    expect(await read(core, owner, 'kept')).toBe('kept');
  });

  test('that are stored while old ones are swept stay', async () => {
    const { core, another, clock } = await openCore(engine);
    const owner = await newOwner(core);
    for (let round = 0; round < 5; round++) {
      const content = `round ${round}`;
      await core.storage.blobs.put(inPieces(content), 100);
      clock.advance(DAY + 1);
      await Promise.all([sweepBlobs(core), store(core, owner, content), sweepBlobs(another())]);
      clock.advance(DAY + 1);
      await sweepBlobs(core);
      expect(await read(core, owner, content)).toBe(content);
    }
  });
});
