import { ForbiddenError, UnauthorizedError } from '../../base/errors.ts';
import { checkClientId } from '../../base/names.ts';
import { type AccountDoc, type TokenDoc, tokensSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { hashOfSecret, newId, sha256Hex } from '../ids.ts';
import { noteClient } from '../plugins/tell.ts';
import { credentialsInvalid } from './login.ts';
import { endOrphans, endWithFamily } from './scoped/family.ts';
import { renewScoped } from './scoped/renew.ts';
import { noteUse } from './scoped/use.ts';
import { isUnchanged, openAccount } from './standing.ts';

const DEFAULT_CLIENT = 'default';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** How long a token lives. */
export interface Lifetime {
  /** The whole lifetime, in seconds. */
  readonly expireSeconds: number;
  /** From this moment it is refused. */
  readonly expiresAt: Date;
}

/** A new token; the storage keeps only its hash. */
export interface IssuedToken extends Lifetime {
  readonly token: string;
}

/**
 * Gives the client a token in place of the one it had, which ends with all that was made with it. `account` comes from `authenticate`. Throws `ForbiddenError` (code
 * `credentials_invalid`) when the account was ended, blocked or given another password meanwhile; `InvalidInputError`.
 */
export async function issueToken(core: Core, account: AccountDoc, clientId?: string | null): Promise<IssuedToken> {
  const slot = slotOf(clientId);
  const token = newId();
  const now = core.clock.now();
  const lifetime = lifetimeFrom(core, now);
  const doc: TokenDoc = {
    user_id: account.user_id,
    ...slot,
    hash: sha256Hex(token),
    created_at: new Date(now),
    expires_at: lifetime.expiresAt,
  };
  const tokens = core.storage.collection(tokensSpec);
  await tokens.put(doc);
  if (!(await isUnchanged(core, account))) {
    await tokens.delete([doc.user_id, doc.slot], { hash: doc.hash });
    throw credentialsInvalid();
  }
  await endOrphans(core, account.user_id);
  core.tallies.issued.original++;
  if (core.plugins.acts('tokens.issued')) {
    const subject = { id: account.uuid ?? account.user_id, username: account.username ?? '' };
    core.plugins.happened('tokens.issued', subject, { client: clientIdOf(doc), expires_at: lifetime.expiresAt });
  }
  return { token, ...lifetime };
}

/** The live token of the original API. Throws `ForbiddenError` (code `token_invalid`), one and the same whatever is wrong with it. */
export async function resolveToken(core: Core, token: string): Promise<TokenDoc> {
  // What no token looks like is not looked up.
  if (token.length !== 36 || !UUID.test(token)) throw tokenInvalid();
  const doc = await core.storage.collection(tokensSpec).find('hash', [hashOfSecret(token)]);
  if (!doc) throw tokenInvalid();
  noteUse(core, doc);
  noteClient(core, () => clientIdOf(doc));
  return doc;
}

/** The account of a resolved token. Throws `ForbiddenError` (code `token_invalid`) when it ended or was blocked meanwhile. */
export async function accountOf(core: Core, doc: TokenDoc): Promise<AccountDoc> {
  const account = await openAccount(core, doc.user_id);
  if (!account) throw tokenInvalid();
  return account;
}

/**
 * Gives a resolved token its full lifetime again; one of v2 as `renewScoped` does it. Throws `ForbiddenError` (code
 * `token_invalid`) when it ended meanwhile.
 */
export async function renewToken(core: Core, doc: TokenDoc): Promise<Lifetime> {
  if (doc.scopes !== undefined) {
    const { expiresAt } = await renewScoped(core, doc).catch(error => {
      throw error instanceof UnauthorizedError ? tokenInvalid() : error;
    });
    return { expireSeconds: secondsUntil(core, expiresAt), expiresAt };
  }
  const lifetime = lifetimeFrom(core, core.clock.now());
  const renewed = await core.storage
    .collection(tokensSpec)
    .update([doc.user_id, doc.slot], { set: { expires_at: lifetime.expiresAt } }, { hash: doc.hash });
  if (!renewed) throw tokenInvalid();
  return lifetime;
}

/** Ends a resolved token and all that was made with it; one that ended meanwhile is fine. */
export async function revokeToken(core: Core, doc: TokenDoc): Promise<void> {
  await endWithFamily(core, doc);
}

/** Whole seconds from now on; a part of one counts as one. */
export function secondsUntil(core: Core, moment: Date): number {
  return Math.ceil((moment.getTime() - core.clock.now()) / 1000);
}

/** The client a token was given to; one of v2 that names none is called by its id. */
export function clientIdOf(doc: TokenDoc): string {
  return doc.client_id ?? doc.slot.slice(2);
}

function slotOf(clientId: string | null | undefined): Pick<TokenDoc, 'slot' | 'client_id'> {
  const client_id = clientId || DEFAULT_CLIENT;
  checkClientId(client_id);
  // A slot is indexed, and an index takes no U+0000.
  if (client_id.includes('\0')) return { slot: `h:${sha256Hex(client_id)}`, client_id };
  return { slot: `c:${client_id}` };
}

function lifetimeFrom(core: Core, now: number): Lifetime {
  const expireSeconds = core.settings.tokenExpiration();
  return { expireSeconds, expiresAt: new Date(now + expireSeconds * 1000) };
}

function tokenInvalid(): ForbiddenError {
  return new ForbiddenError('the token is not valid', { code: 'token_invalid' });
}
