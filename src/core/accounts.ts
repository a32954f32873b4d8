import { ConflictError, DuplicateKeyError, ForbiddenError, NotFoundError, StorageUnavailableError } from '../errors.ts';
import { type AccountDoc, accountsSpec, tokensSpec } from './collections.ts';
import type { Core } from './context.ts';
import { eraseAccount } from './erase.ts';
import { newId } from './ids.ts';
import { checkPassword, checkUsername, checkUuid, isUuid } from './rules.ts';
import { throttled } from './throttle.ts';

/** How often an account is looked for and made that others make and end meanwhile. */
const RACES = 5;

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
  return createAccount(core, { username, password });
}

/** What a new account may be given. Without a password none opens it. */
export interface NewAccount {
  readonly username: string;
  readonly password?: string;
  /** Another id than its own for others to know it by: 1 to 255 bytes without control characters. */
  readonly uuid?: string;
  readonly admin?: true;
  readonly simple_sync?: true;
}

/** Makes an account. Throws `InvalidInputError`, `ConflictError` (codes `user_exists`, `uuid_taken`). */
export async function createAccount(core: Core, { password, ...given }: NewAccount): Promise<AccountDoc> {
  const { username, uuid } = given;
  checkUsername(username);
  if (password !== undefined) checkPassword(password);
  if (uuid !== undefined) checkUuid(uuid);
  const accounts = core.storage.collection(accountsSpec);
  // Hashing is dear: what is taken is mostly found out before. The unique indexes decide.
  if (await accounts.find('username', [username])) throw userExists();
  if (uuid !== undefined && (await accountByUuid(core, uuid))) throw uuidTaken();
  const account: AccountDoc = {
    user_id: newId(),
    ...given,
    ...(password !== undefined && { password: await core.passwords.hash(password) }),
    created_at: new Date(core.clock.now()),
  };
  try {
    await accounts.insert(account);
  } catch (error) {
    throw taken(error);
  }
  return account;
}

/**
 * The account of that name, or a new one; several processes may ask at once. It may be one that is being erased. Throws as
 * `createAccount`, and `StorageUnavailableError` when others make and end it all the while.
 */
export async function findOrCreateAccount(core: Core, given: NewAccount): Promise<AccountDoc> {
  const accounts = core.storage.collection(accountsSpec);
  for (let attempt = 0; attempt < RACES; attempt++) {
    const account = await accounts.find('username', [given.username]);
    if (account) return account;
    try {
      return await createAccount(core, given);
    } catch (error) {
      if (!(error instanceof ConflictError && error.code === 'user_exists')) throw error;
    }
  }
  throw new StorageUnavailableError('an account keeps changing');
}

/** Changes an account's name, password or both, or nothing. A new password ends its tokens. Throws as `createAccount`, and `NotFoundError`. */
export async function changeAccount(
  core: Core,
  { user_id }: AccountDoc,
  { username, password }: { username?: string | undefined; password?: string | undefined },
): Promise<void> {
  if (username !== undefined) checkUsername(username);
  if (password !== undefined) checkPassword(password);
  const accounts = core.storage.collection(accountsSpec);
  const holder = username === undefined ? undefined : await accounts.find('username', [username]);
  if (holder && holder.user_id !== user_id) throw userExists();
  const set: Partial<AccountDoc> = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: await core.passwords.hash(password) }),
  };
  const changed = await accounts.update([user_id], { set }, { erasing_at: undefined }).catch(error => {
    throw taken(error);
  });
  if (!changed) throw new NotFoundError('there is no such account', { code: 'account_not_found' });
  if (password !== undefined) await core.storage.collection(tokensSpec).deleteMany({ prefix: [user_id] });
}

/** The account that others know by this id, unless it is being erased. */
export async function accountByUuid(core: Core, uuid: string): Promise<AccountDoc | undefined> {
  if (!isUuid(uuid)) return undefined;
  const accounts = core.storage.collection(accountsSpec);
  const account = (await accounts.find('uuid', [uuid])) ?? (await accounts.get([uuid]));
  return account?.erasing_at || publicId(account) !== uuid ? undefined : account;
}

/** The id others know the account by. */
export function publicId(account: AccountDoc | undefined): string | undefined {
  return account?.uuid ?? account?.user_id;
}

/** The account, unless it is gone, being erased or blocked: what a credential given out earlier has to look at. */
export async function openAccount(core: Core, accountId: string): Promise<AccountDoc | undefined> {
  const account = await core.storage.collection(accountsSpec).get([accountId]);
  return account?.erasing_at || account?.blocked ? undefined : account;
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

function taken(error: unknown): unknown {
  if (!(error instanceof DuplicateKeyError)) return error;
  return error.index === 'uuid' ? uuidTaken(error) : userExists(error);
}

function userExists(cause?: unknown): ConflictError {
  return new ConflictError('this username is taken', { code: 'user_exists', cause });
}

function uuidTaken(cause?: unknown): ConflictError {
  return new ConflictError('this uuid is taken', { code: 'uuid_taken', cause });
}
