import type { Caller } from '../../base/caller.ts';
import { ConflictError, InvalidInputError, NotFoundError } from '../../base/errors.ts';
import { accountByUuid, changeAccount, createAccount } from '../../core/accounts/accounts.ts';
import type { Core } from '../../core/context.ts';
import { adminAccountFixed } from './refusals.ts';

/**
 * Makes a member; returns its account's own id. Throws `InvalidInputError`, also for what is taken (codes `username_taken`, `uuid_in_use`): this API does not
 * know 409.
 */
export async function createMember(
  core: Core,
  given: { uuid: string; username: string; password: string },
  caller: Caller,
): Promise<string> {
  return (await createAccount(core, { ...given, simple_sync: true }, caller).catch(refuse)).user_id;
}

/**
 * Changes name, password or both, and returns the own id, of the account that is known by this uuid, unless that is an admin: a stolen token of one would
 * take over all of them. Throws `NotFoundError`, `UnauthorizedError` (code `admin_account_fixed`), `InvalidInputError` as
 * `createMember`.
 */
export async function changeMember(
  core: Core,
  uuid: string,
  change: { username?: string; password?: string },
  caller: Caller,
): Promise<string> {
  const account = await accountByUuid(core, uuid);
  if (account === undefined) throw new NotFoundError('there is no such account', { code: 'account_not_found' });
  if (account.admin) throw adminAccountFixed();
  await changeAccount(core, account, change, caller).catch(refuse);
  return account.user_id;
}

function refuse(error: unknown): never {
  if (!(error instanceof ConflictError)) throw error;
  const code = error.code === 'uuid_taken' ? 'uuid_in_use' : 'username_taken';
  throw new InvalidInputError(error.message, { code, cause: error });
}
