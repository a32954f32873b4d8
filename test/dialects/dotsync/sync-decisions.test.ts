import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import {
  base64,
  contentsOf,
  type Entry,
  has,
  newConfig,
  sha256,
  statusesOf,
  store,
  sync,
  userWith,
} from './open-dotsync.ts';

const PATH = '~/.vimrc';
const [OLD, SERVER, LOCAL] = ['old', 'of the server', 'of this machine'];
const NOTHING = { sha256: null, size: null, mode: null, modified: null };

forEachEngine('a sync decides for each file', engine => {
  const dotsync = sharedServer(engine);

  /** An account whose config holds this content of the file, or none. Time goes on after it was stored. */
  async function withContent(content?: string, mode?: string) {
    const user = await userWith(dotsync.server, [PATH]);
    const at = dotsync.opened.clock.now();
    if (content !== undefined) {
      const files = [has(PATH, content, mode === undefined ? {} : { mode })];
      expect(statusesOf(await sync(dotsync.server, user.headers, { id: user.id, files }))).toEqual(['stored']);
    }
    dotsync.opened.clock.advance(1000);
    return { ...user, at, now: at + 1000 };
  }

  /** The one line about the file. */
  async function offer({ headers, id }: { headers: Record<string, string>; id: string }, entry: Partial<Entry>) {
    const { files } = await sync(dotsync.server, headers, { id, files: [{ path: PATH, ...entry }] });
    expect(files).toEqual([expect.objectContaining({ event: 'file', config: id, path: PATH })]);
    return files[0];
  }

  test.each<[string, Partial<Entry>]>([
    ['nothing is said about it', {}],
    ['the machine once had it', { base: sha256(OLD) }],
    ['content and base are null', { content: null, base: null }],
  ])('missing: nothing is stored, nothing is offered, and %s', async (_, entry) => {
    const user = await withContent();
    expect(await offer(user, entry)).toEqual({
      event: 'file',
      config: user.id,
      path: PATH,
      status: 'missing',
      ...NOTHING,
    });
  });

  test.each<[string, Partial<Entry>]>([
    ['never synced', {}],
    ['synced something', { base: sha256(OLD) }],
    ['synced the same', { base: sha256(LOCAL) }],
  ])('stored: nothing is stored, and a machine that %s offers content', async (_, entry) => {
    const user = await withContent();
    const line = await offer(user, { ...entry, content: base64(LOCAL) });
    const size = LOCAL.length;
    expect(line).toEqual({
      event: 'file',
      config: user.id,
      path: PATH,
      status: 'stored',
      sha256: sha256(LOCAL),
      size,
      mode: null,
      modified: user.now,
    });
    expect(await contentsOf(dotsync.server, user.headers, user.id)).toEqual({ [PATH]: LOCAL });
  });

  test('unchanged: nothing is offered, and the machine has what is stored', async () => {
    const user = await withContent(SERVER, '0600');
    const line = await offer(user, { base: sha256(SERVER) });
    expect(line).toEqual({
      event: 'file',
      config: user.id,
      path: PATH,
      status: 'unchanged',
      sha256: sha256(SERVER),
      size: SERVER.length,
      mode: '0600',
      modified: user.at,
    });
  });

  test.each<[string, Partial<Entry>]>([
    ['never synced', {}],
    ['synced something else', { base: sha256(OLD) }],
  ])('updated: nothing is offered by a machine that %s', async (_, entry) => {
    const user = await withContent(SERVER, '0640');
    const line = await offer(user, entry);
    expect(line).toEqual({
      event: 'file',
      config: user.id,
      path: PATH,
      status: 'updated',
      sha256: sha256(SERVER),
      size: SERVER.length,
      mode: '0640',
      modified: user.at,
      content: base64(SERVER),
    });
  });

  test.each<[string, Partial<Entry>]>([
    ['without a base', {}],
    ['on the same base', { base: sha256(SERVER) }],
    ['on another base', { base: sha256(OLD) }],
    ['with the mode that is set', { mode: '0600' }],
    ['with the mode that is set, in three digits', { mode: '600' }],
  ])('unchanged: the content that is stored is offered %s', async (_, entry) => {
    const user = await withContent(SERVER, '0600');
    const line = await offer(user, { ...entry, content: base64(SERVER) });
    expect(line).toMatchObject({ status: 'unchanged', sha256: sha256(SERVER), mode: '0600', modified: user.at });
    expect(line).not.toHaveProperty('content');
  });

  test.each([
    [undefined, '0755', '0755'],
    ['0600', '0755', '0755'],
    ['0600', '755', '0755'],
    ['0600', '000', '0000'],
  ])('stored: the content that is stored is offered with another mode (%s, then %s)', async (before, mode, after) => {
    const user = await withContent(SERVER, before);
    const line = await offer(user, { content: base64(SERVER), mode });
    expect(line).toMatchObject({ status: 'stored', mode: after, modified: user.now, sha256: sha256(SERVER) });
    expect(line).not.toHaveProperty('content');
    dotsync.opened.clock.advance(1000);
    const again = await offer(user, { content: base64(SERVER), mode, base: sha256(OLD) });
    expect(again).toMatchObject({ status: 'unchanged', mode: after, modified: user.now });
    expect(await contentsOf(dotsync.server, user.headers, user.id)).toEqual({ [PATH]: SERVER });
  });

  test('stored: another content is offered on top of what is stored', async () => {
    const user = await withContent(SERVER);
    const line = await offer(user, { content: base64(LOCAL), base: sha256(SERVER) });
    expect(line).toMatchObject({ status: 'stored', sha256: sha256(LOCAL), size: LOCAL.length, modified: user.now });
    expect(line).not.toHaveProperty('content');
    expect(await contentsOf(dotsync.server, user.headers, user.id)).toEqual({ [PATH]: LOCAL });
  });

  test('stored: keeps the earlier mode when none is sent, and sets the one that is', async () => {
    const user = await withContent(SERVER, '0600');
    const first = await offer(user, { content: base64(LOCAL), base: sha256(SERVER) });
    expect(first).toMatchObject({ status: 'stored', mode: '0600' });
    const second = await offer(user, { content: base64(OLD), base: sha256(LOCAL), mode: '0755' });
    expect(second).toMatchObject({ status: 'stored', mode: '0755' });
  });

  test('updated: what is offered was not edited here, and something newer is stored', async () => {
    const user = await withContent(SERVER, '0600');
    const line = await offer(user, { content: base64(OLD), base: sha256(OLD), mode: '0777' });
    expect(line).toMatchObject({ status: 'updated', sha256: sha256(SERVER), mode: '0600', content: base64(SERVER) });
    expect(line.modified).toBe(user.at);
    expect(await contentsOf(dotsync.server, user.headers, user.id)).toEqual({ [PATH]: SERVER });
  });

  test.each<[string, Partial<Entry>]>([
    ['never synced', {}],
    ['edited it on top of something else', { base: sha256(OLD) }],
  ])('conflict: another content is offered by a machine that %s; the stored one stays', async (_, entry) => {
    const user = await withContent(SERVER, '0600');
    const line = await offer(user, { ...entry, content: base64(LOCAL), mode: '0777' });
    expect(line).toEqual({
      event: 'file',
      config: user.id,
      path: PATH,
      status: 'conflict',
      sha256: sha256(SERVER),
      size: SERVER.length,
      mode: '0600',
      modified: user.at,
      content: base64(SERVER),
    });
    expect(await contentsOf(dotsync.server, user.headers, user.id)).toEqual({ [PATH]: SERVER });
  });

  test('a conflict ends when the merged content is sent on top of the hash received', async () => {
    const user = await withContent(SERVER);
    const { sha256: received } = await offer(user, { content: base64(LOCAL) });
    expect(await offer(user, { content: base64('merged'), base: received })).toMatchObject({ status: 'stored' });
    expect(await contentsOf(dotsync.server, user.headers, user.id)).toEqual({ [PATH]: 'merged' });
  });

  test('an empty file is a content as any other', async () => {
    const user = await withContent('');
    expect(await offer(user, {})).toMatchObject({ status: 'updated', size: 0, sha256: sha256(''), content: '' });
    expect(await offer(user, { base: sha256('') })).toMatchObject({ status: 'unchanged', size: 0 });
    expect(await offer(user, { content: '' })).toMatchObject({ status: 'unchanged' });
    expect(await offer(user, { content: base64('x'), base: sha256('') })).toMatchObject({ status: 'stored', size: 1 });
    expect(await offer(user, { content: '', base: sha256('x') })).toMatchObject({ status: 'stored', size: 0 });
  });

  test('any bytes come back as they were', async () => {
    const user = await withContent();
    const bytes = Buffer.from(Array.from({ length: 1021 }, (_, i) => (i * 7) % 256));
    expect(await offer(user, { content: base64(bytes) })).toMatchObject({ status: 'stored', size: 1021 });
    expect(await offer(user, {})).toMatchObject({ content: base64(bytes), sha256: sha256(bytes) });
  });

  test('a request that is repeated changes nothing more', async () => {
    const user = await withContent(SERVER, '0600');
    const entry = { content: base64(LOCAL), base: sha256(SERVER), mode: '0644' };
    expect(await offer(user, entry)).toMatchObject({ status: 'stored', modified: user.now });
    dotsync.opened.clock.advance(1000);
    for (let i = 0; i < 2; i++) {
      const again = await offer(user, entry);
      expect(again).toMatchObject({ status: 'unchanged', sha256: sha256(LOCAL), modified: user.now });
    }
  });

  test('a mode that was set does not outlive its path', async () => {
    const { headers, id } = await withContent(SERVER, '0755');
    for (const files of [[], [PATH]]) {
      await dotsync.server.request('PUT', `/v1/config/${id}`, { files }, headers);
    }
    expect(await offer({ headers, id }, { content: base64(SERVER) })).toMatchObject({ status: 'stored', mode: null });
  });

  test('files that the request does not name are pulled, in the order of the config', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/c', '~/a', '~/b', '~/d']);
    await store(dotsync.server, headers, id, { '~/a': 'a', '~/b': 'b', '~/c': 'c' });
    const files = [has('~/b', 'new b', { base: sha256('b') }), { path: '~/c', base: sha256('c') }];
    const { lines } = await sync(dotsync.server, headers, { id, files });
    expect(lines.map(({ path, status }) => [path, status])).toEqual([
      ['~/c', 'unchanged'],
      ['~/a', 'updated'],
      ['~/b', 'stored'],
      ['~/d', 'missing'],
      [undefined, undefined],
    ]);
    expect(lines.at(-1)).toEqual({
      event: 'done',
      files: 4,
      stored: 1,
      updated: 1,
      unchanged: 1,
      conflict: 0,
      missing: 1,
      refused: 0,
    });
  });

  test('for every config that tracks it, when it names none', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    const two = await newConfig(dotsync.server, headers, ['~/b']);
    const three = await newConfig(dotsync.server, headers, ['~/a']);
    await store(dotsync.server, headers, three, { '~/a': 'other' });
    const { files } = await sync(dotsync.server, headers, { files: [has('~/a', 'a')] });
    expect(files.map(({ config, path, status }) => [config, path, status])).toEqual([
      [id, '~/a', 'stored'],
      [id, '~/b', 'missing'],
      [two, '~/b', 'missing'],
      [three, '~/a', 'conflict'],
    ]);
  });

  test('for one config alone, when it names that', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    const two = await newConfig(dotsync.server, headers, ['~/b', '~/a']);
    const { files } = await sync(dotsync.server, headers, {
      files: [has('~/a', 'a', { config: two }), has('~/b', 'b')],
    });
    expect(files.map(({ config, path, status }) => [config, path, status])).toEqual([
      [id, '~/a', 'missing'],
      [id, '~/b', 'stored'],
      [two, '~/b', 'stored'],
      [two, '~/a', 'stored'],
    ]);
  });
});
