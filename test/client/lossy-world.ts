/** One key of a server, and a network to it for each client that loses, delays and parts: by the clock of the test. */

interface Stored {
  readonly etag: string;
  readonly holder: string;
  readonly expiresAt: number;
}

interface Answered {
  readonly status: number;
  readonly etag?: string;
  readonly body?: object;
}

/** Numbers that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The world of a seed. `takesKeys`: the server takes an `Idempotency-Key`. */
export function lossyWorld(seed: number, takesKeys: boolean) {
  const random = randomOf(seed);
  const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
  const kept = new Map<string, Answered>();
  const parted = new Map<number, number>();
  let stored: Stored | undefined;
  let writes = 0;
  let isMended = false;

  const present = () => (stored !== undefined && stored.expiresAt > Date.now() ? stored : undefined);
  const infoOf = ({ etag, holder, expiresAt }: Stored) => ({
    key: 'lock',
    etag,
    expires_at: new Date(expiresAt).toISOString(),
    meta: { holder },
  });
  const put = (holder: string, ttl: number) => {
    stored = { etag: `"${++writes}"`, holder, expiresAt: Date.now() + ttl * 1_000 };
    return stored;
  };

  /** What the server does and answers (v2.md, section 2). */
  function serve(method: string, url: URL, headers: Headers, body: unknown): Answered {
    const key = headers.get('Idempotency-Key');
    if (key !== null && !takesKeys) return { status: 501, body: { code: 'idempotency_unsupported' } };
    const before = key === null ? undefined : kept.get(key);
    if (before) return before;
    const answer = change(method, url, headers, body);
    if (key !== null && answer.status < 300) kept.set(key, answer);
    return answer;
  }

  function change(method: string, url: URL, headers: Headers, body: unknown): Answered {
    const there = present();
    const match = headers.get('If-Match');
    const fails = (match !== null && match !== there?.etag) || (headers.has('If-None-Match') && there);
    if (fails) return { status: 412, ...(there && { etag: there.etag }), body: { code: 'precondition_failed' } };
    if (method === 'PUT') {
      const { etag } = put(headers.get('Keybin-Meta-holder') ?? '', Number(url.searchParams.get('ttl')));
      return { status: 201, etag };
    }
    if (there === undefined) return { status: 404, body: { code: 'key_not_found' } };
    if (method === 'GET') return { status: 200, body: infoOf(there) };
    if (method === 'POST') return { status: 200, body: infoOf(put(there.holder, (body as { ttl: number }).ttl)) };
    stored = undefined;
    return { status: 204 };
  }

  const travel = () => sleep(isMended ? 1 : random() < 0.1 ? random() * 4_000 : random() * 150);
  const loses = () => !isMended && random() < 0.1;
  const isParted = (name: number) => !isMended && (parted.get(name) ?? 0) > Date.now();

  /** The answer to a request; never, when it or the answer does not get through. */
  async function carry(name: number, input: unknown, init: RequestInit): Promise<Response> {
    if (random() < 0.03) parted.set(name, Date.now() + random() * 10_000);
    await travel();
    if (loses() || isParted(name)) return new Promise(() => {});
    const body = typeof init.body === 'string' && init.body.startsWith('{') ? JSON.parse(init.body) : undefined;
    const answer = serve(init.method ?? 'GET', new URL(String(input)), new Headers(init.headers), body);
    await travel();
    if (loses()) throw new TypeError('fetch failed');
    if (isParted(name)) return new Promise(() => {});
    const text = answer.body === undefined ? null : JSON.stringify(answer.body);
    return new Response(text, { status: answer.status, headers: answer.etag ? { ETag: answer.etag } : {} });
  }

  /** The network of one client: now and then it is parted from the server for up to ten seconds. */
  function networkOf(name: number): typeof globalThis.fetch {
    return (input, init = {}) =>
      new Promise((resolve, reject) => {
        // What was sent arrives all the same.
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
        carry(name, input, init).then(resolve, reject);
      });
  }

  return {
    random,
    sleep,
    networkOf,
    /** From now on nothing is lost. */
    mend() {
      isMended = true;
    },
  };
}
