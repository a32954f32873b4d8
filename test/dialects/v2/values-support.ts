/** Requests about single values, as tests send them. */

import { newUser, type Served } from '../../support/served.ts';

/** An answer with its bytes. */
export interface ValueAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly json: any;
}

type Sent = Readonly<Record<string, string>>;

/** An account that uses v2, and the original API beside it. */
export interface ValueUser {
  readonly token: string;
  readonly accountId: string;
  send(method: string, path: string, body?: string | Uint8Array, headers?: Sent): Promise<ValueAnswer>;
  get(key: string, headers?: Sent): Promise<ValueAnswer>;
  put(key: string, body: string | Uint8Array, headers?: Sent, query?: string): Promise<ValueAnswer>;
  del(key: string, headers?: Sent): Promise<ValueAnswer>;
  info(key: string, headers?: Sent): Promise<ValueAnswer>;
  touch(key: string, body: object, headers?: Sent): Promise<ValueAnswer>;
  incr(key: string, body?: object, headers?: Sent): Promise<ValueAnswer>;
  /** What the original API answers for the key. */
  original(key: string): Promise<ValueAnswer>;
  /** Stores through the original API. */
  setOriginal(key: string, value: unknown): Promise<ValueAnswer>;
}

/** A new account, which speaks to its server or to another one on the same data. */
export async function valueUser(served: Served, url = served.server.url): Promise<ValueUser> {
  const { token, account } = await newUser(served.server);
  return valueUserWith(token, account.user_id, url);
}

/** As `valueUser`, with a token that is there. */
export function valueUserWith(token: string, accountId: string, url: string): ValueUser {
  const send: ValueUser['send'] = async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? Buffer.from(body) : Buffer.from(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString();
    return { status: response.status, headers: response.headers, bytes, text, json: parsed(text) };
  };
  return {
    token,
    accountId,
    send,
    get: (key, headers) => send('GET', `/v2/kv/${key}`, undefined, headers),
    put: (key, body, headers, query = '') => send('PUT', `/v2/kv/${key}${query}`, body, headers),
    del: (key, headers) => send('DELETE', `/v2/kv/${key}`, undefined, headers),
    info: (key, headers) => send('GET', `/v2/info/${key}`, undefined, headers),
    touch: (key, body, headers) => send('POST', `/v2/touch/${key}`, JSON.stringify(body), headers),
    incr: (key, body, headers) => send('POST', `/v2/incr/${key}`, body && JSON.stringify(body), headers),
    original: key => send('GET', `/user/${token}/store/${key}`),
    setOriginal: (key, value) => send('POST', `/user/${token}/store/${key}`, JSON.stringify({ value })),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
