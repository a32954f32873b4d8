/** The members of the shared history as admins look through them. */

import { isUsername } from '../../base/names.ts';
import { eachInSlices } from '../../base/slices.ts';
import { accountByUuid, publicId } from '../accounts/accounts.ts';
import { type UserStatus, userStatus } from '../accounts/user-list.ts';
import { type AccountDoc, accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { compareTexts, contains, filterOf, type Listed, type PageQuery, pageInOrder } from '../listing.ts';
import { wholeOf } from '../unchanged.ts';
import { type Membership, membershipOf } from './membership.ts';

/** Which part of the list is asked for. */
export interface MemberQuery extends PageQuery {
  /** Part of a name or a uuid, in any letter case. */
  readonly q?: string;
}

/** A member in the list; never its password. */
export interface MemberRow {
  readonly account: Readonly<Omit<AccountDoc, 'password'>>;
  /** What events and rules know it by. */
  readonly uuid: string;
  readonly membership: Membership;
  readonly status: UserStatus;
}

/** A page of those who were made members, and of the admins, by name. Who is one only because all are is not in it. */
export async function listMembers(core: Core, query: MemberQuery): Promise<Listed<MemberRow>> {
  const filter = filterOf(query.q);
  const found: MemberRow[] = [];
  await eachInSlices(await wholeOf(core.storage.collection(accountsSpec)), account => {
    if (account.erasing_at || !(account.admin || account.simple_sync)) return;
    const row = rowOf(core, account);
    if (row !== undefined && contains(filter, account.username, row.uuid)) found.push(row);
  });
  return pageInOrder(found, (a, b) => compareTexts(a.account.username ?? '', b.account.username ?? ''), query);
}

/** The member with this id of an account; undefined when there is none. */
export async function memberById(core: Core, accountId: string): Promise<MemberRow | undefined> {
  if (accountId.includes('\0')) return undefined;
  const account = await core.storage.collection(accountsSpec).get([accountId]);
  return account === undefined || account.erasing_at ? undefined : rowOf(core, account);
}

/** The account that others know by this uuid, or that is called so. */
export async function accountCalled(core: Core, text: string): Promise<AccountDoc | undefined> {
  const known = await accountByUuid(core, text);
  if (known !== undefined || !isUsername(text)) return known;
  const named = await core.storage.collection(accountsSpec).find('username', [text]);
  return named?.erasing_at ? undefined : named;
}

/** The names of accounts by the uuids that others know them by. */
export async function namesByUuid(core: Core, uuids: Iterable<string>): Promise<ReadonlyMap<string, string>> {
  const accounts = await Promise.all([...new Set(uuids)].map(uuid => accountByUuid(core, uuid)));
  return new Map(
    accounts.flatMap(account => {
      const uuid = publicId(account);
      return account?.username === undefined || uuid === undefined ? [] : [[uuid, account.username]];
    }),
  );
}

function rowOf(core: Core, { password: _, ...account }: AccountDoc): MemberRow | undefined {
  const membership = membershipOf(core, account);
  const uuid = publicId(account);
  return membership && uuid !== undefined ? { account, uuid, membership, status: userStatus(account) } : undefined;
}
