/**
 * Erasing an account, in steps that may each be repeated and be done by several processes at once: the account was marked
 * (`erasing_at`, no password); its data is swept; its name is set free and the mark renewed; it is swept again and again, and
 * removed once no request of before the first sweep can be under way.
 */

import type { Expect } from '../../storage/port.ts';
import { endCredentials } from '../access/credentials.ts';
import { type AccountDoc, accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { pagesOf } from '../pages.ts';

/**
 * No request writes that long after its token was looked up: its body may take two minutes to arrive. Uploads take longer; they
 * demand in their commit that the account is still there.
 */
const LAST_SWEEP_MS = 180_000;
const PAGE = 100;

/**
 * Marks an account: from now on nothing opens it, and it will be erased, if not by who marks it then by `resumeErasures`.
 * Returns it, or undefined when it is not as `expect` says.
 */
export async function markForErasing(
  core: Core,
  accountId: string,
  expect: Expect<AccountDoc>,
): Promise<AccountDoc | undefined> {
  const change = { set: { erasing_at: new Date(core.clock.now()) }, unset: ['password'] as const };
  const marked = await core.storage.collection(accountsSpec).update([accountId], change, expect);
  if (marked && core.plugins.acts('accounts.erased')) {
    core.plugins.happened('accounts.erased', { id: marked.uuid ?? accountId, username: marked.username ?? '' }, {});
  }
  return marked;
}

/** Removes the data of a marked account and sets its name free. Nothing happens when another process did. */
export async function eraseAccount(core: Core, account: AccountDoc): Promise<void> {
  await sweep(core, account.user_id);
  const erasing_at = new Date(core.clock.now());
  await core.storage
    .collection(accountsSpec)
    .update(
      [account.user_id],
      { set: { erasing_at }, unset: ['username', 'uuid', 'email', 'new_email'] },
      { erasing_at: account.erasing_at },
    );
}

/**
 * Goes on with every erasure that is due. Called at start and again and again. An account that fails is logged and left for
 * the next time; throws when the accounts cannot be listed.
 */
export async function resumeErasures(core: Core): Promise<void> {
  const accounts = core.storage.collection(accountsSpec);
  for await (const page of pagesOf(after => accounts.scan({ index: 'erasing', limit: PAGE, ...after }))) {
    for (const account of page) {
      await resume(core, account).catch(err => {
        core.log.error({ err, account: account.user_id }, 'erasing an account failed; it is tried again');
      });
    }
  }
}

async function resume(core: Core, account: AccountDoc): Promise<void> {
  const { user_id, username, erasing_at } = account;
  if (username !== undefined) return eraseAccount(core, account);
  if (erasing_at === undefined) return;
  const last = core.clock.now() - erasing_at.getTime() >= LAST_SWEEP_MS;
  await sweep(core, user_id);
  if (!last) return;
  await core.storage.collection(accountsSpec).delete([user_id], { erasing_at });
}

/** Credentials go first; then everything is looked through until a round finds nothing. */
async function sweep(core: Core, accountId: string): Promise<void> {
  const range = { prefix: [accountId] };
  await endCredentials(core, accountId);
  let removed: number;
  do {
    removed = 0;
    for (const spec of core.owned) removed += await core.storage.collection(spec).deleteMany(range);
  } while (removed > 0);
}
