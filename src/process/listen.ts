import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { StartupError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { limitBodyTime } from '../http/edge/body-time.ts';
import { limitConnections } from '../http/edge/connections.ts';

/** Time for the headers of a request, in milliseconds: slow clients hold no connection for longer. */
const HEADERS_TIMEOUT = 10_000;

/** How long an idle connection is kept, in milliseconds: longer than the minute that proxies keep theirs. */
const KEEP_ALIVE_TIMEOUT = 65_000;

/** Bytes of all headers together. */
const MAX_HEADER_BYTES = 16_384;

/** How long a stop waits for running requests, in milliseconds. */
const GRACE = 18_000;

/** How long a stop waits for the first request of a connection, in milliseconds: it may be under way. */
const FRESH_GRACE = 500;

/** How long a client that was refused has to take that in before it is cut off, in milliseconds. */
const LINGER = 1_000;

/** A listening server. */
export interface RunningServer {
  /** `http://127.0.0.1:5000` */
  readonly url: string;
  /** Stops accepting, finishes what runs (18 s at most), then cuts the rest. */
  stop(): Promise<void>;
}

/** How many connections to have at most, and where the log says that there are as many. */
export interface ConnectionLimit {
  readonly connections: number;
  readonly log: Log;
}

/** Listens on `host` and `port`. Throws `StartupError` when it cannot. */
export async function listen(
  handler: http.RequestListener,
  host: string,
  port: number,
  limit?: ConnectionLimit,
): Promise<RunningServer> {
  const server = http.createServer(
    {
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: 0, // it knows only one limit for all requests; `limitBodyTime` is in its place
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: 5_000,
    },
    (req, res) => {
      limitBodyTime(req, () => refuseSlow(req, res));
      handler(req, res);
    },
  );
  server.on('clientError', refuse);
  server.on('connect', (_, socket) => {
    socket.on('error', () => {}); // nobody else listens from here on
    answerAndClose(socket, NO_PROXY);
  });
  if (limit) limitConnections(server, limit.connections, limit.log);
  const fresh = freshConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(cannotListen(error, host, port)));
    server.listen(port, host, resolve);
  });
  const { address, family, port: actual } = server.address() as AddressInfo;
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`, stop: () => stop(server, fresh) };
}

/** What is no HTTP, in JSON like every other error. */
function refuse({ code }: NodeJS.ErrnoException, socket: Duplex): void {
  if (code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else if (code === 'HPE_HEADER_OVERFLOW') answerAndClose(socket, TOO_LONG);
  else answerAndClose(socket, code === 'ERR_HTTP_REQUEST_TIMEOUT' ? TOO_SLOW : NO_HTTP);
}

function refuseSlow({ socket }: IncomingMessage, res: ServerResponse): void {
  // Where its answer has begun, or that of an earlier request is under way, another one would be taken for a part of that.
  if (res.headersSent || res.socket === null || !socket.writable) socket.destroy();
  else answerAndClose(socket, TOO_SLOW);
}

/** An answer that does not come from the application: status, code and sentence. */
type Refusal = readonly [status: string, code: string, text: string];

const NO_HTTP: Refusal = ['400 Bad Request', 'http_invalid', 'this is not a valid HTTP request'];
const NO_PROXY: Refusal = ['400 Bad Request', 'http_invalid', 'this server is no proxy'];
const TOO_SLOW: Refusal = ['408 Request Timeout', 'request_timeout', 'the request took too long to arrive'];
const TOO_LONG: Refusal = [
  '431 Request Header Fields Too Large',
  'headers_too_large',
  `the headers are longer than ${MAX_HEADER_BYTES} bytes`,
];

function answerAndClose(socket: Duplex, [status, code, text]: Refusal): void {
  const body = JSON.stringify({ error: text, code });
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
  // Its end of the connection is still open, and it may go on sending.
  const cut = setTimeout(() => socket.destroy(), LINGER).unref();
  socket.once('close', () => clearTimeout(cut));
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): StartupError {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another program listens there; stop it or set another [APP] port',
    EACCES: 'this user may not; ports below 1024 need a privilege, set another [APP] port',
    EADDRNOTAVAIL: 'this machine has no such address; set another [APP] host',
    ENOTFOUND: 'no such host name; set another [APP] host',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new StartupError(`cannot listen on ${host} port ${port}: ${reason}`, { cause: error });
}

/** Connections on which no request has come yet: Node does not count them as idle, and browsers open them in advance. */
function freshConnections(server: http.Server): ReadonlySet<Socket> {
  const fresh = new Set<Socket>();
  server.on('connection', socket => {
    fresh.add(socket);
    socket.once('close', () => fresh.delete(socket));
  });
  server.on('request', ({ socket }) => fresh.delete(socket));
  return fresh;
}

async function stop(server: http.Server, fresh: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()));
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const cutFresh = setTimeout(() => {
    for (const socket of fresh) socket.destroy();
  }, FRESH_GRACE);
  const cut = setTimeout(() => server.closeAllConnections(), GRACE);
  await closed;
  clearInterval(idle);
  clearTimeout(cutFresh);
  clearTimeout(cut);
}
