import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, sharedServer } from '../../support/served.ts';
import {
  contentsOf,
  has,
  linesOf,
  newConfig,
  pathOf,
  sha256,
  statusesOf,
  store,
  sync,
  userWith,
} from './open-dotsync.ts';

const HASH = sha256('x');
const LONE = JSON.parse('"\\ud800"');

/** The place that the message names, and the entry, which is the second one of the request. */
const WRONG: [string, unknown][] = [
  ...[null, 1, 'x', true, [], ['~/a'], [{ path: '~/b' }]].map((entry): [string, unknown] => ['files[1]', entry]),
  ...[undefined, null, 1, {}, ['~/b'], { $ne: '' }].map((path): [string, unknown] => ['files[1].path', { path }]),
  ...[
    1,
    true,
    {},
    [],
    ['eA=='],
    'x',
    'eA',
    'eA=',
    'eA===',
    'eA==\n',
    'e A=',
    'eA==eA==',
    '====',
    '=',
    '=eA=',
    'e===',
    'eHh-',
    'eHh_',
    'eHh%',
    'eé==',
    'eB==',
    'eHi=',
    `eA=${LONE}`,
  ].map((content): [string, unknown] => ['files[1].content', { path: '~/b', content }]),
  ...[
    1,
    {},
    [HASH],
    { $ne: null },
    '',
    'x',
    HASH.toUpperCase(),
    HASH.slice(1),
    `${HASH}0`,
    ` ${HASH.slice(1)}`,
    `g${HASH.slice(1)}`,
  ].map((base): [string, unknown] => ['files[1].base', { path: '~/b', base }]),
  ...[
    null,
    644,
    0o644,
    {},
    ['0644'],
    '',
    '64',
    '0',
    '1644',
    '4755',
    '00644',
    '0o644',
    '0648',
    '0888',
    'rw-',
    '-644',
    '0644 ',
    '0644\n',
    '٦٤٤',
  ].map((mode): [string, unknown] => ['files[1].mode', { path: '~/b', content: '', mode }]),
  ['files[1].mode', { path: '~/b', mode: '0644' }],
  ['files[1].mode', { path: '~/b', mode: '0644', content: null }],
  ['files[1].mode', { path: '~/b', mode: '0644', base: HASH }],
  ...[null, 1, {}, [randomUUID()]].map((config): [string, unknown] => ['files[1].config', { path: '~/b', config }]),
];

