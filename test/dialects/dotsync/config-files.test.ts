import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, sharedServer } from '../../support/served.ts';
import { userWith } from './open-dotsync.ts';

const LONE = JSON.parse('"\\ud800"');

const PATHS = [
  '~/.vimrc',
  '/etc/hosts',
  '/a',
  '~/a',
  '~/...',
  '~/.a.',
  '~/..a/b..',
  '~/~/a',
  '/~/a',
  '~/a b/c\u00a0d',
  '~/é/日本/😀',
  '~/$HOME/a.b/__proto__',
  `~/${'x'.repeat(1022)}`,
  `/${'é'.repeat(511)}x`,
  '~/back\\slash',
  '~/"quoted"',
];

const WRONG_PATHS: unknown[] = [
  '',
  '~',
  '~/',
  '/',
  '.vimrc',
  './a',
  '../a',
  'a/b',
  '~other/x',
  '~~/x',
  ' ~/x',
  '~/a/',
  '~/a//b',
  '//a',
  '~//a',
  '~/./a',
  '~/.',
  '~/a/./b',
  '~/..',
  '~/../a',
  '/a/..',
  '~/a\0',
  '~/a\nb',
  '~/a\tb',
  '~/a\x7f',
  '~/a\u0085',
  `~/${LONE}`,
  `~/${'x'.repeat(1023)}`,
  `/${'é'.repeat(512)}`,
  'C:\\Users\\ann',
  'file:///etc/hosts',
  null,
  1,
  true,
  ['~/a'],
  { path: '~/a' },
  { $ne: '' },
];

forEachEngine('the files of a config', engine => {
  const dotsync = sharedServer(engine);

  test('takes every kind of path and gives it back as it was written', async () => {
    const { headers } = await newUser(dotsync.server);
    const made = await dotsync.server.request('POST', '/v1/config', { files: PATHS }, headers);
    expect([made.status, made.text]).toEqual([201, expect.stringContaining('id')]);
    const { json } = await dotsync.server.request('GET', `/v1/config/${made.json.id}`, undefined, headers);
    expect(json.files).toEqual(PATHS);
  });

  test('refuses wrong paths by their place, and stores nothing', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a']);
    for (const path of WRONG_PATHS) {
      for (const [method, route] of [
        ['POST', '/v1/config'],
        ['PUT', `/v1/config/${id}`],
      ] as const) {
        const answer = await dotsync.server.request(method, route, { files: ['~/ok', path, '~/b'] }, headers);
        expect([path, answer.status, answer.json.code]).toEqual([path, 400, 'files_invalid']);
        expect(answer.json.error).toMatch(/^files\[1\]: /);
      }
    }
    const { json } = await dotsync.server.request('GET', '/v1/config', undefined, headers);
    expect(json).toEqual([expect.objectContaining({ id, files: ['~/a'] })]);
  });

  test.each([[undefined], [null], [{}], ['~/a'], [1], [true], [{ length: 0 }], [{ 0: '~/a', length: 1 }]])(
    'demands a list of files, and refuses %j',
    async files => {
      const { headers, id } = await userWith(dotsync.server, ['~/a']);
      for (const [method, route] of [
        ['POST', '/v1/config'],
        ['PUT', `/v1/config/${id}`],
      ] as const) {
        const { status, json } = await dotsync.server.request(method, route, { files }, headers);
        expect([status, json]).toEqual([400, { error: expect.stringMatching(/^files: /), code: 'files_invalid' }]);
      }
    },
  );

  test.each([
    ['', 'body_required'],
    ['[]', 'json_invalid'],
    ['null', 'json_invalid'],
    ['"x"', 'json_invalid'],
    ['{"files":[}', 'json_invalid'],
    ['files=x', 'json_invalid'],
  ])('demands a JSON object as the body, and refuses %j', async (body, code) => {
    const { headers, id } = await userWith(dotsync.server, ['~/a']);
    for (const [method, route] of [
      ['POST', '/v1/config'],
      ['PUT', `/v1/config/${id}`],
    ] as const) {
      const answer = await dotsync.server.request(method, route, body, headers);
      expect([answer.status, answer.json.code]).toEqual([400, code]);
    }
  });

  test('takes 1000 paths of the greatest length and not one more, repeated ones included', async () => {
    const { headers } = await newUser(dotsync.server);
    const files = Array.from({ length: 1000 }, (_, i) => `~/${String(i).padStart(1022, '"')}`);
    const made = await dotsync.server.request('POST', '/v1/config', { files }, headers);
    expect([made.status, made.text.slice(0, 200)]).toEqual([201, expect.any(String)]);
    const config = `/v1/config/${made.json.id}`;
    expect((await dotsync.server.request('GET', config, undefined, headers)).json.files).toEqual(files);
    const more = [...files, files[0]];
    for (const [method, route] of [
      ['POST', '/v1/config'],
      ['PUT', config],
    ] as const) {
      const answer = await dotsync.server.request(method, route, { files: more }, headers);
      expect([answer.status, answer.json.error]).toEqual([400, expect.stringMatching(/^files: .*\b1000\b/)]);
    }
    expect((await dotsync.server.request('DELETE', config, undefined, headers)).status).toBe(204);
  });

  test('a body may have 4 MiB, exactly', async () => {
    const { headers, id } = await userWith(dotsync.server, []);
    const limit = 4_194_304;
    for (const [method, route, success] of [
      ['POST', '/v1/config', 201],
      ['PUT', `/v1/config/${id}`, 204],
    ] as const) {
      const body = (bytes: number) => '{"files":[]}'.padEnd(bytes);
      const tooLarge = await dotsync.server.request(method, route, body(limit + 1), headers);
      expect([tooLarge.status, tooLarge.json]).toEqual([
        413,
        expect.objectContaining({ code: 'request_too_large', limit }),
      ]);
      expect((await dotsync.server.request(method, route, body(limit), headers)).status).toBe(success);
    }
  });
});
