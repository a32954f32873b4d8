import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../../support/served.ts';
import {
  base64,
  collectionOf,
  contentsOf,
  has,
  linesOf,
  newConfig,
  pathOf,
  signal,
  store,
  stored,
  sync,
  userWith,
} from './open-dotsync.ts';

const MANY = Array.from({ length: 60 }, (_, i) => `~/.config/${i}`);
const contentsFor = (paths: readonly string[]) => Object.fromEntries(paths.map(path => [path, `content of ${path}`]));

forEachEngine('the answer to a sync', engine => {
  const dotsync = sharedServer(engine);

  test('is a stream of lines without a length', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    for (const path of [pathOf(), pathOf(id)]) {
      const answer = await dotsync.server.request('POST', path, undefined, headers);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('content-length')).toBeNull();
      expect(answer.headers.get('transfer-encoding')).toBe('chunked');
      expect(answer.text).toMatch(/^(\{[^\n]*\}\n){3}$/);
    }
  });

  test('has the configs oldest first, then their files in their order, however many', async () => {
    const { headers, id } = await userWith(dotsync.server, [...MANY].reverse());
    const ids = [id];
    for (let i = 0; i < 24; i++) ids.push(await newConfig(dotsync.server, headers, [`~/${i}`, '~/a']));
    await store(dotsync.server, headers, id, contentsFor(MANY));
    const { files, last } = await sync(dotsync.server, headers);
    const expected = [...MANY].reverse().map(path => [id, path]);
    for (const [i, config] of ids.slice(1).entries()) expected.push([config, `~/${i}`], [config, '~/a']);
    expect(files.map(({ config, path }) => [config, path])).toEqual(expected);
    expect(last).toMatchObject({ files: 108, updated: 60, missing: 48 });
  });

  test('holds a thousand files, stored and pulled', async () => {
    const count = engine.name === 'embedded' ? 1000 : 150;
    const paths = Array.from({ length: count }, (_, i) => `~/${'x'.repeat(i % 500)}${i}`);
    const { headers, id } = await userWith(dotsync.server, paths);
    await store(dotsync.server, headers, id, contentsFor(paths));
    expect(await contentsOf(dotsync.server, headers, id)).toEqual(contentsFor(paths));
    const { last } = await sync(dotsync.server, headers, {
      id,
      files: paths.map(path => has(path, `content of ${path}`)),
    });
    expect(last).toMatchObject({ files: count, unchanged: count });
  });

  test('brings each line as soon as its file is stored, while a later one waits', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b', '~/c']);
    const other = await anotherServer(dotsync);
    const files = collectionOf(other.core.storage, 'dotsync_files');
    const insert = files.insert.bind(files);
    const gate = signal();
    vi.spyOn(files, 'insert').mockImplementation(async doc => {
      if ((doc as { path?: string }).path === '~/b') await gate.given;
      return insert(doc);
    });
    const body = JSON.stringify({ files: [has('~/a', 'a'), has('~/b', 'b'), has('~/c', 'c')] });
    const answer = await fetch(other.url + pathOf(id), { method: 'POST', headers, body });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const first = await reader?.read();
    expect(JSON.parse(first?.value ?? '')).toMatchObject({ path: '~/a', status: 'stored' });
    gate.give();
    let rest = '';
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) rest += next.value;
    expect(
      rest
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).status),
    ).toEqual(['stored', 'stored', undefined]);
  });

  test('ends with an error line when something breaks midway, and a repetition finishes the work', async () => {
    const { headers, id } = await userWith(dotsync.server, MANY);
    const errors: object[] = [];
    const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => errors.push(fields) };
    const other = await anotherServer(dotsync, { log });
    const files = collectionOf(other.core.storage, 'dotsync_files');
    const insert = files.insert.bind(files);
    const secret = 'mongodb://user:secret@host';
    const spy = vi.spyOn(files, 'insert').mockImplementation(async doc => {
      if ((doc as { path?: string }).path === MANY[37]) throw new StorageUnavailableError(secret);
      return insert(doc);
    });
    const offers = MANY.map(path => has(path, `content of ${path}`));
    const answer = await other.request('POST', pathOf(id), { files: offers }, headers);
    const { lines, last, status } = linesOf(answer);
    expect([status, last]).toEqual([200, { event: 'error', error: expect.any(String) }]);
    expect(answer.text).not.toContain('secret');
    expect(lines.slice(0, -1).map(({ path, status }) => [path, status])).toEqual(
      MANY.slice(0, 37).map(path => [path, 'stored']),
    );
    expect(errors).toEqual([expect.objectContaining({ err: expect.objectContaining({ message: secret }) })]);
    spy.mockRestore();

    const again = await sync(other, headers, { id, files: offers });
    expect(again.last).toMatchObject({ files: 60, conflict: 0, missing: 0 });
    expect(await contentsOf(dotsync.server, headers, id)).toEqual(contentsFor(MANY));
  });

  test('is 503 as JSON when the storage is away before the first line', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a']);
    const other = await anotherServer(dotsync);
    const configs = collectionOf(other.core.storage, 'dotsync_configs');
    vi.spyOn(configs, 'scan').mockRejectedValue(new StorageUnavailableError());
    vi.spyOn(configs, 'get').mockRejectedValue(new StorageUnavailableError());
    for (const path of [pathOf(), pathOf(id)]) {
      const answer = await other.request('POST', path, undefined, headers);
      expect([answer.status, answer.json.code]).toEqual([503, 'storage_unavailable']);
    }
  });

  test('is made of few reads, and of no more bytes at a time than one file may have', async () => {
    const small = Array.from({ length: 40 }, (_, i) => `~/small${i}`);
    const large = Array.from({ length: 5 }, (_, i) => `~/large${i}`);
    const { headers, id } = await userWith(dotsync.server, [...small, ...large]);
    await store(dotsync.server, headers, id, contentsFor(small));
    await store(dotsync.server, headers, id, Object.fromEntries(large.map(path => [path, 'x'.repeat(600_000)])));
    const other = await anotherServer(dotsync);
    const files = collectionOf(other.core.storage, 'dotsync_files');
    const one = vi.spyOn(files, 'get');
    const many = vi.spyOn(files, 'getMany');
    expect(Object.keys(await contentsOf(other, headers, id))).toHaveLength(45);
    const reads = many.mock.calls.map(([keys]) => keys.map(key => String(key[2])));
    expect(reads.flat()).toEqual([...small, ...large]);
    expect(reads.every(paths => paths.filter(path => large.includes(path)).length <= 1)).toBe(true);
    expect(reads.length).toBeLessThan(10);
    expect(one).not.toHaveBeenCalled();
  });

  test('that nobody reads any more ends the work', async () => {
    const { server, opened } = await openServer(engine);
    const count = engine.name === 'embedded' ? 200 : 40;
    const size = engine.name === 'embedded' ? 500_000 : 1_000_000;
    const paths = Array.from({ length: count }, (_, i) => `~/${i}`);
    const { account, headers, id } = await userWith(server, paths);
    const files = collectionOf(opened.storage, 'dotsync_files');
    const content = randomBytes(size);
    for (const [i, path] of paths.entries()) {
      const state = { epoch: 1, sha256: String(i).padStart(64, '0'), size, modified: 1 };
      await files.insert({ user_id: account.user_id, config: id, path, ...state, content });
    }
    const read = vi.spyOn(collectionOf(server.core.storage, 'dotsync_files'), 'getMany');
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST ${pathOf(id)} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n${head.join('')}\r\n`);
    await new Promise(resolve => socket.once('data', resolve));
    socket.destroy();
    // A sync that has ended leaves the server free to stop; one that has not would keep it for ever.
    await server.stop();
    for (let i = 0; i < 10; i++) await setImmediate();
    expect(read.mock.calls.flat(2).length).toBeLessThan(paths.length);
  });

  test('that breaks off is not taken for one: nothing is left behind by it', async () => {
    const { account, headers, id } = await userWith(dotsync.server, MANY);
    const body = JSON.stringify({ files: MANY.map(path => ({ path, content: base64(randomBytes(200_000)) })) });
    const { hostname, port } = new URL(dotsync.server.url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const length = Buffer.byteLength(body);
    socket.write(`POST ${pathOf(id)} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n${head.join('')}\r\n${body}`);
    await new Promise(resolve => socket.once('data', resolve));
    socket.destroy();
    expect((await dotsync.server.request('DELETE', `/v1/config/${id}`, undefined, headers)).status).toBe(204);
    await expect.poll(() => stored(dotsync, 'dotsync_files', account.user_id)).toBe(0);
  });
});