forEachEngine('the body of a sync', engine => {
  const dotsync = sharedServer(engine);

  /** Demands that the server refuses the body on both routes, and stores nothing of it. */
  async function expectRefused(body: unknown, code: string, error: RegExp) {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    for (const path of [pathOf(), pathOf(id)]) {
      const answer = await dotsync.server.request('POST', path, body, headers);
      expect([body, answer.status, answer.json]).toEqual([body, 400, { error: expect.stringMatching(error), code }]);
    }
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({});
  }

  test.each([[undefined], ['{}'], ['{"files":[]}'], [' {"other":1} ']])('may be %j: a plain pull', async body => {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    await store(dotsync.server, headers, id, { '~/a': 'a' });
    for (const path of [pathOf(), pathOf(id)]) {
      const synced = linesOf(await dotsync.server.request('POST', path, body, headers));
      expect(statusesOf(synced)).toEqual(['updated', 'missing']);
      expect(synced.last).toEqual({
        event: 'done',
        files: 2,
        stored: 0,
        updated: 1,
        unchanged: 0,
        conflict: 0,
        missing: 1,
        refused: 0,
      });
    }
  });

  test.each(['[]', 'null', '"x"', '1', '{', '{"files":[]', 'files=x', '\u0000'])(
    'that is no JSON object is 400: %j',
    async body => expectRefused(body, 'json_invalid', /JSON/),
  );

  test.each([[null], [{}], ['x'], [1], [false], [{ length: 1 }], [{ 0: { path: '~/a' } }]])(
    'with %j as its files is 400',
    async files => expectRefused({ files }, 'files_invalid', /^files: /),
  );

  test('is checked as a whole before anything is stored', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    for (const [place, entry] of WRONG) {
      for (const path of [pathOf(), pathOf(id)]) {
        const body = { files: [has('~/a', 'a'), entry] };
        const { status, json } = await dotsync.server.request('POST', path, body, headers);
        expect([entry, status, json.code]).toEqual([entry, 400, 'files_invalid']);
        expect(json.error.slice(0, place.length + 2)).toBe(`${place}: `);
      }
    }
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({});
  });

  test('takes every form of base64, base and mode that is right', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a']);
    for (const [content, mode] of [
      ['', '000'],
      ['AA==', '777'],
      ['AAA=', '0000'],
      ['AAAA', '0777'],
      ['+/+/', '600'],
      ['/w==', '0644'],
    ] as const) {
      const files = [{ path: '~/a', content, mode, base: null }];
      await dotsync.server.request('PUT', `/v1/config/${id}`, { files: [] }, headers);
      await dotsync.server.request('PUT', `/v1/config/${id}`, { files: ['~/a'] }, headers);
      const synced = await sync(dotsync.server, headers, { id, files });
      expect(synced.files[0]).toMatchObject({ status: 'stored', mode: mode.padStart(4, '0') });
      expect((await sync(dotsync.server, headers, { id })).files[0].content).toBe(content);
    }
  });

  test('ignores what it does not know', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a']);
    const entry = { ...has('~/a', 'a'), size: 'x', ['__proto__']: { mode: 'x' }, constructor: 1 };
    const answer = await dotsync.server.request('POST', pathOf(id), { files: [entry], id: 'x' }, headers);
    expect(statusesOf(linesOf(answer))).toEqual(['stored']);
  });

  test('with two entries for one file of a config is 400', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/b', '~/a']);
    const other = await newConfig(dotsync.server, headers, ['~/b']);
    const twice: [string, object[]][] = [
      [pathOf(id), [has('~/a', 'a'), { path: '~/a' }]],
      [pathOf(id), [has('~/a', 'a'), { path: '~/a', config: id }]],
      [pathOf(id), [{ path: '~/unknown' }, { path: '~/unknown' }]],
      [pathOf(), [has('~/a', 'a'), has('~/a', 'a')]],
      [pathOf(), [has('~/a', 'a', { config: id }), { path: '~/a', config: id }]],
      [pathOf(), [has('~/a', 'a', { config: id }), { path: '~/a' }]],
      [pathOf(), [has('~/a', 'a'), { path: '~/a', config: id }]],
      [pathOf(), [has('~/b', 'b'), { path: '~/b', config: other }]],
      [pathOf(), [{ path: '~/unknown' }, { path: '~/unknown' }]],
    ];
    for (const [path, files] of twice) {
      const answer = await dotsync.server.request('POST', path, { files }, headers);
      expect([files, answer.status]).toEqual([files, 400]);
      expect(answer.json).toEqual({ error: expect.stringMatching(/^files\[1\]: /), code: 'files_invalid' });
    }
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({});
    expect(await contentsOf(dotsync.server, headers, other)).toEqual({});
  });

  test('may name a path for several configs, and for all while a config that is named does not track it', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a']);
    const other = await newConfig(dotsync.server, headers, ['~/a']);
    const third = await newConfig(dotsync.server, headers, ['~/b']);
    const named = [has('~/a', '1', { config: id }), has('~/a', '2', { config: other })];
    expect(statusesOf(await sync(dotsync.server, headers, { files: named }))).toEqual(['stored', 'stored', 'missing']);
    const mixed = [{ path: '~/a' }, { path: '~/a', config: third }, { path: '~/a', config: 'x' }];
    const { files } = await sync(dotsync.server, headers, { files: mixed });
    expect(files.map(({ config, status }) => [config, status])).toEqual([
      [id, 'updated'],
      [other, 'updated'],
      [third, 'missing'],
      [third, 'refused'],
      [null, 'refused'],
    ]);
  });

  test('in the sync of one config may name that one, and no other', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a']);
    const other = await newConfig(dotsync.server, headers, ['~/a']);
    const files = [has('~/a', 'a', { config: id })];
    expect(statusesOf(await sync(dotsync.server, headers, { id, files }))).toEqual(['stored']);
    for (const config of [other, randomUUID(), '', id.toUpperCase()]) {
      const answer = await dotsync.server.request('POST', pathOf(id), { files: [{ path: '~/a', config }] }, headers);
      expect([answer.status, answer.json.error]).toEqual([400, expect.stringMatching(/^files\[0\]\.config: /)]);
    }
  });

  test('with paths that are not tracked gets a refused line for each, behind the others and in its order', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    const paths = ['~/x', '', 'relative', '~/../a', '~/A', '/a\0b', LONE, '__proto__', 'x'.repeat(5000)];
    const files = [
      ...paths.slice(0, 4).map(path => has(path, 'x')),
      has('~/b', 'b'),
      ...paths.slice(4).map(path => ({ path })),
    ];
    for (const route of [undefined, id]) {
      const synced = await sync(dotsync.server, headers, { ...(route && { id: route }), files });
      expect(synced.files.map(({ path }) => path)).toEqual(['~/a', '~/b', ...paths]);
      for (const line of synced.files.slice(2)) {
        const { path } = line;
        const nothing = { sha256: null, size: null, mode: null, modified: null };
        expect(line).toEqual({ event: 'file', config: route ?? null, path, status: 'refused', ...nothing });
      }
      expect(synced.last).toMatchObject({ files: paths.length + 2, missing: 1, refused: paths.length });
    }
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({ '~/b': 'b' });
  });

  test('has its config in a refused line only when the account has it', async () => {
    const ann = await userWith(dotsync.server, ['~/a']);
    const { headers, id } = await userWith(dotsync.server, ['~/a']);
    const empty = await newConfig(dotsync.server, headers, []);
    const files = [
      has('~/x', 'x', { config: empty }),
      has('~/a', 'x', { config: ann.id }),
      has('~/x', 'x', { config: randomUUID() }),
      has('~/x', 'x', { config: 'no id' }),
      has('~/y', 'y'),
      has('~/x', 'x', { config: id }),
    ];
    const { files: lines } = await sync(dotsync.server, headers, { files });
    expect(lines.map(({ config, status }) => [config, status])).toEqual([
      [id, 'missing'],
      [empty, 'refused'],
      [null, 'refused'],
      [null, 'refused'],
      [null, 'refused'],
      [null, 'refused'],
      [id, 'refused'],
    ]);
    expect(await contentsOf(dotsync.server, ann.headers, ann.id)).toEqual({});
  });

  test('of an account without configs gets `done` alone, and refused lines for what it has', async () => {
    const { headers } = await newUser(dotsync.server);
    const nothing = {
      event: 'done',
      files: 0,
      stored: 0,
      updated: 0,
      unchanged: 0,
      conflict: 0,
      missing: 0,
      refused: 0,
    };
    expect((await sync(dotsync.server, headers)).lines).toEqual([nothing]);
    const { last } = await sync(dotsync.server, headers, { files: [has('~/a', 'a')] });
    expect(last).toEqual({ ...nothing, files: 1, refused: 1 });
  });
});
