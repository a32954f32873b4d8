import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Keybin, type KeybinError, type KeybinOptions } from '../../src/client/index.ts';
import { can, embedded, forEachEngine } from '../support/engines.ts';
import { newName, sharedServer } from '../support/served.ts';
import { newClient, newNetwork } from './clients.ts';

const codeOf = (work: Promise<unknown>) => work.then(() => 'done').catch((error: KeybinError) => error.code);

const busy = (status: number, headers: Record<string, string> = {}) =>
  new Response('{"error":"later","code":"later"}', { status, headers });

forEachEngine('a request whose answer is lost', engine => {
  const served = sharedServer(engine);
  const takesKeys = can(engine, 'transactions');

  it('is sent again only where it cannot be done twice', async () => {
    const network = newNetwork();
    const keybin = await newClient(served.server, { fetch: network.fetch });
    await keybin.set('n', '0', { type: 'application/json' });

    // An Idempotency-Key makes it one write; where the server takes none it is not sent twice.
    network.loseAnswers('POST', 2);
    expect(await codeOf(keybin.incr('n'))).toBe(takesKeys ? 'done' : 'network');
    network.loseAnswers('POST', 0);
    expect(await (await keybin.get('n'))?.text()).toBe('1');
    network.loseAnswers('PUT');
    expect(await codeOf(keybin.set('a', 'x', { ifAbsent: true }))).toBe(takesKeys ? 'done' : 'network');
    network.loseAnswers('PUT', 0);
    expect(await (await keybin.get('a'))?.text()).toBe('x');

    // Reading may be repeated, and so may a deletion that names what it deletes.
    network.loseAnswers('GET', 3);
    const info = await keybin.info('a');
    network.loseAnswers('DELETE');
    expect(await keybin.delete('a', { ifMatch: info?.etag })).toBe(true);

    // One that does not might delete what somebody has stored meanwhile.
    await keybin.set('a', 'y');
    network.loseAnswers('DELETE');
    network.carried.length = 0;
    expect(await keybin.delete('a')).toBe(true);
    expect(network.carried.map(({ method }) => method)).toEqual(['DELETE', 'GET']);
    network.answer('DELETE', () => busy(503));
    await keybin.set('a', 'z');
    expect(await codeOf(keybin.delete('a'))).toBe('later');
    expect(await (await keybin.get('a'))?.text()).toBe('z');
  });

  it('is not sent again when it makes a token, and is when it revokes one', async () => {
    const network = newNetwork();
    const { url } = served.server;
    const account = { username: newName(), password: 'right' };
    await new Keybin({ url }).original.register(account.username, account.password);
    const { client } = await Keybin.signIn(url, { ...account, fetch: network.fetch });
    network.loseAnswers('POST', 2);
    expect(await codeOf(client.tokens.create())).toBe('network');
    expect(await codeOf(client.original.token(account))).toBe('network');
    network.loseAnswers('POST');
    await client.tokens.renew();
    network.loseAnswers('DELETE');
    await client.tokens.revoke('self');
    expect(await codeOf(client.tokens.self())).toBe('unauthorized');
  });

  it('goes without an Idempotency-Key where the server takes none, and asks only once', async () => {
    const network = newNetwork();
    const keybin = await newClient(served.server, { fetch: network.fetch });
    await keybin.set('a', '1');
    await keybin.set('a', '2');
    const keys = network.carried.map(({ headers }) => headers.has('Idempotency-Key'));
    expect(keys).toEqual(takesKeys ? [true, true] : [true, false, false]);
    const streamed = new Blob(['3']).stream();
    network.loseAnswers('PUT');
    expect(await codeOf(keybin.set('a', streamed))).toBe('network');
    expect(network.carried.at(-1)?.headers.has('Idempotency-Key')).toBe(false);
  });
});

