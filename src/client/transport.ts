/** One request: its address, who sends it, when it is sent again, and what its failure is. */

import { base64 } from './base64.ts';
import { errorOf, KeybinError } from './errors.ts';
import { backOff, pause } from './pause.ts';
import type { Bytes, KeybinOptions, RequestOptions } from './types.ts';

/** Milliseconds between two tries at most, and seconds of `Retry-After` that are waited for; whoever is told more gets the error. */
const LONGEST_BACK_OFF = 10_000;
const LONGEST_RETRY_AFTER = 60;

/** Bytes that a body must send in a millisecond at least, beside what an empty request may take. */
const SLOWEST = 32;

/** What a proxy or the server says when it could not do its work, or nobody knows whether it did. */
const UNSURE = new Set([0, 502, 503, 504]);

const UNSUPPORTED = 'idempotency_unsupported';

/** What is answered, with nothing done, where the answer cannot be kept for a repetition. */
const KEYLESS = new Set([UNSUPPORTED, 'idempotent_answer_too_large']);

/** Sends the requests of one client. */
export class Transport {
  readonly timeout: number;
  /** Called before each request that uses the token. */
  onUse: (() => void) | undefined;
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #fetch: typeof globalThis.fetch;
  readonly #retries: number;
  readonly #userAgent: string | undefined;
  /** Whether the server takes an `Idempotency-Key`: a standalone MongoDB does not. */
  #takesKeys = true;

  constructor({ url, token, fetch, retries = 4, timeout = 30_000, userAgent }: KeybinOptions) {
    const { protocol, origin, pathname, username } = new URL(url);
    if (!/^https?:$/.test(protocol)) throw new TypeError(`url: expected http:// or https://, not ${protocol}`);
    if (username !== '')
      throw new TypeError('url: expected no name and password in it; give a token, or use Keybin.signIn');
    this.#base = origin + pathname.replace(/\/+$/, '');
    this.#token = token;
    this.#fetch = fetch ?? ((...sent) => globalThis.fetch(...sent));
    this.#retries = retries;
    this.timeout = timeout;
    // Pages may not choose it.
    if (!('document' in globalThis || 'importScripts' in globalThis)) this.#userAgent = userAgent;
  }

  /** As {@link Transport.send}, for an answer in JSON. */
  json<T>(method: string, path: string, options?: RequestOptions): Promise<T> {
    return this.send(method, path, options, jsonOf<T>);
  }

