import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newUser } from '../dialects/keybin/open-keybin.ts';
import { exchange } from '../http/raw-request.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer } from '../support/served.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

/** Bytes that begin like JSON go deeper than those that do not. */
const body = fc.oneof(
  bytes,
  fc.json().map(text => Buffer.from(text)),
  fc
    .jsonValue()
    .map(value => Buffer.from(JSON.stringify({ username: value, password: value, client_id: value, value }))),
  fc
    .tuple(bytes, bytes)
    .map(([head, tail]) => Buffer.concat([Buffer.from('{"value":"'), head, Buffer.from('"'), tail])),
);

/** Parts of a path: names of ours, percent-encodings right and wrong, any bytes but those that end the request line. */
const part = fc.oneof(
  fc.constantFrom('user', 'me', 'keys', 'store', 'renew', 'register', 'api', 'v1', 'health', '.', '..', '', '*', ';'),
  fc.constantFrom(
    '%',
    '%2',
    '%zz',
    '%00',
    '%0A',
    '%2F',
    '%2e%2E',
    '%FF',
    '%E0%A4',
    '%25',
    '%C3%A9',
    '?',
    '?limit=',
    '#',
  ),
  fc.constantFrom('?prefix=%FF', '?limit=1&limit=2', '?cursor=%00', '?cursor=W10', '?__proto__=1', '?a[b]=c'),
  fc.string({ maxLength: 8 }).map(encodeURI),
  fc.uint8Array({ maxLength: 8 }).map(piece => Buffer.from(piece.filter(byte => byte > 0x20)).toString('latin1')),
);

const headerName = fc.oneof(
  fc.constantFrom(
    'Authorization',
    'Content-Type',
    'Content-Encoding',
    'Accept',
    'X-Forwarded-For',
    'Expect',
    'Upgrade',
  ),
  fc.constantFrom(
    'Cookie',
    'Range',
    'If-None-Match',
    'Transfer-Encoding',
    'Content-Length',
    'Host',
    '__proto__',
    'X-A',
  ),
  fc.string({ minLength: 1, maxLength: 8 }),
);
const headerValue = fc.oneof(
  fc.constantFrom(
    'Bearer',
    'Bearer x',
    'gzip',
    'br, gzip',
    'text/html',
    '*/*;q=x',
    '100-continue',
    'websocket',
    'chunked',
  ),
  fc.constantFrom(
    '0',
    '-1',
    '9999999999999999999',
    'application/json; charset=utf-7',
    'multipart/form-data',
    '::1, unknown',
  ),
  fc.uint8Array({ maxLength: 30 }).map(piece => Buffer.from(piece.filter(byte => byte !== 10)).toString('latin1')),
);

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'QUERY', 'get', 'X'];

forEachEngine('random bytes', engine => {
  const numRuns = engine.name === 'embedded' ? 200 : 60;

  /** Sends each generated request; no answer may be a 5xx, none may hang, and afterwards the server answers. */
  async function attack(make: (path: string) => fc.Arbitrary<Uint8Array>, { hangUp = false } = {}): Promise<void> {
    const { server } = await openServer(engine, { options: { SECURITY_THROTTLE: 'false' } });
    const { path } = await newUser(server);
    await fc.assert(
      fc.asyncProperty(make(path), async request => {
        const { statuses } = await exchange(server.url, request, { hangUp });
        expect(statuses.filter(status => status >= 500)).toEqual([]);
        if (!hangUp) expect(statuses.length).toBeGreaterThan(0);
      }),
      { numRuns },
    );
    const value = 'still there';
    const survivor = await newUser(server);
    expect((await server.request('POST', `${survivor.path}/store/a`, { value })).status).toBe(200);
    expect((await server.request('GET', `${survivor.path}/store/a`)).json).toEqual({ value });
  }

  const options = { timeout: 120_000 };

  test('as bodies are never a 5xx and never a hang', options, () =>
    attack(path =>
      fc
        .tuple(
          fc.constantFrom(
            'POST /register',
            'POST /token',
            'DELETE /unregister',
            `POST ${path}/store/a`,
            `POST ${path}/renew`,
            `GET ${path}/keys`,
            `POST /user/x/store/a`,
          ),
          fc.constantFrom(
            'application/json',
            'application/x-www-form-urlencoded',
            'text/plain; charset=utf-16',
            '\x7f/',
          ),
          fc.constantFrom('', '', '', 'Content-Encoding: gzip\r\n', 'Content-Encoding: deflate\r\n'),
          body,
        )
        .map(([target, type, encoding, content]) =>
          Buffer.concat([
            Buffer.from(`${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\n${encoding}`),
            Buffer.from(`Content-Length: ${content.byteLength}\r\n\r\n`),
            content,
          ]),
        ),
    ),
  );

  test('as chunked bodies, broken framing included, are never a 5xx and never a hang', options, () =>
    attack(
      path =>
        fc
          .array(fc.tuple(fc.integer({ min: -1, max: 1 }), bytes), { maxLength: 5 })
          .map(chunks =>
            Buffer.concat([
              Buffer.from(
                `POST ${path}/store/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`,
              ),
              ...chunks.flatMap(([wrong, chunk]) => [
                Buffer.from(`${(chunk.byteLength + (wrong > 0 ? 1 : 0)).toString(16)}\r\n`),
                chunk,
                Buffer.from('\r\n'),
              ]),
              Buffer.from('0\r\n\r\n'),
            ]),
          ),
      { hangUp: true },
    ),
  );

  test('as paths are never a 5xx and never a hang', options, () =>
    attack(path =>
      fc
        .tuple(
          fc.constantFrom(...METHODS.filter(method => method !== 'CONNECT')),
          fc.constantFrom('', '/', '/user', '/user/me', path, `${path}/store`, `${path}/keys`, 'http://x', '//'),
          fc.array(part, { maxLength: 4 }),
        )
        .map(([method, base, parts]) =>
          Buffer.from(
            `${method} ${[base, ...parts].join('/') || '/'} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
            'latin1',
          ),
        ),
    ),
  );

  test('as headers are never a 5xx and never a hang', options, () =>
    attack(
      path =>
        fc
          .tuple(
            fc.constantFrom(...METHODS),
            fc.constantFrom(`${path}/keys`, '/user/me/keys', `${path}/store/a`, '/token', '/', '/api/v1/health'),
            fc.array(fc.tuple(headerName, headerValue), { maxLength: 6 }),
          )
          .map(([method, target, headers]) => {
            const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
            return Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: x\r\n${lines}\r\n{"value":1}`, 'latin1');
          }),
      { hangUp: true },
    ),
  );

  test('instead of HTTP are never a 5xx and never a hang', options, () =>
    attack(
      path =>
        fc
          .tuple(fc.constantFrom('', `GET ${path}/keys HTTP/1.1\r\n`, 'POST /token HTTP/1.1\r\nHost: x\r\n'), bytes)
          .map(([head, tail]) => Buffer.concat([Buffer.from(head), tail])),
      { hangUp: true },
    ),
  );
});
