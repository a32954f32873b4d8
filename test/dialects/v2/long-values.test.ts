import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { Readable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { blobRefsSpec } from '../../../src/core/collections.ts';
import { retireExpired } from '../../../src/core/entries/expire.ts';
import { KEPT_MS, sweepDiscarded } from '../../../src/core/entries/raw/discard.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openServer, type Served, sharedServer } from '../../support/served.ts';
import { type ValueUser, valueUser, valueUserWith } from './values-support.ts';

const MIB = 1_048_576;

/** Bytes of a value that is just longer: how much longer shows nothing more, and is slow on some servers. */
const MORE = MIB + 65_536;

/** Tokens that outlive what is waited for. */
const LONG = { STORE_TOKEN_EXPIRATION: '99999' };

async function references({ server }: Served, { accountId }: ValueUser): Promise<string[]> {
  const { items } = await server.core.storage.collection(blobRefsSpec).scan({ prefix: [accountId], limit: 100 });
  return items.map(({ scope }) => scope);
}

async function contents({ server }: Served): Promise<number> {
  return (await server.core.storage.blobs.list()).items.length;
}

forEachEngine('values longer than 1 MiB', engine => {
  const served = sharedServer(engine);

  test('whose token is revoked while they are sent are stored, and nothing after them', async () => {
    const user = await valueUser(served);
    const { json: made } = await user.send('POST', '/v2/tokens', '{"scopes":["kv:rw"]}');
    const other = valueUserWith(made.token, user.accountId, served.server.url);
    const storing = vi.spyOn(served.server.core.storage.blobs, 'put');
    const headers = { Authorization: `Bearer ${made.token}`, 'Transfer-Encoding': 'chunked' };
    const upload = http.request(`${served.server.url}/v2/kv/a`, { method: 'PUT', headers, agent: false });
    upload.write(randomBytes(MIB + 1));
    await expect.poll(() => storing.mock.calls.length).toBe(1);
    storing.mockRestore();
    expect((await user.send('DELETE', `/v2/tokens/${made.id}`)).status).toBe(204);
    upload.end(randomBytes(100));
    const [answer] = await once(upload, 'response');
    answer.resume();
    expect(answer.statusCode).toBe(201);
    expect((await other.put('b', 'x')).status).toBe(401);
    expect((await user.info('a')).json.size).toBe(MIB + 101);
  });

  test('are stored, given in parts, told about and removed as others', async () => {
    const user = await valueUser(served);
    const bytes = randomBytes(MORE + 7);
    const put = await user.put('a/long', bytes, { 'Keybin-Meta-A': 'b', 'Content-Type': 'image/png' });
    expect(put.status).toBe(201);
    const got = await user.get('a/long');
    expect(got.bytes.equals(bytes)).toBe(true);
    expect([got.headers.get('content-length'), got.headers.get('keybin-meta-a')]).toEqual([String(bytes.length), 'b']);
    const part = await user.get('a/long', { Range: `bytes=${MIB}-${MIB + 99}` });
    expect([part.status, part.bytes.equals(bytes.subarray(MIB, MIB + 100))]).toEqual([206, true]);
    const head = await user.send('HEAD', '/v2/kv/a/long');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
    expect((await user.info('a/long')).json).toMatchObject({ size: bytes.length, content_type: 'image/png' });
    expect((await user.touch('a/long', { ttl: 60 })).json.size).toBe(bytes.length);
    expect((await user.get('a/long')).bytes.equals(bytes)).toBe(true);
    expect(await references(served, user)).toEqual(['kv/a/long']);
    expect((await user.incr('a/long')).json.code).toBe('not_an_integer');
    expect((await user.del('a/long')).status).toBe(204);
    expect(await references(served, user)).toEqual([]);
    expect((await user.get('a/long')).status).toBe(404);
  });

  test('may be sent without their length, and as long as the limit says', async () => {
    const own = await openServer(engine, { options: { LIMITS_VALUE_BYTES: String(MORE) } });
    const user = await valueUser(own);
    const send = async (size: number) => {
      const pieces = Array.from({ length: 16 }, () => new Uint8Array(size / 16));
      const body = ReadableStream.from(pieces);
      const init = { method: 'PUT', headers: { Authorization: `Bearer ${user.token}` }, body, duplex: 'half' };
      return fetch(`${own.server.url}/v2/kv/k`, init as unknown as RequestInit);
    };
    expect((await send(MORE)).status).toBe(201);
    expect((await user.info('k')).json.size).toBe(MORE);
    const over = await send(MORE + 16);
    expect([over.status, ((await over.json()) as { code: string }).code]).toEqual([413, 'request_too_large']);
    const announced = await user.put('k', new Uint8Array(MORE + 1));
    expect([announced.status, announced.json.code]).toEqual([413, 'request_too_large']);
    expect((await user.info('k')).json.size).toBe(MORE);
  });

  test('appear in the original API as what they are', async () => {
    const user = await valueUser(served);
    const text = 'é"\\\n'.repeat(210_000);
    await user.put('text', text, { 'Content-Type': 'text/plain' });
    expect((await user.original('text')).json).toEqual({ value: text });
    const json = `[123456789012345678901${',"é"'.repeat(220_000)}]`;
    await user.put('json', json, { 'Content-Type': 'application/json' });
    expect((await user.original('json')).text).toBe(`{"value":${json}}`);
    const broken = `${json}]`;
    await user.put('broken', broken, { 'Content-Type': 'application/json' });
    const base64 = (body: string | Buffer) => ({
      value: Buffer.from(body as string).toString('base64'),
      encoding: 'base64',
    });
    expect((await user.original('broken')).json).toEqual(base64(broken));
    const latin = Buffer.from(`${'a'.repeat(MIB)}é`, 'latin1');
    await user.put('latin', latin, { 'Content-Type': 'text/plain' });
    expect((await user.original('latin')).json).toEqual(base64(latin));
    expect((await user.setOriginal('text', 'short')).status).toBe(200);
    expect((await user.get('text')).text).toBe('short');
    expect(await references(served, user)).toEqual(['kv/broken', 'kv/json', 'kv/latin']);
    expect((await user.send('DELETE', `/user/${user.token}/store/json`)).status).toBe(200);
    expect(await references(served, user)).toEqual(['kv/broken', 'kv/latin']);
  });

  test('are not held open for those who ask for the headers alone', async () => {
    const own = await openServer(engine);
    const user = await valueUser(own);
    await user.put('k', randomBytes(MORE));
    const opened: Readable[] = [];
    const { blobs } = own.server.core.storage;
    const open = blobs.open.bind(blobs);
    blobs.open = async (...of) => {
      const content = await open(...of);
      if (content instanceof Readable) opened.push(content);
      return content;
    };
    for (const path of ['/v2/kv/k', `/user/${user.token}/store/k`]) {
      expect((await user.send('HEAD', path)).status).toBe(200);
    }
    await vi.waitFor(() => expect(opened.every(({ destroyed }) => destroyed)).toBe(true));
  });

  test('leave nothing where they are refused, and go soon after they are replaced', async () => {
    const own = await openServer(engine, { options: { ...LONG, LIMITS_ACCOUNT_BYTES: String(3 * MIB) } });
    const user = await valueUser(own);
    const etag = (await user.put('k', randomBytes(MORE))).headers.get('etag') ?? '';
    expect((await user.put('k', randomBytes(MORE), { 'If-Match': '"stale"' })).status).toBe(412);
    const full = await user.put('other', randomBytes(2 * MORE));
    expect([full.status, full.json.code]).toEqual([507, 'quota_exceeded']);
    expect(await contents(own)).toBe(1);
    expect((await user.put('k', randomBytes(MORE), { 'If-Match': etag })).status).toBe(204);
    await own.server.core.background.idle();
    expect(await contents(own)).toBe(2); // somebody may be reading it
    own.opened.clock.advance(KEPT_MS + 1);
    await sweepDiscarded(own.server.core);
    expect(await contents(own)).toBe(1);
    expect((await user.get('k')).bytes.length).toBe(MORE);
  });

  test('that have expired leave no reference, whatever comes in their place', async () => {
    const own = await openServer(engine, { options: LONG });
    const user = await valueUser(own);
    for (const key of ['a', 'b', 'c']) await user.put(key, randomBytes(MIB + 1), {}, '?ttl=1');
    own.opened.clock.advance(1000);
    await user.setOriginal('a', 'short');
    await user.put('b', randomBytes(MIB + 1));
    expect(await references(own, user)).toEqual(['kv/b', 'kv/c']);
    await retireExpired(own.server.core);
    expect(await references(own, user)).toEqual(['kv/b']);
    own.opened.clock.advance(KEPT_MS + 1);
    await sweepDiscarded(own.server.core);
    expect(await contents(own)).toBe(1);
    expect((await user.get('a')).text).toBe('short');
  });

  test('that are replaced again and again take no more disk than some times the room of the account', async () => {
    const own = await openServer(engine, { options: { ...LONG, LIMITS_ACCOUNT_BYTES: String(2 * MORE) } });
    const user = await valueUser(own);
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push((await user.put('k', randomBytes(MORE))).status);
    expect(statuses.filter(status => status === 429).length).toBeGreaterThan(2);
    expect(await contents(own)).toBeLessThan(10);
    own.opened.clock.advance(KEPT_MS + 1);
    await sweepDiscarded(own.server.core);
    expect((await user.put('k', randomBytes(MORE))).status).toBe(204);
  });

  test('have one content where they are the same, which stays as long as one of them does', async () => {
    const own = await openServer(engine, { options: LONG });
    const user = await valueUser(own);
    const bytes = randomBytes(MORE);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    for (const key of ['a', 'b']) await user.put(key, bytes);
    expect(await contents(own)).toBe(1);
    await user.del('a');
    own.opened.clock.advance(KEPT_MS + 1);
    await sweepDiscarded(own.server.core);
    expect(await own.server.core.storage.blobs.stat(sha256)).toEqual({ size: bytes.length });
    expect((await user.get('b')).bytes.equals(bytes)).toBe(true);
  });
});
