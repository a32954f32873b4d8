import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newClient } from '../../../src/cli/server/client.ts';

/** A client of a server that answers so. */
async function clientOf(answer: RequestListener) {
  const connections = new Set<unknown>();
  const server = createServer(answer).on('connection', connection => connections.add(connection));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { client: newClient({ url: `http://127.0.0.1:${port}`, token: 't', retries: 0 }), connections };
}

describe('requests of commands', () => {
  it('carry what the client library says, one after the other over one connection', async () => {
    const asked: string[] = [];
    const { client, connections } = await clientOf(async (request, response) => {
      const bytes: Buffer[] = [];
      for await (const chunk of request) bytes.push(chunk);
      const { method, url, headers } = request;
      const { authorization, 'content-type': type, 'content-length': length } = headers;
      asked.push(`${method} ${url} ${authorization} ${type} ${length} ${Buffer.concat(bytes)}`);
      response.writeHead(201, { ETag: '"e"', 'Keybin-Expires-At': '2030-01-01T00:00:00Z', 'Content-Length': 0 }).end();
    });
    // Nothing was said, and that can be read.
    const nothing = await client.request('POST', '/nothing');
    expect(await nothing.text()).toBe('');
    asked.length = 0;
    expect(await client.set('k', 'grün', { ttl: 60 })).toEqual({
      key: 'k',
      etag: '"e"',
      created: true,
      expiresAt: new Date('2030-01-01'),
    });
    await client.set('k', new Uint8Array([104, 105]));
    expect(asked).toEqual([
      'PUT /v2/kv/k?ttl=60 Bearer t text/plain; charset=utf-8 5 grün',
      'PUT /v2/kv/k Bearer t application/octet-stream 2 hi',
    ]);
    expect(connections.size).toBe(1);
  });

  it('leave a value in the coding that it was stored in', async () => {
    const { client } = await clientOf((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Keybin-Meta-From': 'ann' }).end('no gzip at all');
    });
    const value = await client.get('k');
    expect(await value?.text()).toBe('no gzip at all');
    expect(value?.meta).toEqual({ from: 'ann' });
  });

  it('follow no redirect, and tell what breaks off from what was stopped', async () => {
    const { client } = await clientOf((request, response) => {
      if (request.url === '/v2/kv/moved') {
        response.writeHead(302, { Location: 'http://other.example/' }).end();
        return;
      }
      response.writeHead(200, { 'Content-Length': '10' }).write('half ');
      if (request.url === '/v2/kv/broken') setTimeout(() => response.destroy(), 20);
    });
    await expect(client.get('moved')).rejects.toMatchObject({ code: 'redirected' });
    const broken = await client.get('broken');
    await expect(broken?.bytes()).rejects.toMatchObject({ code: 'network' });
    const stop = new AbortController();
    const endless = await client.get('endless', { signal: stop.signal });
    const reader = endless?.stream.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('half ');
    const next = reader?.read();
    stop.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });
});
