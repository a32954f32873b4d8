/** What has to work through every proxy that `deploy/` has a file for. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect } from 'vitest';
import { type Program, type Settings, test } from '../support/process.ts';
import { type Entrance, need, open, send } from './proxy.ts';

const MIB = 1_048_576;
const TIMEOUT = 180_000;

/** A proxy under test. */
export interface Kind {
  /** The program and an argument with which it does nothing and succeeds. */
  readonly needs: readonly [program: string, argument: string];
  readonly settings: Settings;
  /** Starts it in front of a server. */
  start(program: Program, upstream: number): Promise<Entrance>;
}

/** The text, made longer with white space. */
function padded(text: string, bytes: number): string {
  return text + ' '.repeat(bytes - Buffer.byteLength(text));
}

/** A form with one file of so many bytes, in pieces. */
function* form(boundary: string, bytes: number): Generator<Buffer> {
  yield Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`);
  const piece = Buffer.alloc(MIB, 'keybin');
  for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, Math.min(left, piece.length));
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}

/** Sends JSON; returns the header that carries the token it is answered with, as far as there is one. */
async function authorized(proxy: Entrance, path: string, body: object): Promise<Record<string, string>> {
  const { status, text } = await send(proxy, { path, body: JSON.stringify(body) });
  expect([path, status]).toEqual([path, 200]);
  const [, token] = /"(?:device_)?token":"([^"]+)"/.exec(text) ?? [];
  return { Authorization: `Bearer ${token}` };
}

const LOGIN = { username: 'ann', password: 's3cret' };

function device(proxy: Entrance): Promise<Record<string, string>> {
  const { username: login, password } = LOGIN;
  return authorized(proxy, '/api/client/pair', { login, password, device_name: 'desk', vault_id: 'notes' });
}

/** Registers the tests of a proxy. */
export function throughProxy(name: string, kind: Kind): void {
  /** A server with an account, and the proxy before it. */
  async function serve(program: Program) {
    const server = await program.start({
      settings: {
        APP_TRUSTED_PROXIES: '127.0.0.1',
        APP_LOG_CLIENT_ADDRESS: 'true',
        SIMPLE_SYNC_OPEN_TO: 'all',
        ...kind.settings,
      },
    });
    const proxy = await kind.start(program, Number(new URL(server.url).port));
    await authorized(proxy, '/register', LOGIN);
    return { server, proxy, token: await authorized(proxy, '/token', LOGIN) };
  }

  describe(name, () => {
    test('takes the longest body of each API', { timeout: TIMEOUT }, async ({ program, skip }) => {
      need(...kind.needs, skip);
      const { token, proxy } = await serve(program);
      const op = '{"ops":[{"op_id":"1","entity_type":"n","entity_id":"a","op_type":"create","payload_json":"{}"}]}';
      const longest: readonly [path: string, body: string, bytes: number, headers: Record<string, string>][] = [
        ['/user/me/store/big', `{"value":"${'x'.repeat(MIB - 2)}"}`, MIB + 65_536, token],
        ['/api/v1/punches/upload', '{"punches":[]}', 16 * MIB, token],
        ['/v1/sync', '{"files":[]}', 16 * MIB, token],
        ['/api/v1/events', '[]', 4 * MIB, await authorized(proxy, '/api/v1/auth/token', LOGIN)],
        ['/api/v1/sync/push', op, 2 * MIB, await device(proxy)],
      ];
      for (const [path, body, bytes, headers] of longest) {
        const answer = await send(proxy, { path, headers, body: padded(body, bytes) });
        expect([path, answer.status && Math.floor(answer.status / 100), answer.text]).toEqual([
          path,
          2,
          expect.anything(),
        ]);
      }
    });

    test('takes the largest file, and gives out a part of it', { timeout: TIMEOUT }, async ({ program, skip }) => {
      need(...kind.needs, skip);
      const { proxy } = await serve(program);
      const headers = await device(proxy);
      const boundary = 'x7Xq';
      const uploaded = await send(proxy, {
        path: '/api/v1/blobs/',
        headers: { ...headers, 'Content-Type': `multipart/form-data; boundary=${boundary}` },
        body: Readable.from(form(boundary, 256 * MIB)),
      });
      expect(uploaded.text).toContain(`"size":${256 * MIB}`);
      const { sha256 } = JSON.parse(uploaded.text);
      const part = await send(proxy, { path: `/api/v1/blobs/${sha256}`, headers: { ...headers, Range: 'bytes=6-11' } });
      expect([part.status, part.text, part.headers['content-range']]).toEqual([
        206,
        'keybin',
        `bytes 6-11/${256 * MIB}`,
      ]);
    });

    test('hands over the address of the client, which cannot choose it', async ({ program, skip }) => {
      need(...kind.needs, skip);
      const { server, proxy } = await serve(program);
      const forged = { 'X-Forwarded-For': '192.0.2.7' };
      const body = JSON.stringify({ username: 'ann', password: 'wrong' });
      const answer = await send(proxy, { path: '/token', headers: forged, body, from: '127.0.0.2' });
      expect(answer.status).toBe(403);
      const refused = () => server.log.find(({ route, status }) => route === '/token' && status === 403);
      await expect.poll(() => refused()?.client).toBe('127.0.0.2');
    });

    test('leaves paths as they are', async ({ program, skip }) => {
      need(...kind.needs, skip);
      const { token, proxy } = await serve(program);
      const config = await send(proxy, { path: '/v1/config', headers: token, body: '{"files":["~/.vimrc"]}' });
      const found = await send(proxy, { path: '/v1/file/~%2F.vimrc', headers: token });
      expect(JSON.parse(found.text)).toEqual([JSON.parse(config.text).id]);
    });

    test('passes bodies and answers on as they come', async ({ program, skip }) => {
      need(...kind.needs, skip);
      const arrived = new PassThrough();
      let answer: ServerResponse | undefined;
      const upstream = createServer((req: IncomingMessage, res) => {
        answer = res;
        req.pipe(arrived);
        // Not before: a proxy may stop passing on a body that is being answered already.
        req.once('end', () => {
          res.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
          res.write('{"line":1}\n');
        });
      }).listen(0, '127.0.0.1');
      await once(upstream, 'listening');
      program.atEnd(async () => void upstream.close());
      const address = upstream.address();
      const proxy = await kind.start(program, typeof address === 'object' ? (address?.port ?? 0) : 0);
      const body = new PassThrough();
      body.write('first');
      const opened = open(proxy, { path: '/v1/sync', body });
      expect(String((await once(arrived, 'data'))[0])).toBe('first');
      body.end('rest');
      const received = await opened;
      expect(String((await once(received, 'data'))[0])).toBe('{"line":1}\n');
      answer?.end('{"line":2}\n');
      expect(String((await once(received, 'data'))[0])).toBe('{"line":2}\n');
    });
  });
}
