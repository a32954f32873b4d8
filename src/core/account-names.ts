/** Whose something is, for lists that cross accounts. What belongs to an account that is being erased is gone in a moment. */

import { accountsSpec } from './collections.ts';
import type { Core } from './context.ts';
import { pagesOf } from './pages.ts';
import { type Kept, unlessChanged } from './unchanged.ts';

/** Entries of an index read at once. */
const PAGE = 1000;

const known: Kept<ReadonlyMap<string, string>> = new WeakMap();

/** The ids of all accounts that are being erased: few, mostly none. */
export async function erasingAccounts(core: Core): Promise<ReadonlySet<string>> {
  return new Set(await idsIn(core, 'erasing'));
}

/** The names of all accounts by their ids; no document is read. */
export function allNames(core: Core): Promise<ReadonlyMap<string, string>> {
  const accounts = core.storage.collection(accountsSpec);
  return unlessChanged(accounts, known, async () => {
    const names = new Map<string, string>();
    const scan = { index: 'username', covered: true, limit: PAGE };
    for await (const page of pagesOf(after => accounts.scan({ ...scan, ...after }))) {
      for (const { user_id, username = '' } of page) names.set(user_id, username);
    }
    return names;
  });
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
