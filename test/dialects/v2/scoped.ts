/** Tokens of v2 with scopes of their own, made without HTTP. */

import { randomBytes } from 'node:crypto';
import { tokensSpec } from '../../../src/core/collections.ts';
import { newId, sha256Hex } from '../../../src/core/ids.ts';
import type { TestServer } from '../../support/server.ts';

/** The headers of a token of the account that may do so much. */
export async function scopedHeaders(
  { core }: TestServer,
  accountId: string,
  scopes: readonly string[],
): Promise<Record<string, string>> {
  const secret = `kb_${randomBytes(32).toString('base64url')}`;
  const now = core.clock.now();
  await core.storage.collection(tokensSpec).insert({
    user_id: accountId,
    slot: `v:${newId()}`,
    hash: sha256Hex(secret),
    scopes,
    created_at: new Date(now),
    expires_at: new Date(now + 3_600_000),
  });
  return { Authorization: `Bearer ${secret}` };
}
