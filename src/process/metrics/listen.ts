/** The own address of the metrics: whoever cannot reach it learns nothing. */

import http, { type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StartupError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Config } from '../../config/options.ts';
import { splitListen } from '../../config/values/listen.ts';
import { CONTENT_TYPE } from './render.ts';
import { opens } from './token.ts';

/** Few ask, and they ask in turn. */
const CONNECTIONS = 50;
const TIMEOUT = 10_000;

/** Answers `GET /metrics` at the address of the configuration with what `scrape` gives. Throws `StartupError`. */
export async function listenForScrapes(
  { listen, token }: Config['METRICS'],
  scrape: () => Promise<string>,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  const { host, port } = splitListen(listen) ?? { host: '', port: 0 };
  const server = http.createServer(
    { headersTimeout: TIMEOUT, requestTimeout: TIMEOUT },
    ({ method, url, headers }, res) => {
      if (url?.split('?', 1)[0] !== '/metrics') return refuse(res, 404, 'the metrics are at /metrics');
      if (method !== 'GET' && method !== 'HEAD') return refuse(res, 405, 'only GET', { Allow: 'GET, HEAD' });
      if (token !== '' && !opens(token, headers.authorization)) {
        return refuse(res, 401, 'give [METRICS] token as a bearer token', { 'WWW-Authenticate': 'Bearer' });
      }
      scrape().then(
        text => {
          const length = Buffer.byteLength(text);
          res.writeHead(200, { 'Content-Type': CONTENT_TYPE, 'Content-Length': length, 'Cache-Control': 'no-store' });
          res.end(method === 'HEAD' ? undefined : text);
        },
        error => {
          log.error({ err: error }, 'the metrics could not be told');
          refuse(res, 500, 'the log says what went wrong');
        },
      );
    },
  );
  server.maxConnections = CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new StartupError(`[METRICS] listen: cannot listen on ${listen}: ${reasonOf(error)}`, { cause: error })),
    );
    server.listen(port, host, resolve);
  });
  server.on('error', error => log.warn({ err: error }, 'the address of the metrics has trouble'));
  const { port: taken } = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${taken}/metrics`;
  log.info({ url }, `metrics at ${url}`);
  return {
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(res: ServerResponse, status: number, sentence: string, headers: Record<string, string> = {}): void {
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers }).end(`${sentence}\n`);
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another program listens there; stop it or set another port',
    EACCES: 'this user may not; ports below 1024 need a privilege',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'no such host name',
  };
  return reasons[code ?? ''] ?? message;
}
