import { ConflictError, StartupError } from '../../base/errors.ts';
import { isOpen } from '../access/standing.ts';
import { accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { changeAccount, findOrCreateAccount } from './accounts.ts';

/**
 * Makes sure that the account is there, is an admin, and has this password; several processes may do so at once. Throws
 * `StartupError` when it is somebody else's (no admin, another password), `ConflictError` while it is being erased.
 */
export async function ensureAdmin(core: Core, username: string, password: string): Promise<void> {
  const accounts = core.storage.collection(accountsSpec);
  const account = await findOrCreateAccount(core, { username, password, admin: true });
  if (account.erasing_at) throw new ConflictError('the account is being erased');
  if (!isOpen(account)) {
    core.log.warn({}, 'the account of [ADMIN] is blocked, or its e-mail is not confirmed: it cannot log in');
  }
  const verified = await core.passwords.verify(password, account.password);
  if (account.admin) {
    if (!verified) await changeAccount(core, account, { password });
    return;
  }
  // Anybody may have registered the name: whoever knows its password must not become an admin unasked.
  if (!verified) throw notTheirs(username);
  const asVerified = { password_version: account.password_version, erasing_at: undefined };
  const changed = await accounts.update([account.user_id], { set: { admin: true } }, asVerified);
  if (!changed) throw new ConflictError('the account changed meanwhile');
}

function notTheirs(username: string): StartupError {
  return new StartupError(
    `[ADMIN] username: the account ${JSON.stringify(username)} exists, is no admin and has another password than ` +
      '[ADMIN] password: choose another name, or give the password of that account',
  );
}
