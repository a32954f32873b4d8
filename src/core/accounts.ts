import { ConflictError, DuplicateKeyError, ForbiddenError } from '../errors.ts';
import { type AccountDoc, accountsSpec } from './collections.ts';
import type { Core } from './context.ts';
import { eraseAccount } from './erase.ts';
import { newId } from './ids.ts';
import { checkPassword, checkUsername } from './rules.ts';
import { throttled } from './throttle.ts';

/** What somebody claims, and from which address. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

/**
 * Makes an account. Throws `ForbiddenError` (code `registration_closed`), `InvalidInputError`, `ConflictError` (code
 * `user_exists`).
 */
export async function register(core: Core, username: string, password: string): Promise<AccountDoc> {
  if (!core.settings.registrationOpen()) {
    throw new ForbiddenError('registration is closed', { code: 'registration_closed' });
  }
  checkUsername(username);
  checkPassword(password);
  const accounts = core.storage.collection(accountsSpec);
  // Hashing is dear: a name that is taken is mostly found out before. The unique index decides.
  if (await accounts.find('username', [username])) throw userExists();
  const account: AccountDoc = {
    user_id: newId(),
    username,
    password: await core.passwords.hash(password),
    created_at: new Date(core.clock.now()),
  };
  try {
    await accounts.insert(account);
  } catch (error) {
    throw error instanceof DuplicateKeyError ? userExists(error) : error;
  }
  return account;
}

/**
 * The account of a username and password. Throws `ForbiddenError` (code `credentials_invalid`, for an unknown name as for a
 * wrong password; code `account_blocked`), `RateLimitedError`, `InvalidInputError`.
 */
export async function authenticate(core: Core, { username, password, address }: Credentials): Promise<AccountDoc> {
  checkUsername(username);
  checkPassword(password);
  const found = await core.storage.collection(accountsSpec).find('username', [username]);
  const account = found?.erasing_at ? undefined : found;
  const subject = account ? `account ${account.user_id}` : `name ${username}`;
  const right = await throttled(core, subject, address, () => core.passwords.verify(password, account?.password));
  if (!right || !account) throw credentialsInvalid();
  if (account.blocked) throw new ForbiddenError('this account is blocked', { code: 'account_blocked' });
  return account;
}

/**
 * Ends the account, its tokens and all its data. `account` comes from `authenticate`; throws `ForbiddenError` when it was
 * ended or its password changed since. After an error the rest is done by `resumeErasures`.
 */
export async function unregister(core: Core, account: AccountDoc): Promise<void> {
  const erasing_at = new Date(core.clock.now());
  const marked = await core.storage
    .collection(accountsSpec)
    .update([account.user_id], { set: { erasing_at }, unset: ['password'] }, { password: account.password });
  if (!marked) throw credentialsInvalid();
  await eraseAccount(core, marked);
}

/** One error for an unknown name, a wrong password and an account that changed meanwhile. */
export function credentialsInvalid(): ForbiddenError {
  return new ForbiddenError('wrong username or password', { code: 'credentials_invalid' });
}

function userExists(cause?: unknown): ConflictError {
  return new ConflictError('this username is taken', { code: 'user_exists', cause });
}
