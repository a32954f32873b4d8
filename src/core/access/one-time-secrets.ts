/**
 * Secrets that are shown once, to the session that had them made: the password that an admin has generated for somebody. They lie
 * in the storage, where every process finds them, encrypted under a key that only the session's token gives: the storage knows
 * its hash alone.
 */

import { hkdfSync } from 'node:crypto';
import { GoneError } from '../../base/errors.ts';
import type { CollectionSpec } from '../../storage/port.ts';
import { decrypted, encrypted } from '../cipher.ts';
import type { Core } from '../context.ts';
import { sha256Hex } from '../ids.ts';

/** A secret that waits for its session; `session` is the SHA-256 of that one's token. */
export interface OneTimeSecretDoc {
  user_id: string;
  session: string;
  sealed: string;
  expires_at: Date;
}

export const oneTimeSecretsSpec: CollectionSpec<OneTimeSecretDoc> = {
  name: 'shown_once',
  key: ['user_id', 'session'],
  expires: 'expires_at',
  owner: 'user_id',
};

/** Milliseconds. */
const LIFETIME_MS = 300_000;

/** Whose secret it is: an account, and the token of the session it is shown in. */
export interface SecretHolder {
  readonly accountId: string;
  readonly sessionToken: string;
}

/** Leaves a secret for five minutes, in place of one that the session was left before. */
export async function leaveSecret(core: Core, holder: SecretHolder, secret: string): Promise<void> {
  const [user_id, session] = keyOf(holder);
  await core.storage.collection(oneTimeSecretsSpec).put({
    user_id,
    session,
    sealed: encrypted(cipherKey(holder), secret),
    expires_at: new Date(core.clock.now() + LIFETIME_MS),
  });
}

/**
 * The secret that was left for this session; it is gone then: of several who take it at once, one gets it. Throws `GoneError`
 * (code `one_time_secret_expired`) when there is none, or none any more.
 */
export async function takeSecret(core: Core, holder: SecretHolder): Promise<string> {
  const secrets = core.storage.collection(oneTimeSecretsSpec);
  const key = keyOf(holder);
  const found = await secrets.get(key);
  if (found === undefined || !(await secrets.delete(key, { sealed: found.sealed }))) throw expired();
  try {
    return decrypted(cipherKey(holder), found.sealed);
  } catch {
    throw expired();
  }
}

function keyOf({ accountId, sessionToken }: SecretHolder): [accountId: string, session: string] {
  return [accountId, sha256Hex(sessionToken)];
}

function cipherKey({ accountId, sessionToken }: SecretHolder): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', sessionToken, accountId, 'keybin one-time secret v1', 32));
}

function expired(): GoneError {
  return new GoneError('this was shown before, or its time is over', { code: 'one_time_secret_expired' });
}
