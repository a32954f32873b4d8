/** A value that was read. */

import { KeybinError } from './errors.ts';

const META = 'keybin-meta-';

/** A value and what is known of it. Its bytes can be read once, in one of four ways. */
export class Value {
  readonly key: string;
  readonly contentType: string;
  /** Bytes of the whole value, also of a part; of one that is `unchanged` 0. */
  readonly size: number;
  readonly etag: string;
  readonly expiresAt: Date | null;
  /** Names are in lower case. */
  readonly meta: Record<string, string>;
  /** `ifNoneMatch` names it: there are no bytes. */
  readonly unchanged: boolean;
  readonly #response: Response;

  constructor(key: string, response: Response) {
    const { headers, status } = response;
    const expiry = headers.get('Keybin-Expires-At');
    this.#response = response;
    this.key = key;
    this.contentType = headers.get('Content-Type') ?? '';
    this.size = Number(/\d+$/.exec(headers.get('Content-Range') ?? headers.get('Content-Length') ?? '')?.[0] ?? 0);
    this.etag = headers.get('ETag') ?? '';
    this.expiresAt = expiry === null ? null : new Date(expiry);
    this.unchanged = status === 304;
    this.meta = {};
    for (const [name, value] of headers) if (name.startsWith(META)) this.meta[name.slice(META.length)] = value;
  }

  /** The bytes as they come. */
  get stream(): ReadableStream<Uint8Array> {
    return this.#response.body ?? new ReadableStream({ start: controller => controller.close() });
  }

  /** All bytes. Throws `KeybinError` (code `network`) when they break off. */
  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await whole(this.#response.arrayBuffer()));
  }

  /** All bytes as UTF-8. */
  text(): Promise<string> {
    return whole(this.#response.text());
  }

  /** What the JSON says. Throws `SyntaxError` when it is none. */
  async json<T = unknown>(): Promise<T> {
    return JSON.parse(await this.text());
  }
}

async function whole<T>(body: Promise<T>): Promise<T> {
  try {
    return await body;
  } catch (cause) {
    // What the browsers and Node throw for what broke off; the reason of a signal is another.
    if (!(cause instanceof TypeError)) throw cause;
    throw new KeybinError('the value broke off', { code: BROKEN, cause });
  }
}

const BROKEN = 'network';
