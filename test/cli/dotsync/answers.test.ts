import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readLines } from '../../../src/cli/dotsync/engine/lines.ts';
import { type Entry, remoteOf } from '../../../src/cli/dotsync/engine/remote.ts';
import { Keybin } from '../../../src/client/index.ts';
import { embedded } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { type Home, newHome, newOwner, requester } from './home.ts';

describe('answers of a server', () => {
  const served = sharedServer(embedded);

  async function homeBefore(files: readonly string[], answer: RequestListener): Promise<Home> {
    const server = createServer(answer);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close().closeAllConnections());
    const owner = {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: 't',
      headers: {},
      config: 'c',
      track: async () => {},
    };
    const home = await newHome(owner, 'm');
    for (const path of files) home.write(path, `mine ${path}`);
    return home;
  }

  const config = (files: readonly string[]) => JSON.stringify({ id: 'c', git: null, files, created: 1, updated: 1 });
  const stored = (path: string) =>
    `${JSON.stringify({ event: 'file', config: 'c', path, status: 'stored', sha256: 'x', size: 1, mode: '0644', modified: 1 })}\n`;

  it('one that is cut off fails the round, and what came of it is remembered', async () => {
    const files = ['~/.a', '~/.b'];
    const home = await homeBefore(files, (request, response) => {
      if (request.method === 'GET') return void response.end(config(files));
      response.write(stored('~/.a'));
      response.end('{"event":"file","path":"~/.b","sta');
    });
    await expect(home.sync()).rejects.toThrow('cut off');
    expect([home.state().get('c', '~/.a').base, home.state().get('c', '~/.b').base]).toEqual([
      expect.any(String),
      undefined,
    ]);
  });

  it('an error in its last line is told as it stands', async () => {
    const home = await homeBefore(['~/.a'], (request, response) => {
      response.end(request.method === 'GET' ? config(['~/.a']) : '{"event":"error","error":"the account is full"}\n');
    });
    await expect(home.sync()).rejects.toThrow('the account is full');
  });

  it.each([
    ['no JSON', '<html>\n'],
    ['no line of a file', '{"event":"other"}\n'],
    ['a line without an end', 'x'.repeat(3_000_000)],
  ])('%s is none of dotsync', async (_, text) => {
    const home = await homeBefore(['~/.a'], (request, response) => {
      response.end(request.method === 'GET' ? config(['~/.a']) : text);
    });
    await expect(home.sync()).rejects.toThrow('server');
    expect(home.read('~/.a')).toBe('mine ~/.a');
  });

  it('a content that does not have its hash is not written', async () => {
    const line = {
      event: 'file',
      path: '~/.a',
      status: 'updated',
      sha256: 'f'.repeat(64),
      mode: null,
      content: 'YQ==',
    };
    const home = await homeBefore([], (request, response) => {
      response.end(request.method === 'GET' ? config(['~/.a']) : `${JSON.stringify(line)}\n{"event":"done"}\n`);
    });
    await expect(home.sync()).rejects.toThrow('hash');
    expect(home.files()).toEqual([]);
  });

  it('lines are read wherever the network cuts them', async () => {
    const bytes = new TextEncoder().encode(
      '{"event":"file","path":"~/ü","status":"missing","sha256":null,"mode":null}\n{"event":"done"}\n',
    );
    async function* single() {
      for (const byte of bytes) yield Uint8Array.of(byte);
    }
    const lines = [];
    for await (const line of readLines(single())) lines.push(line);
    expect(lines).toMatchObject([{ path: '~/ü' }, { event: 'done' }]);
  });

  it('a server that is busy is asked again when it says, and one that is gone is an error of the client', async () => {
    let asked = 0;
    const home = await homeBefore(['~/.a'], (request, response) => {
      if (request.method === 'GET') return void response.end(config(['~/.a']));
      asked++;
      if (asked === 1) return void response.writeHead(503, { 'Retry-After': '0' }).end('{}');
      if (asked === 2) return void response.writeHead(429, { 'Retry-After': '0' }).end('{}');
      response.end(`${stored('~/.a')}{"event":"done"}\n`);
    });
    const client = new Keybin({ url: home.owner.url, token: 't' });
    home.remote = remoteOf((method, path, options) => client.request(method, path, options));
    expect(await home.sync()).toEqual(['sent ~/.a']);
    const away = new Keybin({ url: 'http://127.0.0.1:9', token: 't', retries: 0 });
    home.remote = remoteOf((method, path, options) => away.request(method, path, options));
    await expect(home.sync()).rejects.toMatchObject({ status: 0, code: 'network' });
  });

  it('a token that is not taken is 401, and a config that is gone leaves the files', async () => {
    const owner = await newOwner(served, '~/.a');
    const home = await newHome(owner, 'm');
    home.write('~/.a', 'a');
    home.remote = remoteOf(requester({ url: owner.url, token: 'wrong' }));
    await expect(home.sync()).rejects.toMatchObject({ status: 401 });
    home.remote = remoteOf(requester(owner));
    await home.sync();
    await served.server.request('DELETE', `/v1/config/${owner.config}`, undefined, owner.headers);
    expect([await home.sync(), home.read('~/.a')]).toEqual([[], 'a']);
  });

  it('more than a request may have goes in several, and every file gets there', async () => {
    const files = Array.from({ length: 18 }, (_, i) => `~/big/${i}`);
    const owner = await newOwner(served, ...files);
    const [one, two] = [await newHome(owner, 'one'), await newHome(owner, 'two')];
    for (const [i, path] of files.entries()) one.write(path, new Uint8Array(1_048_576).fill(i));
    const sizes: number[] = [];
    const { remote } = one;
    one.remote = {
      ...remote,
      sync(id, entries: readonly Entry[], signal) {
        sizes.push(JSON.stringify({ files: entries }).length);
        return remote.sync(id, entries, signal);
      },
    };
    expect(await one.sync()).toHaveLength(18);
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(16_777_216);
    expect(await two.sync()).toHaveLength(18);
    for (const path of files) expect(two.read(path)).toBe(one.read(path));
  });
});
