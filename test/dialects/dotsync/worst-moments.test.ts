import { expect, test, vi } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import {
  collectionOf,
  contentsOf,
  has,
  linesOf,
  offer,
  put,
  sha256,
  signal,
  statusesOf,
  store,
  stored,
  sync,
  userWith,
} from './open-dotsync.ts';

const PATH = '~/.vimrc';

forEachEngine('machines that meet at the worst moment, on two servers', engine => {
  const dotsync = sharedServer(engine);

  /** A server on which `first` happens once, before the first of these writes and after what led to it. */
  async function interrupted(
    first: () => Promise<unknown>,
    methods: readonly ('insert' | 'update' | 'delete')[] = ['insert', 'update'],
    collection: 'dotsync_configs' | 'dotsync_files' = 'dotsync_files',
  ): Promise<TestServer> {
    const server = await anotherServer(dotsync);
    const documents = collectionOf(server.core.storage, collection);
    for (const method of methods) {
      const original = documents[method].bind(documents) as (...args: unknown[]) => Promise<never>;
      vi.spyOn(documents, method).mockImplementationOnce(async (...args: unknown[]) => {
        await first();
        return original(...args);
      });
    }
    return server;
  }

  test('store nothing for good under a path that was taken out a moment before', async () => {
    const { account, headers, id } = await userWith(dotsync.server, [PATH, '~/b']);
    const server = await interrupted(() => put(dotsync.server, headers, id, ['~/b']));
    const { files } = await sync(server, headers, { id, files: [has(PATH, 'late')] });
    expect(files[0]).toMatchObject({ config: id, path: PATH, status: 'refused', sha256: null });
    expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(0);
    await put(dotsync.server, headers, id, [PATH]);
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({});
  });

  test('store nothing for good in a config that was deleted a moment before', async () => {
    const { account, headers, id } = await userWith(dotsync.server, [PATH]);
    const server = await interrupted(() => dotsync.server.request('DELETE', `/v1/config/${id}`, undefined, headers));
    const { files } = await sync(server, headers, { id, files: [has(PATH, 'late')] });
    expect(files[0]).toMatchObject({ config: id, path: PATH, status: 'refused', sha256: null });
    expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(0);
  });

  test.each([undefined, 'before'])(
    'keep what they were told is stored, also under a path that was listed anew a moment before (stored until then: %j)',
    async before => {
      const { headers, id } = await userWith(dotsync.server, [PATH]);
      if (before !== undefined) await store(dotsync.server, headers, id, { [PATH]: before });
      const server = await interrupted(async () => {
        await put(dotsync.server, headers, id, []);
        await put(dotsync.server, headers, id, [PATH]);
      });
      const line = await offer(server, headers, id, has(PATH, 'late', { base: sha256('before') }));
      expect(line).toMatchObject({ status: 'stored', sha256: sha256('late') });
      expect(await contentsOf(dotsync.server, headers, id)).toEqual({ [PATH]: 'late' });
    },
  );

  test.each([undefined, 'before'])(
    'take nothing away from who stored anew under a path that was listed anew (stored until then: %j)',
    async before => {
      const { headers, id } = await userWith(dotsync.server, [PATH]);
      if (before !== undefined) await store(dotsync.server, headers, id, { [PATH]: before });
      const server = await interrupted(async () => {
        await put(dotsync.server, headers, id, []);
        await put(dotsync.server, headers, id, [PATH]);
        await store(dotsync.server, headers, id, { [PATH]: 'new' });
      });
      const line = await offer(server, headers, id, has(PATH, 'late', { base: sha256('before') }));
      expect(line).toMatchObject({ status: 'conflict', sha256: sha256('new') });
      expect(await contentsOf(dotsync.server, headers, id)).toEqual({ [PATH]: 'new' });
    },
  );

  test('take nothing away from who stored anew while what was removed is cleared away', async () => {
    const { headers, id } = await userWith(dotsync.server, [PATH]);
    await store(dotsync.server, headers, id, { [PATH]: 'old' });
    const server = await interrupted(async () => {
      await put(dotsync.server, headers, id, [PATH]);
      await store(dotsync.server, headers, id, { [PATH]: 'new' });
    }, ['delete']);
    expect((await put(server, headers, id, [])).status).toBe(204);
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({ [PATH]: 'new' });
  });

  test('replace a config on top of what the other one made of it a moment before', async () => {
    const { headers, id } = await userWith(dotsync.server, [PATH]);
    await store(dotsync.server, headers, id, { [PATH]: 'old' });
    const first = async () => {
      await put(dotsync.server, headers, id, []);
      await put(dotsync.server, headers, id, [PATH]);
      await store(dotsync.server, headers, id, { [PATH]: 'new' });
    };
    const server = await interrupted(first, ['update'], 'dotsync_configs');
    expect((await put(server, headers, id, ['~/more', PATH])).status).toBe(204);
    const { json } = await dotsync.server.request('GET', `/v1/config/${id}`, undefined, headers);
    expect(json.files).toEqual(['~/more', PATH]);
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({ [PATH]: 'new' });
  });

  test('do not bring a config back that was deleted a moment before', async () => {
    const { headers, id } = await userWith(dotsync.server, [PATH]);
    const first = () => dotsync.server.request('DELETE', `/v1/config/${id}`, undefined, headers);
    const server = await interrupted(first, ['update'], 'dotsync_configs');
    expect((await put(server, headers, id, [PATH])).status).toBe(404);
    expect((await dotsync.server.request('GET', '/v1/config', undefined, headers)).json).toEqual([]);
  });

  /** A server where storing `~/b` waits for `open`, and storing `~/fails` fails. */
  async function gated() {
    const errors: object[] = [];
    const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => errors.push(fields) };
    const server = await anotherServer(dotsync, { log });
    const files = collectionOf(server.core.storage, 'dotsync_files');
    const insert = files.insert.bind(files);
    const [reached, gate, inserted] = [signal(), signal(), signal()];
    vi.spyOn(files, 'insert').mockImplementation(async doc => {
      const { path } = doc as { path?: string };
      if (path === '~/fails') throw new StorageUnavailableError();
      if (path !== '~/b') return insert(doc);
      reached.give();
      await gate.given;
      await insert(doc);
      inserted.give();
    });
    return { server, errors, reached: reached.given, open: gate.give, inserted: inserted.given };
  }

  test('of which one goes away while it stores, and another deletes the config: nothing is left behind', async () => {
    const { account, headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    const { server, reached, open, inserted } = await gated();
    const away = new AbortController();
    const body = JSON.stringify({ files: [has('~/a', 'a'), has('~/b', 'b')] });
    const init = { method: 'POST', headers, body, signal: away.signal };
    const { body: lines } = await fetch(`${server.url}/v1/sync/${id}`, init);
    await lines?.getReader().read();
    await reached;
    away.abort();
    expect((await dotsync.server.request('DELETE', `/v1/config/${id}`, undefined, headers)).status).toBe(204);
    open();
    await inserted;
    await expect.poll(() => stored(dotsync, 'dotsync_files', account.user_id)).toBe(0);
  });

  test('of which one goes away, and clearing away after it fails: the server lives on', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    const { server, reached, open, errors } = await gated();
    const away = new AbortController();
    const body = JSON.stringify({ files: [has('~/a', 'a'), has('~/b', 'b')] });
    const { body: lines } = await fetch(`${server.url}/v1/sync/${id}`, {
      method: 'POST',
      headers,
      body,
      signal: away.signal,
    });
    await lines?.getReader().read();
    await reached;
    vi.spyOn(collectionOf(server.core.storage, 'dotsync_configs'), 'get').mockRejectedValueOnce(
      new StorageUnavailableError(),
    );
    away.abort();
    open();
    await expect.poll(() => errors.length).toBe(1);
    expect(await contentsOf(server, headers, id)).toEqual({ '~/a': 'a', '~/b': 'b' });
  });

  test('leave nothing behind when one file fails while another is still being stored', async () => {
    const { account, headers, id } = await userWith(dotsync.server, ['~/fails', '~/b']);
    const { server, reached, open } = await gated();
    const files = [has('~/fails', 'x'), has('~/b', 'b')];
    const answer = server.request('POST', `/v1/sync/${id}`, { files }, headers);
    await reached;
    expect((await dotsync.server.request('DELETE', `/v1/config/${id}`, undefined, headers)).status).toBe(204);
    open();
    expect(linesOf(await answer).last.event).toBe('error');
    expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(0);
  });

  test('are not disturbed by what a PUT left behind that died half way', async () => {
    const { account, headers, id } = await userWith(dotsync.server, [PATH, '~/b']);
    await store(dotsync.server, headers, id, { [PATH]: 'old', '~/b': 'b' });
    const dying = await anotherServer(dotsync);
    vi.spyOn(collectionOf(dying.core.storage, 'dotsync_files'), 'scan').mockRejectedValue(
      new StorageUnavailableError(),
    );
    expect((await put(dying, headers, id, ['~/b'])).status).toBe(503);
    expect((await put(dying, headers, id, ['~/b', PATH])).status).toBe(503);
    expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(2);

    const pulled = await sync(dotsync.server, headers, { id });
    expect(pulled.files.map(({ path, status }) => [path, status])).toEqual([
      ['~/b', 'updated'],
      [PATH, 'missing'],
    ]);
    expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(1);
    await store(dotsync.server, headers, id, { [PATH]: 'new' });
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({ '~/b': 'b', [PATH]: 'new' });
  });

  test('store over what a PUT left behind that died half way', async () => {
    const { headers, id } = await userWith(dotsync.server, [PATH]);
    const files = [has(PATH, 'old', { mode: '0600' })];
    expect(statusesOf(await sync(dotsync.server, headers, { id, files }))).toEqual(['stored']);
    const dying = await anotherServer(dotsync);
    vi.spyOn(collectionOf(dying.core.storage, 'dotsync_files'), 'scan').mockRejectedValue(
      new StorageUnavailableError(),
    );
    for (const list of [[], [PATH]]) expect((await put(dying, headers, id, list)).status).toBe(503);
    const line = await offer(dotsync.server, headers, id, has(PATH, 'new', { base: sha256('x') }));
    const now = { sha256: sha256('new'), size: 3, mode: null };
    expect(line).toMatchObject({ status: 'stored', ...now });
    expect(await offer(dotsync.server, headers, id, { path: PATH })).toMatchObject({ status: 'updated', ...now });
  });

  test('finish with a second DELETE what one left that died half way', async () => {
    const { account, headers, id } = await userWith(dotsync.server, [PATH]);
    await store(dotsync.server, headers, id, { [PATH]: 'x' });
    const dying = await anotherServer(dotsync);
    const spy = vi.spyOn(collectionOf(dying.core.storage, 'dotsync_files'), 'deleteMany');
    spy.mockRejectedValueOnce(new StorageUnavailableError());
    expect((await dying.request('DELETE', `/v1/config/${id}`, undefined, headers)).status).toBe(503);
    expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(1);
    expect((await dying.request('DELETE', `/v1/config/${id}`, undefined, headers)).status).toBe(404);
    expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(0);
  });
});
