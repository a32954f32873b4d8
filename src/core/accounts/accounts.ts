import type { Caller } from '../../base/caller.ts';
import {
  ConflictError,
  DuplicateKeyError,
  ForbiddenError,
  NotFoundError,
  StorageUnavailableError,
} from '../../base/errors.ts';
import { checkPassword, checkUsername, checkUuid, isUuid } from '../../base/names.ts';
import { endCredentials, endingCredentials, passwordChange } from '../access/credentials.ts';
import { credentialsInvalid } from '../access/login.ts';
import { isUnchanged } from '../access/standing.ts';
import { type AccountDoc, accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import type { LaneName } from '../hashing/lanes.ts';
import { newId } from '../ids.ts';
import { rationed } from '../throttle/throttle.ts';
import { eraseAccount, markForErasing } from './erase.ts';

/** How often something is tried again with an account that others change meanwhile. */
const RACES = 10;

/**
 * Makes an account. Throws `ForbiddenError` (code `registration_closed`), `RateLimitedError`, `InvalidInputError`,
 * `ConflictError` (code `user_exists`).
 */
export async function register(core: Core, username: string, password: string, caller: Caller): Promise<AccountDoc> {
  demandRegistrationOpen(core);
  checkUsername(username);
  checkPassword(password);
  return rationed(core, caller.address, () => createAccount(core, { username, password }, caller, 'registrations'));
}

/** Throws `ForbiddenError` (code `registration_closed`). */
export function demandRegistrationOpen(core: Core): void {
  if (core.settings.registrationOpen()) return;
  throw new ForbiddenError('registration is closed', { code: 'registration_closed' });
}

/** What a new account may be given. Without a password none opens it. */
export interface NewAccount {
  readonly username: string;
  readonly password?: string;
  /** Another id than its own for others to know it by: 1 to 255 bytes without control characters. */
  readonly uuid?: string;
  /** As `emailOf` gives it. */
  readonly email?: string;
  /** The e-mail waits for its confirmation: until then the account gets no credential. */
  readonly unconfirmed?: true;
  readonly admin?: true;
  readonly simple_sync?: true;
}

/**
 * Makes an account, for whoever asked for that, or for the server itself. Throws `InvalidInputError`, `ConflictError` (codes
 * `user_exists`, `email_taken`, `uuid_taken`), and as `core.passwords`.
 */
export async function createAccount(
  core: Core,
  given: NewAccount,
  caller?: Caller,
  lane?: LaneName,
): Promise<AccountDoc> {
  const { username, password, uuid } = given;
  checkUsername(username);
  if (password !== undefined) checkPassword(password);
  if (uuid !== undefined) checkUuid(uuid);
  // Of many who want one name at once, one hash is enough.
  return core.turns.take(`account ${username}`, () => makeAccount(core, given, caller, lane));
}

async function makeAccount(
  core: Core,
  { password, unconfirmed, ...given }: NewAccount,
  caller?: Caller,
  lane?: LaneName,
): Promise<AccountDoc> {
  const { username, uuid, email } = given;
  const accounts = core.storage.collection(accountsSpec);
  // Hashing is dear: what is taken is mostly found out before. The unique indexes decide.
  if (await accounts.find('username', [username])) throw userExists();
  if (uuid !== undefined && (await accountByUuid(core, uuid))) throw uuidTaken();
  if (email !== undefined && (await accounts.find('email', [email]))) throw emailTaken();
  const user_id = newId();
  const subject = { id: uuid ?? user_id, username };
  if (lane === 'registrations' && core.plugins.filters('accounts.register')) {
    await core.plugins.filter('accounts.register', subject, { username, email }, () => {});
  }
  const hash = password === undefined ? undefined : await core.passwords.hash(password, caller, lane);
  const created_at = new Date(core.clock.now());
  const account: AccountDoc = {
    user_id,
    ...given,
    ...(hash !== undefined && { password: hash }),
    created_at,
    ...(unconfirmed && { unconfirmed_at: created_at }),
  };
  try {
    await accounts.insert(account);
  } catch (error) {
    throw taken(error);
  }
  if (caller !== undefined && core.plugins.acts('accounts.registered')) {
    core.plugins.happened('accounts.registered', subject, { username });
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

/** What may change of an account; nothing may change, too. `email` is as `emailOf` gives it. */
export interface AccountChange {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly email?: string | undefined;
}

/**
 * Changes an account, for whoever asked for that, or for the server itself. A new password ends its tokens and sessions. Throws as
 * `createAccount`, and `NotFoundError`.
 */
export async function changeAccount(
  core: Core,
  { user_id }: AccountDoc,
  { username, password, email }: AccountChange,
  caller?: Caller,
): Promise<void> {
  if (username !== undefined) checkUsername(username);
  if (password !== undefined) checkPassword(password);
  const accounts = core.storage.collection(accountsSpec);
  const holder = username === undefined ? undefined : await accounts.find('username', [username]);
  if (holder && holder.user_id !== user_id) throw userExists();
  const owner = email === undefined ? undefined : await accounts.find('email', [email]);
  if (owner && owner.user_id !== user_id) throw emailTaken();
  const renamed = { ...(username !== undefined && { username }), ...(email !== undefined && { email }) };
  const hash = password === undefined ? undefined : await core.passwords.hash(password, caller);
  const { set, ...counted } = hash === undefined ? {} : passwordChange(core, hash);
  const change = async () => {
    // One that waits to take the place of the old one must not take that of another.
    const unset = email === undefined ? {} : { unset: ['new_email'] as const };
    const changes = { set: { ...renamed, ...set }, ...unset, ...counted };
    const changed = await accounts.update([user_id], changes, { erasing_at: undefined }).catch(error => {
      throw taken(error);
    });
    if (!changed) throw accountNotFound();
  };
  if (password === undefined) await change();
  else await endingCredentials(core, user_id, change);
}

/**
 * Gives an account another password for whoever gave the present one; ends its tokens and sessions, all of them once it has
 * resolved. `account` comes from `authenticate`. Throws `InvalidInputError` (code `new_password_invalid`), `ForbiddenError` (codes
 * `admin_password_fixed`; `credentials_invalid` when the account was ended, blocked or given another password meanwhile).
 */
export async function changeOwnPassword(
  core: Core,
  account: AccountDoc,
  password: string,
  caller: Caller,
): Promise<void> {
  checkPassword(password, 'new_password');
  demandOwnChange(account);
  const { user_id, password_version } = account;
  const change = passwordChange(core, await core.passwords.hash(password, caller));
  if (!(await isUnchanged(core, account))) throw credentialsInvalid();
  await endingCredentials(core, user_id, async () => {
    const asVerified = { password_version, erasing_at: undefined, blocked_at: undefined };
    const changed = await core.storage.collection(accountsSpec).update([user_id], change, asVerified);
    if (!changed) throw credentialsInvalid();
  });
}

/**
 * Admins have their passwords from the configuration: the next start would set it back, and one that was given up because others
 * know it would open the account again. Throws `ForbiddenError` (code `admin_password_fixed`).
 */
function demandOwnChange({ admin }: AccountDoc): void {
  if (!admin) return;
  throw new ForbiddenError('the password of an admin stands in the configuration of the server: change it there', {
    code: 'admin_password_fixed',
  });
}

/**
 * Blocks an account, or lets it in again; returns whether it was not so before. A blocked one loses its tokens and sessions;
 * what is checked against the account at each use is refused, and works again afterwards. Throws `NotFoundError`.
 */
export async function setBlocked(core: Core, { user_id }: AccountDoc, blocked: boolean): Promise<boolean> {
  const accounts = core.storage.collection(accountsSpec);
  const change = blocked ? { set: { blocked_at: new Date(core.clock.now()) } } : { unset: ['blocked_at'] as const };
  for (let race = 0; race < RACES; race++) {
    const account = await accounts.get([user_id]);
    if (!account || account.erasing_at) throw accountNotFound();
    const { blocked_at } = account;
    const different = (blocked_at !== undefined) !== blocked;
    if (different && !(await accounts.update([user_id], change, { blocked_at, erasing_at: undefined }))) continue;
    // Whoever is given a token meanwhile looks at the account again: it was marked before.
    if (blocked) await endCredentials(core, user_id);
    return different;
  }
  throw new StorageUnavailableError('an account keeps changing');
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

/**
 * Ends the account, its tokens and all its data. `account` comes from `authenticate`; throws `ForbiddenError` when it was
 * ended or its password changed since. After an error the rest is done by `resumeErasures`.
 */
export async function unregister(core: Core, account: AccountDoc): Promise<void> {
  const { user_id, password_version } = account;
  const marked = await markForErasing(core, user_id, { password_version, erasing_at: undefined });
  if (!marked) throw credentialsInvalid();
  await eraseAccount(core, marked);
}

/** There is no such account, or it is being erased. */
export function accountNotFound(): NotFoundError {
  return new NotFoundError('there is no such account', { code: 'account_not_found' });
}

function taken(error: unknown): unknown {
  if (!(error instanceof DuplicateKeyError)) return error;
  if (error.index === 'email') return emailTaken(error);
  return error.index === 'uuid' ? uuidTaken(error) : userExists(error);
}

/** Another account has this e-mail. */
export function emailTaken(cause?: unknown): ConflictError {
  return new ConflictError('this e-mail is taken', { code: 'email_taken', cause });
}

function userExists(cause?: unknown): ConflictError {
  return new ConflictError('this username is taken', { code: 'user_exists', cause });
}

function uuidTaken(cause?: unknown): ConflictError {
  return new ConflictError('this uuid is taken', { code: 'uuid_taken', cause });
}
