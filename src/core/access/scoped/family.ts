/**
 * Tokens that were made with tokens: a token ends with the one it was made with. Nobody has to remember for that what a token
 * made: whose maker is gone is found and ended, whoever looks first, so that a process that died in between leaves nothing behind.
 */

import { type TokenDoc, tokensSpec } from '../../collections.ts';
import type { Core } from '../../context.ts';
import { pagesOf } from '../../pages.ts';

/** Tokens read, and ended side by side, at once. */
const PAGE = 100;

/** Slots of tokens of v2: `v:<id>`. */
const SLOTS = { from: 'v:', below: 'v;' } as const;

/** What tells a token of v2 from others, and who made it. */
type Relative = Pick<TokenDoc, 'slot' | 'hash' | 'parent' | 'uses_left'>;

/** The tokens of v2 that an account has, used-up ones included. Their scopes may be long, and are not kept. */
export async function scopedTokens(core: Core, accountId: string): Promise<Relative[]> {
  const tokens = core.storage.collection(tokensSpec);
  const found: Relative[] = [];
  const scan = { prefix: [accountId], ...SLOTS, limit: PAGE };
  for await (const page of pagesOf(after => tokens.scan({ ...scan, ...after }))) {
    for (const { slot, hash, parent, uses_left } of page) {
      found.push({
        slot,
        hash,
        ...(parent !== undefined && { parent }),
        ...(uses_left !== undefined && { uses_left }),
      });
    }
  }
  return found;
}

/** How many of them there are, at most `cap`. */
export function countScoped(core: Core, accountId: string, cap: number): Promise<number> {
  return core.storage.collection(tokensSpec).count({ prefix: [accountId], ...SLOTS }, cap);
}

/** Ends a token and all that was made with it; returns whether it was there. Whatever it made has ended in any case. */
export async function endWithFamily(core: Core, { user_id, slot, hash }: TokenDoc): Promise<boolean> {
  const ended = await core.storage.collection(tokensSpec).delete([user_id, slot], { hash });
  await endOrphans(core, user_id);
  return ended;
}

/**
 * Ends what was made with tokens that are gone, and what that made. Who makes a token looks at his own again once it is stored:
 * either that shows that it is gone, or the new one is found here.
 */
export async function endOrphans(core: Core, accountId: string): Promise<void> {
  const tokens = core.storage.collection(tokensSpec);
  for (;;) {
    const orphans = await orphansAmong(core, await scopedTokens(core, accountId));
    if (orphans.length === 0) return;
    for (let at = 0; at < orphans.length; at += PAGE) {
      const lot = orphans.slice(at, at + PAGE);
      await Promise.all(lot.map(({ slot, hash }) => tokens.delete([accountId, slot], { hash })));
    }
  }
}

async function orphansAmong(core: Core, family: readonly Relative[]): Promise<Relative[]> {
  const known = new Map(family.map(token => [token.hash, token]));
  // What was made with a token of the original API.
  const others = family.flatMap(({ parent }) => (parent === undefined || known.has(parent) ? [] : [parent]));
  const live = new Set(await liveAmong(core, [...new Set(others)]));
  const made = new Map<string, Relative[]>();
  const orphans: Relative[] = [];
  for (const token of family) {
    const { parent } = token;
    if (parent === undefined || live.has(parent)) continue;
    if (known.has(parent)) made.set(parent, [...(made.get(parent) ?? []), token]);
    else orphans.push(token);
  }
  for (const { hash } of orphans) orphans.push(...(made.get(hash) ?? []));
  return orphans;
}

async function liveAmong(core: Core, hashes: readonly string[]): Promise<string[]> {
  if (hashes.length === 0) return [];
  const found = await core.storage.collection(tokensSpec).getMany(
    hashes.map(hash => [hash]),
    'hash',
  );
  return found.flatMap(token => (token === undefined ? [] : [token.hash]));
}

/** Whether `maker` made the token, or made what made it; each has made itself. */
export async function isOfFamily(core: Core, maker: TokenDoc, token: TokenDoc): Promise<boolean> {
  if (token.hash === maker.hash || token.parent === maker.hash) return true;
  if (token.parent === undefined) return false;
  const known = new Map((await scopedTokens(core, token.user_id)).map(each => [each.hash, each]));
  for (let at = known.get(token.parent); at !== undefined; at = known.get(at.parent ?? '')) {
    if (at.parent === maker.hash) return true;
  }
  return false;
}
