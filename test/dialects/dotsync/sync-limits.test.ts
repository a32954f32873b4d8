import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { base64, contentsOf, has, pathOf, sync, userWith } from './open-dotsync.ts';

forEachEngine('the body of a sync', engine => {
  const dotsync = sharedServer(engine);

  test('may have 16 MiB, exactly', async () => {
    const { headers, id } = await userWith(dotsync.server, []);
    const limit = 16_777_216;
    const body = (bytes: number) => '{"files":[]}'.padEnd(bytes);
    for (const path of [pathOf(), pathOf(id)]) {
      expect((await dotsync.server.request('POST', path, body(limit), headers)).status).toBe(200);
      const answer = await dotsync.server.request('POST', path, body(limit + 1), headers);
      expect([answer.status, answer.json]).toEqual([
        413,
        expect.objectContaining({ code: 'request_too_large', limit }),
      ]);
    }
  });

  test('may have 100,000 entries, exactly, and those nobody tracks are refused in their order', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/7']);
    const entries = Array.from({ length: 100_000 }, (_, i) => ({ path: `~/${i}` }));
    const { files, last } = await sync(dotsync.server, headers, { files: entries });
    expect(last).toMatchObject({ files: 100_000, missing: 1, refused: 99_999 });
    expect(files[0]).toMatchObject({ path: '~/7', config: id, status: 'missing' });
    const refused = files.slice(1).map(({ path }) => path);
    expect(refused).toEqual(entries.map(({ path }) => path).filter(path => path !== '~/7'));
    const answer = await dotsync.server.request('POST', pathOf(), { files: [...entries, { path: '~/x' }] }, headers);
    expect([answer.status, answer.json]).toEqual([
      413,
      { error: expect.stringMatching(/^files: .*100000 entries/), code: 'request_too_large', limit: 100_000 },
    ]);
  });

  test('may have files of 1 MiB, exactly', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    const limit = 1_048_576;
    for (const more of [1, 2, 3, 1000]) {
      const files = [has('~/a', 'a'), { path: '~/b', content: base64(Buffer.alloc(limit + more)) }];
      const answer = await dotsync.server.request('POST', pathOf(id), { files }, headers);
      expect([answer.status, answer.json]).toEqual([
        413,
        { error: expect.any(String), code: 'request_too_large', limit, field: 'files[1].content' },
      ]);
    }
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({});
    for (const less of [0, 1, 2]) {
      const content = base64(Buffer.alloc(limit - less, 'x'));
      const { files } = await sync(dotsync.server, headers, { id, files: [{ path: '~/b', content, base: null }] });
      expect(files[1]).toMatchObject(
        less === 0 ? { status: 'stored', size: limit } : { status: 'conflict', size: limit },
      );
    }
    const { files } = await sync(dotsync.server, headers, { id });
    expect(files[1].content === base64(Buffer.alloc(limit, 'x'))).toBe(true);
  });

  test('with eleven files of 1 MiB is stored and pulled as a whole', async () => {
    const paths = Array.from({ length: 11 }, (_, i) => `~/${i}`);
    const { headers, id } = await userWith(dotsync.server, paths);
    const contents = paths.map((_, i) => base64(Buffer.alloc(1_048_576, `${i}`)));
    const files = paths.map((path, i) => ({ path, content: contents[i] ?? '' }));
    expect((await sync(dotsync.server, headers, { id, files })).last).toMatchObject({ stored: 11 });
    const pulled = await sync(dotsync.server, headers);
    expect(pulled.files.map(({ content }, i) => content === contents[i])).toEqual(paths.map(() => true));
  });
});
