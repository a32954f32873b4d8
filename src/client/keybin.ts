/** The client: one account of one server. */

import { ConditionError, KeybinError, refusal } from './errors.ts';
import { acquire, type Lock, type LockOptions } from './lock.ts';
import { Original } from './original.ts';
import { renewing } from './renewal.ts';
import { Tokens } from './tokens.ts';
import { Transport } from './transport.ts';
import type {
  BatchOp,
  BatchResult,
  Bytes,
  CallOptions,
  Changes,
  ChangesOptions,
  CreatedToken,
  Credentials,
  EntriesOptions,
  Entry,
  GetOptions,
  IncrOptions,
  Info,
  KeybinOptions,
  Limits,
  ListOptions,
  MatchOptions,
  Page,
  RequestOptions,
  SetOptions,
  Stored,
  TokenOptions,
  Watched,
  WatchOptions,
} from './types.ts';
import { Value } from './value.ts';
import { watch } from './watch.ts';
import { fromWire, opToWire, pathOf } from './wire.ts';

/** Of signing in: how the server is reached, who, and what the token is to be. */
export type SignInOptions = Omit<KeybinOptions, 'url' | 'token'> & Credentials & TokenOptions;

/**
 * The values of one account. Every call rejects with `KeybinError`, of a condition that does not hold with `ConditionError`, or with the
 * reason of its signal.
 */
export class Keybin {
  /** Tokens of v2. */
  readonly tokens: Tokens;
  /** The original API. */
  readonly original: Original;
  readonly #transport: Transport;

