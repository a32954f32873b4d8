import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { rawRequest } from '../http/raw-request.ts';
import { credentialsOf, OPEN_SETTINGS } from '../support/credentials.ts';
import { type Engine, engines } from '../support/engines.ts';
import { type ServerProcess, test } from '../support/process.ts';
import { sharedServer } from '../support/served.ts';

/** Requests under way at once. */
const AT_ONCE = 4;

const JSON_BODY = Buffer.from('{"username":"ann","password":"right","value":"v","files":[],"punches":[],"ops":[]}');
/** Over the limit of a route that takes credentials; the bomb is over every limit when it is decoded. */
const LONG = Buffer.alloc(70_000, 'a');
const BOMB = gzipSync(Buffer.alloc(20_000_000, '['));

const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length - 9);

/** Codings with bodies that are what they say, cut, over-long, and something else. */
const BODIES: readonly (readonly [coding: string | undefined, bodies: readonly (Buffer | readonly Buffer[])[]])[] = [
  [undefined, [JSON_BODY, cut(JSON_BODY), LONG, Buffer.alloc(0), [JSON_BODY, LONG]]],
  ['gzip', [gzipSync(JSON_BODY), cut(gzipSync(JSON_BODY)), gzipSync(LONG), LONG, BOMB]],
  ['GZIP', [gzipSync(JSON_BODY), LONG]],
  ['x-gzip', [gzipSync(JSON_BODY), cut(gzipSync(JSON_BODY)), [LONG, LONG]]],
  ['deflate', [deflateSync(JSON_BODY), cut(deflateSync(JSON_BODY)), deflateSync(LONG), LONG]],
  [
    'br',
    [brotliCompressSync(JSON_BODY), cut(brotliCompressSync(JSON_BODY)), brotliCompressSync(LONG), LONG, [LONG, LONG]],
  ],
  ['zstd', [JSON_BODY, LONG]],
  ['gzip, br', [gzipSync(JSON_BODY), LONG]],
  ['\t;q=\u00ff', [JSON_BODY, LONG]],
];

/** A path that the route takes. */
function pathOf(pattern: string): string {
  return pattern.replaceAll(':token', 'me').replaceAll(':sha256', 'a'.repeat(64)).replaceAll(/:\w+/g, 'x1');
}

describe('every route', () => {
  const served = sharedServer(engines[0] as Engine);

  test('answers bodies of every coding, cut and over-long, and the process lives', async ({ program }) => {
    const server = await program.start({ settings: OPEN_SETTINGS });
    // What ends a credential comes last.
    const routes = served.server.routes.toSorted(
      (a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'),
    );
    expect(routes.length).toBeGreaterThan(60);
    const wrong: string[] = [];
    const requests = await requestsOf(server, routes);
    const turns = requests[Symbol.iterator]();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const request of turns) {
          const status = await rawRequest(server.url, request).then(
            answer => answer.status,
            error => String(error),
          );
          const { method, path, headers } = request;
          if (typeof status === 'string' || status >= 500) {
            wrong.push(`${status} ${method} ${path} ${headers['Content-Encoding']} ${request.body.length} bytes`);
          }
        }
      }),
    );
    expect(wrong).toEqual([]);
    expect((await server.request('GET', '/readyz')).status).toBe(200);
    expect(server.log.filter(({ level }) => level >= 50)).toEqual([]);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  }, 240_000);
});

async function requestsOf(server: ServerProcess, routes: readonly { method: string; path: string }[]) {
  const credentials = await credentialsOf(server);
  return routes.flatMap(({ method, path }) =>
    credentials.flatMap(credential =>
      BODIES.flatMap(([coding, bodies]) =>
        bodies.map(body => ({
          method,
          path: pathOf(path),
          headers: { ...credential, ...(coding !== undefined && { 'Content-Encoding': coding }) },
          body,
        })),
      ),
    ),
  );
}
