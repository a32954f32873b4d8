/** New tokens of v2 (v2.md, section 5). */

import { randomBytes } from 'node:crypto';
import { ConflictError, ForbiddenError } from '../../../base/errors.ts';
import { checkClientId } from '../../../base/names.ts';
import { type AccountDoc, type TokenDoc, tokensSpec } from '../../collections.ts';
import type { Core } from '../../context.ts';
import { newSecret, sha256Hex } from '../../ids.ts';
import { tellPlugins } from '../../plugins/tell.ts';
import { credentialsInvalid } from '../login.ts';
import { checkScopes, Scopes, scopeInsufficient } from '../scopes.ts';
import { isUnchanged } from '../standing.ts';
import { countScoped, scopedTokens } from './family.ts';
import { tokenUnknown } from './refusal.ts';

/** Most tokens of v2 that an account has at a time. */
export const MOST_TOKENS = 1000;

/** Who makes a token: an account whose password was verified, or a token of it. */
export interface Maker {
  readonly scopes: Scopes;
  readonly by: { readonly account: AccountDoc } | { readonly token: TokenDoc };
}

/** What it is to be like; all may be absent. */
export interface TokenWish {
  /** 1 to 128 characters. */
  readonly name?: string | undefined;
  /** Seconds. */
  readonly ttl?: number | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly max_uses?: number | undefined;
  readonly client_id?: string | undefined;
}

/** A new token. The secret is known to nobody else: the storage has its hash. */
export interface MadeToken {
  readonly doc: TokenDoc;
  readonly secret: string;
  /** Whether it lives for less than was asked for. */
  readonly capped: boolean;
}

/**
 * Makes a token that can do no more than its maker and lives no longer. Throws `InvalidInputError`, `ForbiddenError` (codes
 * `scope_insufficient`, `token_makes_none`), `ConflictError` (code `too_many_tokens`), and when the maker ended meanwhile
 * `ForbiddenError` (code `credentials_invalid`) or `UnauthorizedError`.
 */
export async function makeToken(core: Core, maker: Maker, wish: TokenWish): Promise<MadeToken> {
  const parent = 'token' in maker.by ? maker.by.token : undefined;
  if (parent?.uses_left !== undefined) {
    throw new ForbiddenError('a token that can be used so many times only makes no others', {
      code: 'token_makes_none',
    });
  }
  const scopes = wish.scopes === undefined ? maker.scopes.all : checkScopes(wish.scopes);
  for (const scope of scopes) if (!maker.scopes.covers(new Scopes([scope]))) throw scopeInsufficient(scope);
  if (wish.client_id !== undefined) checkClientId(wish.client_id);
  const user_id = 'account' in maker.by ? maker.by.account.user_id : maker.by.token.user_id;
  await demandRoom(core, user_id);
  const now = core.clock.now();
  const { secondsByDefault, mostSeconds } = core.settings.tokenLife();
  const asked = now + (wish.ttl ?? secondsByDefault) * 1000;
  const expires = Math.min(asked, now + mostSeconds * 1000, parent?.expires_at.getTime() ?? Number.POSITIVE_INFINITY);
  const secret = `kb_${randomBytes(32).toString('base64url')}`;
  const doc: TokenDoc = {
    user_id,
    slot: `v:tok_${newSecret(12)}`,
    hash: sha256Hex(secret),
    ...(wish.client_id !== undefined && { client_id: wish.client_id }),
    created_at: new Date(now),
    expires_at: new Date(expires),
    scopes,
    ...(wish.name !== undefined && { name: wish.name }),
    ...(parent && { parent: parent.hash }),
    ...(wish.max_uses !== undefined && { uses_left: wish.max_uses }),
  };
  await store(core, maker, doc);
  core.tallies.issued.v2++;
  if (core.plugins.acts('tokens.issued')) {
    const client = doc.client_id ?? doc.slot.slice(2);
    tellPlugins(core, 'tokens.issued', user_id, { client, expires_at: doc.expires_at });
  }
  return { doc, secret, capped: expires < asked };
}

/** Stores it, and takes it back when the maker ended meanwhile: whoever ends him looks for what he made only after. */
async function store(core: Core, { by }: Maker, doc: TokenDoc): Promise<void> {
  const tokens = core.storage.collection(tokensSpec);
  await tokens.insert(doc);
  if ('account' in by) {
    if (await isUnchanged(core, by.account)) return;
  } else if ((await tokens.get([by.token.user_id, by.token.slot]))?.hash === by.token.hash) return;
  await tokens.delete([doc.user_id, doc.slot], { hash: doc.hash });
  throw 'account' in by ? credentialsInvalid() : tokenUnknown();
}

/** What was used up makes room. Throws `ConflictError` (code `too_many_tokens`). */
async function demandRoom(core: Core, accountId: string): Promise<void> {
  if ((await countScoped(core, accountId, MOST_TOKENS)) < MOST_TOKENS) return;
  const used = (await scopedTokens(core, accountId)).filter(({ uses_left }) => uses_left === 0);
  const tokens = core.storage.collection(tokensSpec);
  await Promise.all(used.map(({ slot, hash }) => tokens.delete([accountId, slot], { hash })));
  if (used.length > 0) return;
  throw new ConflictError(`the account has ${MOST_TOKENS} tokens, as many as it may: revoke some`, {
    code: 'too_many_tokens',
  });
}
