import { type AccountDoc, accountsSpec, type SessionDoc, sessionsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { hashOfSecret, newSecret, sha256Hex } from '../ids.ts';
import { credentialsInvalid } from './login.ts';
import { isUnchanged, openAccount } from './standing.ts';

/** Seconds a session lives. */
export const SESSION_SECONDS = 86_400;

const TOKEN = /^[0-9a-f]{64}$/;

/** A new session's secrets; the storage keeps only their hashes. */
export interface OpenedSession {
  readonly token: string;
  /** Has to come with every change the session makes; undefined where none was asked for: then it can make none. */
  readonly csrf?: string;
}

/** A session at work, and whose it is. */
export interface Session {
  readonly doc: SessionDoc;
  readonly account: AccountDoc;
}

/**
 * Opens a session for 24 hours. `account` comes from `authenticate`. Throws `ForbiddenError` (code `credentials_invalid`) when
 * the account was ended, blocked or given another password meanwhile.
 */
export async function openSession(
  core: Core,
  account: AccountDoc,
  scope: SessionDoc['scope'],
  { withCsrf }: { withCsrf: boolean },
): Promise<OpenedSession> {
  const token = newSecret(32);
  const csrf = withCsrf ? newSecret(32) : undefined;
  const now = core.clock.now();
  const doc: SessionDoc = {
    user_id: account.user_id,
    hash: sha256Hex(token),
    scope,
    ...(csrf !== undefined && { csrf_hash: sha256Hex(csrf) }),
    created_at: new Date(now),
    expires_at: new Date(now + SESSION_SECONDS * 1000),
  };
  await core.storage.collection(sessionsSpec).insert(doc);
  await core.storage.collection(accountsSpec).update([account.user_id], { set: { last_seen: new Date(now) } });
  if (!(await isUnchanged(core, account))) {
    await closeSession(core, doc);
    throw credentialsInvalid();
  }
  core.tallies.issued.session++;
  return csrf === undefined ? { token } : { token, csrf };
}

/** The live session of a token in this scope, if its account may still use it. */
export async function resolveSession(
  core: Core,
  token: string | undefined,
  scope: SessionDoc['scope'],
): Promise<Session | undefined> {
  if (token === undefined || !TOKEN.test(token)) return undefined;
  const doc = await core.storage.collection(sessionsSpec).find('hash', [hashOfSecret(token)]);
  if (doc?.scope !== scope) return undefined;
  const account = await openAccount(core, doc.user_id);
  if (!account || (scope === 'admin' && !account.admin)) return undefined;
  return { doc, account };
}

/** Ends a session; one that ended meanwhile is fine. */
export async function closeSession(core: Core, { user_id, hash }: SessionDoc): Promise<void> {
  await core.storage.collection(sessionsSpec).delete([user_id, hash]);
}
