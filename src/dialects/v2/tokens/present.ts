import { tokenId } from '../../../core/access/scoped/list.ts';
import { lastUseOf } from '../../../core/access/scoped/use.ts';
import { EVERYTHING } from '../../../core/access/scopes.ts';
import { clientIdOf } from '../../../core/access/tokens.ts';
import type { TokenDoc } from '../../../core/collections.ts';

/** What is told of a token: everything but its secret. */
export function presentToken(token: TokenDoc) {
  const { scopes, name, client_id, created_at, expires_at, uses_left } = token;
  return {
    id: tokenId(token),
    name: name ?? null,
    client_id: scopes === undefined ? clientIdOf(token) : (client_id ?? null),
    scopes: scopes ?? EVERYTHING,
    created_at: created_at.toISOString(),
    last_used_at: lastUseOf(token)?.toISOString() ?? null,
    expires_at: expires_at.toISOString(),
    uses_left: uses_left ?? null,
    kind: scopes === undefined ? 'keybin' : 'v2',
  };
}
