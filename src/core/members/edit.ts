/** What admins do with members of the shared history. Each deed is told to the audit log. */

import { ConflictError, InvalidInputError } from '../../base/errors.ts';
import { accountNotFound, changeAccount, createAccount } from '../accounts/accounts.ts';
import { type AdminDeed, by } from '../admin/deed.ts';
import { type AccountDoc, accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { accountCalled } from './list.ts';

/** As the API has it. */
const NAME = /^[A-Za-z0-9_-]{3,50}$/;

/** Makes an account that is a member; an empty `uuid` leaves it to be known by its own id. Throws as `createAccount`, and `member_name_invalid`. */
export async function makeMember(
  core: Core,
  { uuid, username, password }: { uuid: string; username: string; password: string },
  deed: AdminDeed,
): Promise<AccountDoc> {
  checkName(username);
  const given = { username, password, simple_sync: true, ...(uuid !== '' && { uuid }) } as const;
  const account = await createAccount(core, given, deed.caller);
  await deed.record('user_created', { accountId: account.user_id, ...by(deed) });
  return account;
}

/** Makes an account that there is a member. `called` is its name, or the uuid it is known by. Throws `NotFoundError`. */
export async function admitMember(core: Core, called: string, deed: AdminDeed): Promise<AccountDoc> {
  const account = await accountCalled(core, called);
  if (account === undefined) throw accountNotFound();
  if (!account.simple_sync) await setMember(core, account, true, deed);
  return account;
}

/** Ends a membership; the account and its events stay. Throws `NotFoundError`, `ConflictError` (admins are members). */
export async function dismissMember(core: Core, accountId: string, deed: AdminDeed): Promise<void> {
  const account = await ordinaryMember(core, accountId);
  await setMember(core, account, false, deed);
}

/**
 * Changes the name, the password or both; what is empty stays as it is. Another password ends the account's tokens and sessions. Throws as
 * `changeAccount`, `InvalidInputError` (codes `member_name_invalid`, `change_missing`), `ConflictError` (an admin).
 */
export async function changeMember(
  core: Core,
  accountId: string,
  { username, password }: { username: string; password: string },
  deed: AdminDeed,
): Promise<void> {
  const account = await ordinaryMember(core, accountId);
  if (username === '' && password === '') throw new InvalidInputError('nothing to change', { code: 'change_missing' });
  if (username !== '') checkName(username);
  const change = { ...(username !== '' && { username }), ...(password !== '' && { password }) };
  await changeAccount(core, account, change, deed.caller);
  const subject = { accountId: account.user_id, ...by(deed) };
  if (username !== '') await deed.record('user_updated', subject);
  if (password !== '') await deed.record('user_password_reset', subject);
}

async function ordinaryMember(core: Core, accountId: string): Promise<AccountDoc> {
  const account = await core.storage.collection(accountsSpec).get([accountId]);
  if (account?.admin) throw new ConflictError('admins are changed in the configuration of the server only');
  if (account === undefined || account.erasing_at || !account.simple_sync) throw accountNotFound();
  return account;
}

async function setMember(core: Core, { user_id }: AccountDoc, member: boolean, deed: AdminDeed): Promise<void> {
  const change = member ? { set: { simple_sync: true } } : { unset: ['simple_sync'] as const };
  const changed = await core.storage.collection(accountsSpec).update([user_id], change, { erasing_at: undefined });
  if (!changed) throw accountNotFound();
  const { message } = by(deed);
  await deed.record('user_updated', {
    accountId: user_id,
    message: `${member ? 'made a member of the shared history' : 'no member of the shared history any more'}, ${message}`,
  });
}

function checkName(username: string): void {
  if (NAME.test(username)) return;
  throw new InvalidInputError('username: expected 3 to 50 of the characters A-Z a-z 0-9 _ -', {
    code: 'member_name_invalid',
  });
}
