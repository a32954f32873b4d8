/** That a token was used: counted exactly where it can be used so many times only, and noted to the minute (v2.md, section 5). */

import { ConflictError } from '../../../base/errors.ts';
import { type TokenDoc, tokensSpec } from '../../collections.ts';
import type { Core } from '../../context.ts';

const MINUTE_MS = 60_000;

/** Most tokens whose last use is remembered. */
const MOST_REMEMBERED = 10_000;

/** When tokens were used last, by their hashes, as far as this process has noted it. */
const noted = new Map<string, Date>();

/**
 * The token after this use; undefined when it cannot be used any more. What the request comes to does not matter: one that is
 * refused was a use too. Only where uses are counted is there anything to wait for.
 */
export function useToken(core: Core, token: TokenDoc): TokenDoc | Promise<TokenDoc | undefined> {
  if (token.uses_left !== undefined) return countUse(core, token);
  noteUse(core, token);
  return token;
}

async function countUse(core: Core, token: TokenDoc): Promise<TokenDoc | undefined> {
  const change = {
    add: { uses_left: -1 },
    bounds: { uses_left: { min: 0 } },
    set: { last_used_at: new Date(core.clock.now()) },
  };
  try {
    return await core.storage.collection(tokensSpec).update([token.user_id, token.slot], change, { hash: token.hash });
  } catch (error) {
    if (error instanceof ConflictError) return undefined;
    throw error;
  }
}

/** When the token was used last, as far as this process knows; true to a minute. */
export function lastUseOf({ hash, last_used_at }: TokenDoc): Date | undefined {
  const here = noted.get(hash);
  return here === undefined || (last_used_at !== undefined && last_used_at > here) ? last_used_at : here;
}

/**
 * Notes the use of a token whose uses are not counted: has it written in the background, at most once a minute. What cannot be written is no
 * reason to refuse anything.
 */
export function noteUse(core: Core, token: TokenDoc): void {
  const now = core.clock.now();
  const last = lastUseOf(token);
  if (last !== undefined && now - last.getTime() < MINUTE_MS) return;
  if (noted.size >= MOST_REMEMBERED) noted.clear();
  const last_used_at = new Date(now);
  noted.set(token.hash, last_used_at);
  void core.background.run(async () => {
    await core.storage
      .collection(tokensSpec)
      .update([token.user_id, token.slot], { set: { last_used_at } }, { hash: token.hash })
      .catch(err => core.log.debug({ err }, 'when a token was used last could not be noted'));
  });
}
