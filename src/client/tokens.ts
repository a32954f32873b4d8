/** Tokens of v2 (v2.md, section 5). */

import { KeybinError } from './errors.ts';
import type { Transport } from './transport.ts';
import type {
  CallOptions,
  CreatedToken,
  Credentials,
  RenewedToken,
  TokenInfo,
  TokenOptions,
  TokenPage,
} from './types.ts';
import { fromWire } from './wire.ts';

const PATH = '/v2/tokens';

/** Makes, lists, renews and revokes tokens: with the client's token, which needs the scope `tokens` for others than itself. */
export class Tokens {
  readonly #transport: Transport;
  readonly #basic: Credentials | undefined;

  /** With `basic` a password is used in place of the token. */
  constructor(transport: Transport, basic?: Credentials) {
    this.#transport = transport;
    this.#basic = basic;
  }

  /** Makes a token. Its secret is in `token`, this one time. */
  async create({ maxUses, clientId, signal, ...wish }: TokenOptions = {}): Promise<CreatedToken> {
    const json = { ...wish, max_uses: maxUses, client_id: clientId };
    return fromWire(await this.#json('POST', '', { json, signal }));
  }

  /** A page of the live tokens of the account, those of the original API included. */
  async list({
    signal,
    ...query
  }: CallOptions & { readonly limit?: number; readonly cursor?: string } = {}): Promise<TokenPage> {
    const page = await this.#json<Omit<TokenPage, 'tokens'> & { tokens: object[] }>('GET', '', { query, signal });
    return { ...page, tokens: page.tokens.map(fromWire<TokenInfo>) };
  }

  /** All of them. */
  async *all({ signal }: CallOptions = {}): AsyncGenerator<TokenInfo, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: TokenPage = await this.list({ limit: 1000, signal, ...(cursor !== undefined && { cursor }) });
      yield* page.tokens;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** The token in use. */
  async self({ signal }: CallOptions = {}): Promise<TokenInfo> {
    return fromWire(await this.#json('GET', '/self', { signal }));
  }

  /** Has the token in use live for so many seconds from now on: never for less than before. */
  async renew(ttl?: number, { signal }: CallOptions = {}): Promise<RenewedToken> {
    return fromWire(await this.#json('POST', '/self/renew', { json: { ttl }, idempotent: true, signal }));
  }

  /** Revokes a token, and all that was made with it. Rejects with code `credential_not_found` when there is none within reach. */
  async revoke(id: string, { signal }: CallOptions = {}): Promise<void> {
    const path = `${PATH}/${encodeURIComponent(id)}`;
    try {
      await this.#transport.send('DELETE', path, { idempotent: true, signal, basic: this.#basic }, () => undefined);
    } catch (error) {
      // A try without an answer has revoked it: an id is never used again.
      const isDone = error instanceof KeybinError && error.repeated && (error.status === 401 || error.status === 404);
      if (!isDone) throw error;
    }
  }

  #json<T extends object>(method: string, path: string, options: object): Promise<T> {
    return this.#transport.json<T>(method, PATH + path, { ...options, basic: this.#basic });
  }
}
