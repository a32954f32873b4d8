/** The original API (docs/dialects/keybin.md): the same values as JSON. The token goes in a header, never in a path. */

import { KeybinError } from './errors.ts';
import type { Transport } from './transport.ts';
import type { CallOptions, Credentials, RequestOptions } from './types.ts';
import { pathOf } from './wire.ts';

/** A token of the original API. */
export interface OriginalToken {
  readonly token: string;
  /** Seconds. */
  readonly expireSeconds: number;
}

/** The original API. What changes something is not sent twice, since nobody would know whether it was done. */
export class Original {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Makes an account. Rejects with code `user_exists`. */
  async register(username: string, password: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#json('POST', '/register', { json: { username, password }, signal });
  }

  /** Ends an account and erases its data. */
  async unregister(username: string, password: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#json('DELETE', '/unregister', { json: { username, password }, signal });
  }

  /** Gives an account another password; every token of it ends. */
  async changePassword(
    username: string,
    password: string,
    newPassword: string,
    { signal }: CallOptions = {},
  ): Promise<void> {
    await this.#json('POST', '/password', { json: { username, password, new_password: newPassword }, signal });
  }

  /** A new token, in place of the one that the client with this `client_id` had. */
  async token(
    given: Credentials & { readonly client_id?: string },
    { signal }: CallOptions = {},
  ): Promise<OriginalToken> {
    const { username, password, client_id } = given;
    const sent = { json: { username, password, client_id }, signal };
    const { token } = await this.#json<{ token: { token: string; expire_seconds: number } }>('POST', '/token', sent);
    return { token: token.token, expireSeconds: token.expire_seconds };
  }

  /** All keys that the original API can name, in the order of their bytes. */
  async keys({ prefix, signal }: CallOptions & { readonly prefix?: string } = {}): Promise<string[]> {
    return (await this.#json<{ keys: string[] }>('GET', '/user/me/keys', { query: { prefix }, signal })).keys;
  }

  /** The value of a key; undefined: there is none. */
  async get(key: string, { signal }: CallOptions = {}): Promise<unknown> {
    try {
      return (await this.#json<{ value: unknown }>('GET', stored(key), { signal })).value;
    } catch (error) {
      if (error instanceof KeybinError && error.code === 'key_not_found') return undefined;
      throw error;
    }
  }

  /** Stores any JSON value. */
  async set(key: string, value: unknown, { signal }: CallOptions = {}): Promise<void> {
    await this.#json('POST', stored(key), { json: { value }, signal });
  }

  /** Removes a value; false: there was none. */
  async delete(key: string, { signal }: CallOptions = {}): Promise<boolean> {
    try {
      await this.#json('DELETE', stored(key), { signal });
      return true;
    } catch (error) {
      if (error instanceof KeybinError && error.code === 'key_not_found') return false;
      throw error;
    }
  }

  #json<T>(method: string, path: string, options: RequestOptions): Promise<T> {
    return this.#transport.json<T>(method, path, options);
  }
}

const stored = (key: string) => pathOf('/user/me/store', key);
