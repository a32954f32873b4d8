/** The tokens of an account, for programs that look after them. */

import { inSlices } from '../../../base/slices.ts';
import type { Page } from '../../../storage/port.ts';
import { type TokenDoc, tokensSpec } from '../../collections.ts';
import type { Core } from '../../context.ts';

const ID = /^tok_[0-9a-f]{24}$/;

/** Tokens read at once: they may have long scopes, and others are to have their turn. */
const AT_ONCE = 100;

const HASH = /^[0-9a-f]{64}$/;

/** What the token is called by: an id of its own, or for one of the original API the SHA-256 of its secret. */
export function tokenId({ slot, scopes, hash }: TokenDoc): string {
  return scopes === undefined ? hash : slot.slice(2);
}

/**
 * The live tokens of an account, those of the original API included, `limit` of them at most, a few at a time; what comes last names the
 * cursor to go on from, if there is more. Used-up ones are left out, so that there can be fewer. Throws `InvalidInputError` (code `cursor_invalid`).
 */
export async function* listTokens(
  core: Core,
  accountId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): AsyncGenerator<Page<TokenDoc>> {
  const tokens = core.storage.collection(tokensSpec);
  const slices = inSlices();
  let from = cursor;
  for (let left = limit; left > 0; ) {
    await slices.pause();
    const scan = { prefix: [accountId], limit: Math.min(left, AT_ONCE), ...(from !== undefined && { cursor: from }) };
    const { items, next } = await tokens.scan(scan);
    yield { items: items.filter(({ uses_left }) => uses_left !== 0), ...(next !== undefined && { next }) };
    if (next === undefined) return;
    from = next;
    left -= items.length;
  }
}

/** The token of an account by its id. */
export async function tokenById(core: Core, accountId: string, id: string): Promise<TokenDoc | undefined> {
  const tokens = core.storage.collection(tokensSpec);
  if (ID.test(id)) return tokens.get([accountId, `v:${id}`]);
  if (!HASH.test(id)) return undefined;
  const token = await tokens.find('hash', [id]);
  return token?.user_id === accountId && token.scopes === undefined ? token : undefined;
}