  /** Throws `TypeError` when the address is none. Nothing is sent yet. */
  constructor(options: KeybinOptions) {
    this.#transport = new Transport(options);
    this.tokens = new Tokens(this.#transport);
    this.original = new Original(this.#transport);
    if (options.renewToken) renewing(this.#transport, this.tokens, options.renewToken);
  }

  /** Makes a token with the password, and a client that has it. The secret is in `token.token`. */
  static async signIn(
    url: string | URL,
    { username, password, name, ttl, scopes, clientId, maxUses, signal, ...options }: SignInOptions,
  ): Promise<{ client: Keybin; token: CreatedToken }> {
    if (username.includes(':')) {
      throw refusal(
        'username_invalid',
        'username: one with a colon cannot sign in so; use original.token, and its token',
      );
    }
    const stranger = new Tokens(new Transport({ ...options, url }), { username, password });
    const token = await stranger.create({ name, ttl, scopes, clientId, maxUses, signal });
    return { client: new Keybin({ ...options, url, token: token.token }), token };
  }

  /** The value of a key; undefined: there is none. */
  get(key: string, { range, ifNoneMatch, signal }: GetOptions = {}): Promise<Value | undefined> {
    const part = range && `bytes=${range.start < 0 ? range.start : `${range.start}-${range.end ?? ''}`}`;
    const headers = { Range: part, 'If-None-Match': ifNoneMatch };
    return orAbsent(this.#send('GET', '/v2/kv', key, { headers, signal }, response => new Value(key, response)));
  }

  /** Stores a value, in place of what is there. It does not inherit an expiry. */
  set(key: string, value: Bytes, options?: SetOptions & { readonly json?: false | undefined }): Promise<Stored>;
  /** Stores a value as JSON. */
  set(key: string, value: unknown, options: SetOptions & { readonly json: true }): Promise<Stored>;
  set(key: string, value: unknown, options: SetOptions = {}): Promise<Stored> {
    const { ttl, expiresAt, type, meta = {}, ifMatch, ifAbsent, json, signal } = options;
    const body = (json ? JSON.stringify(value) : value) as Bytes;
    const headers: Record<string, string | undefined> = {
      'Content-Type': type ?? typeOf(body, json),
      'If-Match': ifMatch,
      'If-None-Match': ifAbsent ? '*' : undefined,
    };
    for (const [name, text] of Object.entries(meta)) headers[`Keybin-Meta-${name}`] = text;
    const query = { ttl, expires_at: expiresAt?.toISOString() };
    return this.#send('PUT', '/v2/kv', key, { body, headers, query, signal, once: true }, response => ({
      key,
      etag: response.headers.get('ETag') ?? '',
      created: response.status === 201,
      expiresAt: momentOf(response.headers.get('Keybin-Expires-At')),
    }));
  }

  /**
   * Removes a value; false: there was none. Without `ifMatch` it is not sent twice, since somebody may have stored another value meanwhile.
   */
  async delete(key: string, { ifMatch, signal }: MatchOptions = {}): Promise<boolean> {
    const options = { headers: { 'If-Match': ifMatch }, signal, idempotent: ifMatch !== undefined };
    try {
      await this.#send('DELETE', '/v2/kv', key, options, () => true);
      return true;
    } catch (error) {
      if (!(error instanceof KeybinError)) throw error;
      const isGone = error instanceof ConditionError ? error.currentEtag === undefined : error.code === 'key_not_found';
      // A try without an answer may have removed it.
      if (isGone && error.repeated) return true;
      if (error.code === 'key_not_found') return false;
      if (ifMatch === undefined && isUnanswered(error) && !(await this.info(key, { signal }))) return true;
      throw error;
    }
  }

  /** Removes all keys that begin with the prefix, `*` for all, and says how many. What breaks off can be repeated. */
  async deletePrefix(prefix: string, { signal }: CallOptions = {}): Promise<number> {
    const { deleted } = await this.#transport.json<{ deleted: number }>('DELETE', '/v2/kv', {
      query: { prefix },
      signal,
    });
    return deleted;
  }

  /** A page of the keys, in the order of their bytes. */
  async list({ signal, values, ...query }: ListOptions = {}): Promise<Page> {
    const sent = { query: { ...query, values: values ? 1 : undefined }, signal };
    const { keys, ...page } = await this.#transport.json<{ keys: object[] } & Omit<Page, 'keys'>>(
      'GET',
      '/v2/kv',
      sent,
    );
    return { ...page, keys: keys.map(fromWire<Entry>) };
  }

  /** All entries, page after page. One that exists throughout comes exactly once. */
  async *entries(options: EntriesOptions = {}): AsyncGenerator<Entry, void, undefined> {
    let { cursor } = options;
    do {
      const page: Page = await this.list({ limit: 1000, ...options, cursor });
      yield* page.keys;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** What is known of a value, without its bytes; undefined: there is none. */
  info(key: string, { signal }: CallOptions = {}): Promise<Info | undefined> {
    return orAbsent(this.#info('GET', '/v2/info', key, { signal }));
  }

  /** Has a value live for so many seconds from now on, or for ever (null); undefined: there is none. It has a new ETag then. */
  touch(key: string, ttl: number | null, { ifMatch, signal }: MatchOptions = {}): Promise<Info | undefined> {
    const sent = { json: { ttl }, headers: { 'If-Match': ifMatch }, once: true, signal };
    return orAbsent(this.#info('POST', '/v2/touch', key, sent));
  }

  /** Adds to a value that is a JSON integer, and makes one where there is none. Gives the sum. */
  async incr(key: string, by = 1, { initial, ttl, ifMatch, signal }: IncrOptions = {}): Promise<number> {
    const sent = { json: { by, initial, ttl }, headers: { 'If-Match': ifMatch }, once: true, signal };
    return (await this.#info<{ value: number }>('POST', '/v2/incr', key, sent)).value;
  }

  /** Does all of it or nothing. Rejects with code `batch_failed` when a condition fails, `batch_unsupported` where there are no transactions. */
  async batch(ops: readonly BatchOp[], { signal }: CallOptions = {}): Promise<BatchResult[]> {
    const isReading = ops.every(({ op }) => op === 'get' || op === 'check');
    const sent = { json: { ops: ops.map(opToWire) }, idempotent: isReading, once: !isReading, signal };
    const { results } = await this.#transport.json<{ results: object[] }>('POST', '/v2/batch', sent);
    return results.map(fromWire<BatchResult>);
  }

  /** What has changed since a cursor; without one the present cursor: take it before a list, then nothing is missed. */
  async changes({ wait, signal, ...query }: ChangesOptions = {}): Promise<Changes> {
    const sent = { query: { ...query, wait: wait && `${wait}s` }, signal };
    const { changes, cursor } = await this.#transport.json<Changes>('GET', '/v2/changes', sent);
    return { changes: changes.map(fromWire<Changes['changes'][number]>), cursor };
  }

  /**
   * Follows the changes behind `since`, or from the moment of the first connection on; lost connections are made again, and nothing is
   * left out or told twice. Ends when the signal is aborted. Throws `CursorGoneError`, and what another try would not mend.
   */
  watch(options: WatchOptions = {}): AsyncIterableIterator<Watched> {
    return watch(this.#transport, options);
  }

  /**
   * Takes a lock: a key that only one can create, which ends by itself unless it is renewed, as it is until `release()`. Rejects with
   * `ConditionError` when somebody else has it, after `wait` seconds.
   */
  lock(key: string, options: LockOptions = {}): Promise<Lock> {
    return acquire(this, key, options);
  }

  /** Every limit in force, what is used of it, and what the engine can do. */
  async limits({ signal }: CallOptions = {}): Promise<Limits> {
    return fromWire<Limits>(await this.#transport.json('GET', '/v2/limits', { signal }));
  }

  /** Any request, with the token, the retries and the errors of all others. A path begins with `/`; statuses from 400 on are errors. */
  request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    return this.#transport.send(method, path, options, response => response);
  }

  async #send<T>(
    method: string,
    route: string,
    key: string,
    options: RequestOptions,
    read: (response: Response) => T | Promise<T>,
  ): Promise<T> {
    return this.#transport.send(method, pathOf(route, key), options, read);
  }

  async #info<T = Info>(method: string, route: string, key: string, options: RequestOptions): Promise<T> {
    return fromWire<T>(await this.#transport.json(method, pathOf(route, key), options));
  }
}

/** What it gives; undefined when the key is not there. A server without v2 answers 404 as well, with another code. */
export async function orAbsent<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof KeybinError && error.code === 'key_not_found') return undefined;
    throw error;
  }
}

function isUnanswered({ status }: KeybinError): boolean {
  return status === 0 || status > 501;
}

function momentOf(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}

function typeOf(body: Bytes, json = false): string {
  if (json) return 'application/json';
  if (typeof body === 'string') return 'text/plain; charset=utf-8';
  return (body instanceof Blob && body.type) || 'application/octet-stream';
}
