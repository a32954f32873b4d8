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
 * A page of the live tokens of an account, those of the original API included; used-up ones are left out, so that a page can have
 * fewer than `limit`. Throws `InvalidInputError` (code `cursor_invalid`).
 */
export async function listTokens(
  core: Core,
  accountId: string,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<TokenDoc>> {
  const tokens = core.storage.collection(tokensSpec);
  const slices = inSlices();
  const found: TokenDoc[] = [];
  let { cursor } = page;
  for (let left = page.limit; left > 0; ) {
    await slices.pause();
    const scan = { prefix: [accountId], limit: Math.min(left, AT_ONCE), ...(cursor !== undefined && { cursor }) };
    const { items, next } = await tokens.scan(scan);
    found.push(...items.filter(({ uses_left }) => uses_left !== 0));
    if (next === undefined) return { items: found };
    cursor = next;
    left -= items.length;
  }
  return { items: found, ...(cursor !== undefined && { next: cursor }) };
}

/** The token of an account by its id. */
export async function tokenById(core: Core, accountId: string, id: string): Promise<TokenDoc | undefined> {
  const tokens = core.storage.collection(tokensSpec);
  if (ID.test(id)) return tokens.get([accountId, `v:${id}`]);
  if (!HASH.test(id)) return undefined;
  const token = await tokens.find('hash', [id]);
  return token?.user_id === accountId && token.scopes === undefined ? token : undefined;
}