describe('a request', () => {
  const served = sharedServer(embedded);

  const through = async (options: Partial<KeybinOptions> = {}) => {
    const network = newNetwork();
    return { network, keybin: await newClient(served.server, { fetch: network.fetch, ...options }) };
  };

  it('waits as long as Retry-After says, up to a minute', async () => {
    const { network, keybin } = await through();
    network.answer('GET', () => busy(503, { 'Retry-After': '1' }));
    const before = performance.now();
    await keybin.limits();
    expect(performance.now() - before).toBeGreaterThan(1_000);
    network.answer('POST', () => busy(429, { 'Retry-After': '0' }), 2);
    expect(await codeOf(keybin.tokens.create())).toBe('done');
    network.answer('GET', () => busy(429, { 'Retry-After': '900' }));
    await expect(keybin.limits()).rejects.toMatchObject({ status: 429, code: 'later', retryAfter: 900 });
    const moment = new Date(Date.now() + 120_000).toUTCString();
    network.answer('GET', () => busy(503, { 'Retry-After': moment }));
    const { retryAfter } = await keybin.limits().catch(error => error);
    expect(Math.abs(retryAfter - 120)).toBeLessThan(30);
  });

  it('gives up after so many tries, and at once on what another try would not mend', async () => {
    const { network, keybin } = await through({ retries: 2 });
    network.answer('GET', () => new Response('<h1>Bad gateway', { status: 502 }), 9);
    expect(await codeOf(keybin.limits())).toBe('http_502');
    expect(network.carried.length).toBe(3);
    network.answer('GET', () => new Response('<h1>Welcome to the hotel', { status: 200 }), 9);
    expect(await codeOf(keybin.limits())).toBe('not_json');
    network.answer('GET', () => busy(500), 9);
    expect(await codeOf(keybin.limits())).toBe('later');
    network.answer('GET', () => Response.redirect('https://elsewhere.example/', 301), 9);
    await expect(keybin.limits()).rejects.toMatchObject({ code: 'redirected', message: /elsewhere\.example/ });
    expect(network.carried.length).toBe(6);
    const nobody = new Keybin({ url: 'http://127.0.0.1:9', retries: 1 });
    await expect(nobody.get('a')).rejects.toMatchObject({ status: 0, code: 'network' });
  });

  it('ends with its signal: before it, between two tries, and while a body streams', async () => {
    const { network, keybin } = await through();
    const reason = new Error('enough');
    await expect(keybin.get('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(network.carried.length).toBe(0);
    network.answer('GET', () => busy(503, { 'Retry-After': '60' }), 9);
    const waiting = new AbortController();
    const waited = keybin.info('a', { signal: waiting.signal });
    setTimeout(() => waiting.abort(reason), 50);
    await expect(waited).rejects.toBe(reason);

    const url = await slowServer();
    const reading = new AbortController();
    const slow = new Keybin({ url, timeout: 60_000 });
    const value = await slow.get('endless', { signal: reading.signal });
    globalThis.gc?.();
    setTimeout(() => reading.abort(reason), 50);
    await expect(value?.text()).rejects.toBe(reason);
  });

  it('that is not answered in time is a timeout, and so is half a document; what breaks off is sent again', async () => {
    const url = await slowServer();
    const slow = new Keybin({ url, timeout: 100, retries: 0 });
    expect(await codeOf(slow.get('silent'))).toBe('timeout');
    expect(await codeOf(slow.info('endless'))).toBe('timeout');
    expect(await codeOf(new Keybin({ url, retries: 1 }).info('broken'))).toBe('done');
    const broken = await slow.get('broken');
    expect(await codeOf(broken?.text() ?? Promise.resolve())).toBe('network');
  });

  it('is never sent where the address or the path leads elsewhere', async () => {
    expect(() => new Keybin({ url: 'ftp://example.org' })).toThrow(/http/);
    expect(() => new Keybin({ url: 'https://ann:secret@example.org' })).toThrow(/signIn/);
    expect(() => new Keybin({ url: 'example.org' })).toThrow(TypeError);
    await expect(new Keybin({ url: 'http://127.0.0.1:9' }).request('GET', '@example.org/')).rejects.toThrow(/slash/);
  });
});

/** A server that does not answer, that answers without an end, or whose first answers break off: by the last part of the path. */
async function slowServer(): Promise<string> {
  let broken = 0;
  const server = createServer((req, res) => {
    if (req.url?.endsWith('/silent')) return;
    if (req.url?.endsWith('/broken') && broken++ % 2 === 0) {
      res.writeHead(200, { 'Content-Length': '100' }).write('{"a":');
      setTimeout(() => res.destroy(), 20);
      return;
    }
    if (req.url?.endsWith('/broken')) res.end('{"a":1}');
    else res.writeHead(200).write('{"a":');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
