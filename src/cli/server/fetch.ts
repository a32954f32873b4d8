/**
 * Requests over `node:http`, in place of the global `fetch`: loading that one takes longer than all else that a short command does. It also
 * leaves the bytes of a value with a `Content-Encoding` as they were stored.
 */

import { Agent, type IncomingMessage, request as overHttp } from 'node:http';

/** Milliseconds that a connection is kept for the next request: fewer than servers and proxies keep theirs. */
const KEPT = 3_000;

/** What the client library gives its `fetch`; streams and forms are not among it. */
interface Init {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
}

let agents: { readonly http: Agent; readonly https?: Agent } = { http: new Agent({ keepAlive: true, timeout: KEPT }) };

async function fetchOverNode(address: string, { method, headers, body, signal }: Init): Promise<Answer> {
  const { request, agent } = address.startsWith('https:') ? await secure() : { request: overHttp, agent: agents.http };
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    request(address, { method, headers, agent, signal }, resolve).on('error', reject).end(body);
  });
  // Nobody reads what is empty, and unread it would keep its connection from the next request.
  if (message.headers['content-length'] === '0' || message.statusCode === 204) await ended(message.resume());
  return new Answer(message, signal);
}

async function secure() {
  const { Agent: SecureAgent, request } = await import('node:https');
  agents = { https: new SecureAgent({ keepAlive: true, timeout: KEPT }), ...agents };
  return { request, agent: agents.https };
}

/** Waits until its connection can be used again. */
async function ended(message: IncomingMessage): Promise<void> {
  if (!message.closed) await new Promise(resolve => message.once('close', resolve));
}

/** Headers of an answer, with their names in any spelling. */
class Headers {
  readonly #all: ReadonlyMap<string, string>;

  constructor({ headers }: IncomingMessage) {
    this.#all = new Map(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  }

  get(name: string): string | null {
    return this.#all.get(name.toLowerCase()) ?? null;
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#all.entries();
  }
}

/** As much of a `Response` as the client library and the commands use. */
class Answer {
  readonly status: number;
  readonly ok: boolean;
  readonly type = 'default';
  readonly headers: Headers;
  readonly #message: IncomingMessage;
  readonly #signal: AbortSignal;
  #stream: ReadableStream<Uint8Array> | undefined;

  constructor(message: IncomingMessage, signal: AbortSignal) {
    this.#message = message;
    this.#signal = signal;
    this.status = message.statusCode ?? 0;
    this.ok = this.status >= 200 && this.status < 300;
    this.headers = new Headers(message);
  }

  get body(): ReadableStream<Uint8Array> {
    this.#stream ??= streamOf(this.#chunks(), () => this.#message.destroy());
    return this.#stream;
  }

  async arrayBuffer(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#chunks()) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.arrayBuffer());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  /** What breaks off is told as `fetch` does. */
  async *#chunks(): AsyncGenerator<Uint8Array, void> {
    try {
      yield* this.#message;
      await ended(this.#message);
    } catch (cause) {
      this.#signal.throwIfAborted();
      throw new TypeError('terminated', { cause });
    }
  }
}

/** A stream of what comes when it is asked for. */
function streamOf(chunks: AsyncGenerator<Uint8Array, void>, stop: () => void): ReadableStream<Uint8Array> {
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const { done, value } = await chunks.next();
    if (done) controller.close();
    else controller.enqueue(value);
  };
  return new ReadableStream({ pull, cancel: stop }, { highWaterMark: 0 });
}

/** What the client library is given for its requests. Its bodies are texts and bytes. */
export const fetchForCommands = fetchOverNode as unknown as typeof globalThis.fetch;
