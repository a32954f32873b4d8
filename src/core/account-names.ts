/** Whose something is, for lists that cross accounts. What belongs to an account that is being erased is gone in a moment. */

import { type AccountDoc, accountsSpec } from './collections.ts';
import type { Core } from './context.ts';
import { pagesOf } from './pages.ts';
import { wholeByOwner } from './unchanged.ts';

/** Entries of an index read at once. */
const PAGE = 1000;

/** The ids of all accounts that are being erased: few, mostly none. */
export async function erasingAccounts(core: Core): Promise<ReadonlySet<string>> {
  return new Set(await idsIn(core, 'erasing'));
}

/** All accounts by their ids, as their spec tells them as a whole. */
export function allAccounts(core: Core): Promise<ReadonlyMap<string, Readonly<AccountDoc>>> {
  return wholeByOwner(core.storage.collection(accountsSpec));
}

/** The names of these accounts by their ids. */
export async function namesOf(core: Core, ids: Iterable<string>): Promise<ReadonlyMap<string, string>> {
  const keys = [...new Set(ids)].map(id => [id]);
  const found = await core.storage.collection(accountsSpec).getMany(keys);
  return new Map(found.flatMap(account => (account ? [[account.user_id, account.username ?? '']] : [])));
}

async function idsIn(core: Core, index: string): Promise<string[]> {
  const accounts = core.storage.collection(accountsSpec);
  const ids: string[] = [];
  for await (const page of pagesOf(after => accounts.scan({ index, covered: true, limit: PAGE, ...after }))) {
    for (const { user_id } of page) ids.push(user_id);
  }
  return ids;
}
