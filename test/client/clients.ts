/** Clients of the library, and networks that lose what they carry. */

import { Keybin, type KeybinOptions } from '../../src/client/index.ts';
import { newUser } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';

/** A client of a new account, with a token of the original API. */
export async function newClient(server: TestServer, options: Partial<KeybinOptions> = {}): Promise<Keybin> {
  const { token } = await newUser(server);
  return new Keybin({ url: server.url, token, ...options });
}

/** A request as the network sees it. */
export interface Carried {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
}

/** `fetch` over a network that a test breaks. */
export interface Network {
  readonly fetch: typeof globalThis.fetch;
  /** What was sent, in this order. */
  readonly carried: Carried[];
  /** The next requests of this method arrive and are done, and their answers are lost. */
  loseAnswers(method: string, times?: number): void;
  /** The next requests of this method are answered by this instead of the server. */
  answer(method: string, make: () => Response, times?: number): void;
}

/** A network that works until it is told otherwise. */
export function newNetwork(): Network {
  const carried: Carried[] = [];
  const losing = new Map<string, number>();
  const answering = new Map<string, { make: () => Response; left: number }>();
  return {
    carried,
    loseAnswers: (method, times = 1) => losing.set(method, times),
    answer: (method, make, times = 1) => answering.set(method, { make, left: times }),
    fetch: async (input, init) => {
      const method = init?.method ?? 'GET';
      const { pathname, search } = new URL(String(input));
      carried.push({ method, path: pathname + search, headers: new Headers(init?.headers) });
      const own = answering.get(method);
      if (own && own.left-- > 0) return own.make();
      const response = await fetch(input, init);
      const left = losing.get(method) ?? 0;
      if (left === 0) return response;
      losing.set(method, left - 1);
      await response.arrayBuffer();
      throw new TypeError('fetch failed');
    },
  };
}
