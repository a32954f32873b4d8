/** What becomes of values whose time is over. */

import { expect, test } from 'vitest';
import { createAccount } from '../../../src/core/accounts/accounts.ts';
import { blobRefsSpec, tombstonesSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { changeEntry } from '../../../src/core/entries/change/change.ts';
import { retireExpired } from '../../../src/core/entries/expire.ts';
import { can, forEachEngine } from '../../support/engines.ts';
import { openCore } from '../open-core.ts';

forEachEngine('a value that has expired', engine => {
  async function* pieces(text: string) {
    yield Buffer.from(text);
  }

  /** Stores a content as the value of a key, for a second. */
  async function store(core: Core, accountId: string, key: string, text: string) {
    const { sha256, size } = await core.storage.blobs.put(pieces(text), 1000);
    const expires_at = new Date(core.clock.now() + 1000);
    const content = { blob: sha256, encoding: 'bytes' as const, size, expires_at };
    await changeEntry(core, accountId, { key, decide: () => ({ fate: { content }, result: undefined }) });
    return sha256;
  }

  const refsOf = async (core: Core, accountId: string) => {
    const { items } = await core.storage.collection(blobRefsSpec).scan({ prefix: [accountId], limit: 10 });
    return items.map(({ scope, hash }) => [scope, hash]);
  };

  test('leaves a mark, and lets go of its content', async () => {
    const { core, clock } = await openCore(engine);
    const { user_id } = await createAccount(core, { username: 'a', password: 'right' });
    const hash = await store(core, user_id, 'k', 'text');
    expect(await refsOf(core, user_id)).toEqual([['kv/k', hash]]);
    const end = clock.now() + 1000;
    clock.advance(5000);
    await retireExpired(core);
    expect(await refsOf(core, user_id)).toEqual([]);
    const mark = await core.storage.collection(tombstonesSpec).get([user_id, 'k']);
    if (can(engine, 'transactions')) expect(mark).toMatchObject({ type: 'expire', at: new Date(end) });
    else expect(mark).toBeUndefined();
  });

  test('lets go of its content when another takes its place before it was taken away', async () => {
    const { core, clock } = await openCore(engine);
    const { user_id } = await createAccount(core, { username: 'a', password: 'right' });
    await store(core, user_id, 'k', 'old');
    clock.advance(5000);
    const hash = await store(core, user_id, 'k', 'new');
    expect(await refsOf(core, user_id)).toEqual([['kv/k', hash]]);
    clock.advance(5000);
    await store(core, user_id, 'k', 'new');
    expect(await refsOf(core, user_id)).toEqual([['kv/k', hash]]);
    await retireExpired(core);
    expect(await refsOf(core, user_id)).toEqual([['kv/k', hash]]);
  });
});
