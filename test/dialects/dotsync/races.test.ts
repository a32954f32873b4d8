import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import {
  contentsOf,
  has,
  newConfig,
  offer,
  put,
  sha256,
  statusesOf,
  store,
  stored,
  sync,
  userWith,
} from './open-dotsync.ts';

const PATH = '~/.vimrc';

forEachEngine('several machines at once, on two servers', engine => {
  const dotsync = sharedServer(engine);
  const rounds = engine.name === 'embedded' ? 10 : 3;

  test('with different edits on one base: exactly one is stored, the others get it as a conflict', async () => {
    const servers = [dotsync.server, await anotherServer(dotsync)];
    for (let round = 0; round < rounds; round++) {
      const { headers, id } = await userWith(dotsync.server, [PATH]);
      await store(dotsync.server, headers, id, { [PATH]: 'base' });
      const lines = await Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          offer(servers[i % 2] as TestServer, headers, id, has(PATH, `edit ${i}`, { base: sha256('base') })),
        ),
      );
      expect(lines.map(({ status }) => status).sort()).toEqual([...Array(5).fill('conflict'), 'stored']);
      const winner = lines.find(({ status }) => status === 'stored');
      expect(new Set(lines.map(line => line.sha256))).toEqual(new Set([winner.sha256]));
      const { [PATH]: content } = await contentsOf(dotsync.server, headers, id);
      expect(sha256(content ?? '')).toBe(winner.sha256);
      for (const line of lines.filter(({ status }) => status === 'conflict')) {
        expect(Buffer.from(line.content, 'base64').toString()).toBe(content);
      }
    }
  });

  test('with first contents: one is stored, who has the same is unchanged, the others are conflicts', async () => {
    const servers = [dotsync.server, await anotherServer(dotsync)];
    for (let round = 0; round < rounds; round++) {
      const { account, headers, id } = await userWith(dotsync.server, [PATH]);
      const lines = await Promise.all(
        Array.from({ length: 6 }, (_, i) => offer(servers[i % 2] as TestServer, headers, id, has(PATH, `${i % 3}`))),
      );
      const kept = lines[0].sha256;
      expect(lines.filter(({ status }) => status === 'stored')).toHaveLength(1);
      for (const [i, { status, sha256: hash }] of lines.entries()) {
        expect(hash).toBe(kept);
        expect(sha256(`${i % 3}`) === kept ? ['stored', 'unchanged'] : ['conflict']).toContain(status);
      }
      expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(1);
    }
  });

  test('that each add a line in turn, merging what they get, lose none', async () => {
    const servers = [dotsync.server, await anotherServer(dotsync)];
    const { headers, id } = await userWith(dotsync.server, [PATH]);
    await Promise.all(
      Array.from({ length: 4 }, async (_, machine) => {
        const server = servers[machine % 2] as TestServer;
        for (let i = 0; i < 3; i++) {
          const mine = `${machine}.${i}`;
          let base: string | undefined;
          let lines: string[] = [];
          for (;;) {
            const line = await offer(
              server,
              headers,
              id,
              has(PATH, [...lines, mine].join('\n'), { ...(base && { base }) }),
            );
            if (line.status === 'stored') break;
            expect(line.status).toBe('conflict');
            base = line.sha256;
            lines = Buffer.from(line.content, 'base64').toString().split('\n');
          }
        }
      }),
    );
    const { [PATH]: content } = await contentsOf(dotsync.server, headers, id);
    expect(content?.split('\n').sort()).toEqual(
      ['0', '1', '2', '3'].flatMap(machine => ['0', '1', '2'].map(i => `${machine}.${i}`)),
    );
  });

  test('see at once what was stored, listed and deleted on the other server', async () => {
    const [one, two] = [dotsync.server, await anotherServer(dotsync)];
    const { headers, id } = await userWith(one, [PATH]);
    await store(two, headers, id, { [PATH]: 'x' });
    expect(await contentsOf(one, headers, id)).toEqual({ [PATH]: 'x' });
    await put(two, headers, id, ['~/other', PATH]);
    expect(await contentsOf(one, headers, id)).toEqual({ [PATH]: 'x' });
    await put(one, headers, id, ['~/other']);
    expect(statusesOf(await sync(two, headers, { id }))).toEqual(['missing']);
    await one.request('DELETE', `/v1/config/${id}`, undefined, headers);
    expect((await two.request('POST', `/v1/sync/${id}`, undefined, headers)).status).toBe(404);
  });

  test('that replace a config at once leave one of theirs whole, and the content of what all of them keep', async () => {
    const servers = [dotsync.server, await anotherServer(dotsync)];
    const { account, headers, id } = await userWith(dotsync.server, [PATH, '~/gone']);
    await store(dotsync.server, headers, id, { [PATH]: 'kept', '~/gone': 'x' });
    const lists = Array.from({ length: 6 }, (_, i) => [`~/${i}`, PATH]);
    const answers = await Promise.all(lists.map((files, i) => put(servers[i % 2] as TestServer, headers, id, files)));
    expect(answers.map(({ status }) => status)).toEqual(lists.map(() => 204));
    const { json } = await dotsync.server.request('GET', `/v1/config/${id}`, undefined, headers);
    expect(lists).toContainEqual(json.files);
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({ [PATH]: 'kept' });
    expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(1);
  });

  test('of which one stops syncing a file or deletes the config leave nothing behind', async () => {
    const servers = [dotsync.server, await anotherServer(dotsync)] as const;
    for (let round = 0; round < rounds; round++) {
      const { account, headers, id } = await userWith(dotsync.server, ['~/a', '~/b', '~/c']);
      const gone = await newConfig(dotsync.server, headers, ['~/a', '~/b']);
      const offers = ['~/a', '~/b', '~/c'].map(path => has(path, `${round} ${path}`));
      const answers = await Promise.all([
        ...servers.map(server => server.request('POST', '/v1/sync', { files: offers }, headers)),
        put(servers[round % 2] as TestServer, headers, id, ['~/c']),
        servers[1].request('DELETE', `/v1/config/${gone}`, undefined, headers),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 204, 204]);
      expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(1);
      expect(await contentsOf(dotsync.server, headers, id)).toEqual({ '~/c': `${round} ~/c` });
      await put(dotsync.server, headers, id, ['~/a', '~/b', '~/c']);
      expect(await contentsOf(dotsync.server, headers, id)).toEqual({ '~/c': `${round} ~/c` });
    }
  });

  test('never get content and hash of two different versions', async () => {
    const { headers, id } = await userWith(dotsync.server, [PATH]);
    await store(dotsync.server, headers, id, { [PATH]: '0' });
    const other = await anotherServer(dotsync);
    const edits = (async () => {
      for (let i = 1; i <= 20; i++)
        await offer(other, headers, id, has(PATH, `${i}`.repeat(i), { base: sha256(`${i - 1}`.repeat(i - 1 || 1)) }));
    })();
    for (let i = 0; i < 30; i++) {
      const line = await offer(dotsync.server, headers, id, { path: PATH });
      const content = Buffer.from(line.content, 'base64');
      expect([sha256(content), content.byteLength]).toEqual([line.sha256, line.size]);
    }
    await edits;
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({ [PATH]: '20'.repeat(20) });
  });
});
