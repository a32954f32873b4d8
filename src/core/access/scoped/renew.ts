import { StorageUnavailableError } from '../../../base/errors.ts';
import { type TokenDoc, tokensSpec } from '../../collections.ts';
import type { Core } from '../../context.ts';
import { tokenUnknown } from './refusal.ts';

/** How often it is tried again while others renew the same token. */
const RACES = 20;

/**
 * Has a token live for `ttl` seconds from now on: never for less than before, never longer than `[TOKENS] max_ttl` from its making, nor
 * than the token that made it. `capped`: it is less than was asked for. Throws `UnauthorizedError` when it ended meanwhile.
 */
export async function renewScoped(
  core: Core,
  token: TokenDoc,
  ttl?: number,
): Promise<{ readonly expiresAt: Date; readonly capped: boolean }> {
  const tokens = core.storage.collection(tokensSpec);
  const { secondsByDefault, mostSeconds } = core.settings.tokenLife();
  let doc: TokenDoc | undefined = token;
  for (let race = 0; race < RACES; race++) {
    const parent: TokenDoc | undefined = doc.parent === undefined ? undefined : await tokens.find('hash', [doc.parent]);
    if (doc.parent !== undefined && parent === undefined) throw tokenUnknown();
    const asked = core.clock.now() + (ttl ?? secondsByDefault) * 1000;
    const most = Math.min(
      doc.created_at.getTime() + mostSeconds * 1000,
      parent?.expires_at.getTime() ?? Number.POSITIVE_INFINITY,
    );
    const expires_at: Date = doc.expires_at;
    const expiresAt = new Date(Math.max(Math.min(asked, most), expires_at.getTime()));
    const change = { set: { expires_at: expiresAt } };
    if (await tokens.update([doc.user_id, doc.slot], change, { hash: doc.hash, expires_at })) {
      return { expiresAt, capped: expiresAt.getTime() < asked };
    }
    doc = await tokens.find('hash', [token.hash]);
    if (doc === undefined) throw tokenUnknown();
  }
  throw new StorageUnavailableError('a token keeps changing');
}
