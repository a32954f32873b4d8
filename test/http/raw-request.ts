/** Requests as they are: what `fetch` would normalise, refuse or complete goes out unchanged. */

import http from 'node:http';
import net from 'node:net';

/** How long an answer may take before it counts as a hang, in milliseconds. */
const PATIENCE = 10_000;

/** A request for `node:http`. */
export interface RawRequest {
  readonly method?: string;
  /** Goes out as it stands: neither `..` nor `%` is touched. */
  readonly path: string;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Bytes go with a Content-Length, several pieces as chunks. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[];
}

/** An answer, read to its end. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined when it is not. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly json: any;
}

/** Sends a request over a connection of its own. Rejects when no answer comes. */
export function rawRequest(url: string, { method = 'GET', path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  // Left alone, node:http sends the body of a DELETE without saying so.
  const framing: http.OutgoingHttpHeaders = {};
  if (Array.isArray(body)) framing['Transfer-Encoding'] = 'chunked';
  else if (body !== undefined) framing['Content-Length'] = Buffer.byteLength(body as string | Uint8Array);
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: hostname, port, method, path, headers: { ...framing, ...headers }, agent: false, timeout: PATIENCE },
      response => {
        const pieces: Buffer[] = [];
        response.on('data', piece => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(pieces).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
    if (Array.isArray(body)) {
      for (const piece of body) request.write(piece);
      request.end();
    } else {
      request.end(body);
    }
  });
}

/** What came back over a raw connection. */
export interface Exchange {
  readonly text: string;
  /** Statuses of all answers on the connection, in order; none when the server only closed it. */
  readonly statuses: readonly number[];
}

/**
 * Writes bytes to a connection of its own and reads until the server closes it; with `hangUp` nothing more will come from
 * our side. Rejects after 10 s without an end: that is a hang.
 */
export function exchange(url: string, bytes: string | Uint8Array, { hangUp = false } = {}): Promise<Exchange> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname);
    const pieces: Buffer[] = [];
    const done = () => {
      clearTimeout(timer);
      const text = Buffer.concat(pieces).toString('latin1');
      const heads = text.matchAll(/(?:^|[\r\n\]}>])HTTP\/1\.1 (\d{3}) /g);
      resolve({ text, statuses: [...heads].map(head => Number(head[1])) });
    };
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the connection hangs; so far came ${Buffer.concat(pieces).toString('latin1').slice(0, 500)}`));
    }, PATIENCE);
    socket.on('data', piece => pieces.push(piece));
    socket.on('error', () => {}); // the server may cut the connection while we write; `close` follows
    socket.on('close', done);
    if (hangUp) socket.end(bytes);
    else socket.write(bytes);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