  /**
   * Sends a request until it is answered, and has `read` make of the answer what is wanted; what breaks off meanwhile is sent again as
   * well. Throws `KeybinError`, or the reason of the signal.
   */
  async send<T>(
    method: string,
    path: string,
    options: RequestOptions = {},
    read: (response: Response) => T | Promise<T>,
  ): Promise<T> {
    if (!path.startsWith('/')) throw new TypeError(`path: expected a slash before ${path}`);
    const { signal, body, idempotent = method === 'GET' || method === 'HEAD' } = options;
    const isOnce = isStream(body);
    const headers = this.#headersOf(options);
    const sent = { method, url: this.#urlOf(path, options), headers, body: bodyOf(options), signal };
    if (options.basic === undefined && this.#token !== undefined) this.onUse?.();
    let repeated = false;
    for (let tries = 0; ; tries++) {
      signal?.throwIfAborted();
      try {
        return await this.#try(sent, read);
      } catch (error) {
        if (!(error instanceof KeybinError)) throw error;
        error.repeated = repeated;
        if (KEYLESS.has(error.code) && headers['idempotency-key']) {
          this.#takesKeys = error.code !== UNSUPPORTED;
          delete headers['idempotency-key'];
          continue;
        }
        const isSafe = idempotent || headers['idempotency-key'] !== undefined;
        if (isOnce || tries >= this.#retries || !mayRepeat(error, isSafe)) throw error;
        repeated ||= UNSURE.has(error.status);
        await pause((error.retryAfter ?? 0) * 1000 + backOff(tries, LONGEST_BACK_OFF), signal);
      }
    }
  }

  async #try<T>(
    { method, url, headers, body, signal }: Sent,
    read: (response: Response) => T | Promise<T>,
  ): Promise<T> {
    const own = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const allow = (ms: number) => {
      clearTimeout(timer);
      if (ms < 2 ** 31) timer = setTimeout(() => own.abort(), ms);
    };
    allow(this.timeout + sizeOf(body) / SLOWEST);
    try {
      const ask = this.#fetch; // browsers want it called without an object
      const response = await ask(url, {
        method,
        headers,
        // A token goes to no other address than the one that was given.
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, own.signal]) : own.signal,
        // Browsers' types want to know that the memory is not shared.
        ...(body !== undefined && { body: body as Exclude<Bytes, Uint8Array> | Uint8Array<ArrayBuffer> }),
        ...(isStream(body) && { duplex: 'half' as const }),
      });
      allow(this.timeout);
      if (response.ok || response.status === 304) return await read(response);
      throw isRedirect(response) ? redirected(response) : await errorOf(response);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof KeybinError) throw error;
      const isLate = own.signal.aborted;
      const message = `no answer from ${this.#base}${isLate ? ' in time' : ''}`;
      throw new KeybinError(message, failed(isLate ? 'timeout' : 'network', error));
    } finally {
      clearTimeout(timer);
    }
  }

  #urlOf(path: string, { query = {} }: RequestOptions): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const text = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
    return this.#base + path + (text === '' ? '' : `?${text}`);
  }

  #headersOf({ headers: given = {}, basic, body, json, once }: RequestOptions): Record<string, string> {
    const headers: Record<string, string> = {};
    const isRepeatable = this.#retries > 0 && !isStream(body);
    if (once && isRepeatable && this.#takesKeys) headers['idempotency-key'] = newId();
    if (json !== undefined) headers['content-type'] = 'application/json';
    if (this.#userAgent !== undefined) headers['user-agent'] = this.#userAgent;
    if (basic) headers.authorization = `Basic ${base64(`${basic.username}:${basic.password}`)}`;
    else if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`;
    for (const [name, value] of Object.entries(given)) if (value !== undefined) put(headers, name, value);
    return headers;
  }
}

/** A name that nobody else makes. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

/** The body of an answer. Throws `KeybinError` (code `not_json`) when something else answers at the address. */
export async function jsonOf<T>(response: Response): Promise<T> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { status } = response;
    throw new KeybinError('the answer is not JSON: is this the address of a Keybin server?', {
      ...failed('not_json', cause),
      status,
    });
  }
}

/** Sets a header. Throws `TypeError` when it cannot be sent. */
function put(headers: Record<string, string>, name: string, value: string): void {
  // Not by a `Headers`: Node loads all of `fetch` for that, also where another one is given.
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw new TypeError(`header ${name}: expected a name of ASCII letters, and a value on one line, of Latin letters`);
  }
  headers[name.toLowerCase()] = value;
}

/** Asks for the class only where it may be one: it is loaded by being named. */
function isStream(body: Bytes | undefined): body is ReadableStream<Uint8Array> {
  return typeof body === 'object' && !('byteLength' in body) && body instanceof ReadableStream;
}

function mayRepeat({ status, retryAfter = 0 }: KeybinError, isSafe: boolean): boolean {
  // What is too much has not been done, whatever it was.
  return retryAfter <= LONGEST_RETRY_AFTER && (status === 429 || (isSafe && UNSURE.has(status)));
}

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Bytes | undefined;
  readonly signal: AbortSignal | undefined;
}

const failed = (code: string, cause: unknown) => ({ code, cause });

function bodyOf({ body, json }: RequestOptions): Bytes | undefined {
  return json === undefined ? body : JSON.stringify(json);
}

/** Bytes, or as many characters. */
function sizeOf(body: Bytes | undefined): number {
  if (body === undefined) return 0;
  if (typeof body === 'string') return body.length;
  if ('byteLength' in body) return body.byteLength;
  return isStream(body) ? Number.POSITIVE_INFINITY : body.size;
}

function isRedirect({ type, status }: Response): boolean {
  return type === 'opaqueredirect' || (status >= 300 && status < 400);
}

function redirected({ status, headers }: Response): KeybinError {
  const to = headers.get('Location') ?? 'another address';
  return new KeybinError(`the server is elsewhere: it sends on to ${to}`, {
    status,
    ...failed('redirected', undefined),
  });
}
