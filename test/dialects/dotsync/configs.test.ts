import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, type Served, sharedServer } from '../../support/served.ts';
import { contentsOf, copyConfig, type Headers, newConfig, store, stored, sync, userWith } from './open-dotsync.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const GIT = { https: null, ssh: 'git@example.org:ann/dots.git', branch: 'trunk', credentials: '~/.ssh/id_ed25519' };

const requestsTo = (dotsync: Served) => (headers: Headers, method: string, path: string, body?: unknown) =>
  dotsync.server.request(method, path, body, headers);

forEachEngine('configs', engine => {
  const dotsync = sharedServer(engine);
  const request = requestsTo(dotsync);

  test('POST answers 201 with a new UUID, and GET shows all of the config', async () => {
    const { headers } = await newUser(dotsync.server);
    const files = ['~/.vimrc', '/etc/hosts', '~/.config/x y/é😀.toml'];
    const made = await request(headers, 'POST', '/v1/config', { git: GIT, files });
    expect([made.status, Object.keys(made.json)]).toEqual([201, ['id']]);
    expect(made.json.id).toMatch(UUID_V4);
    const { id } = made.json;
    const now = dotsync.opened.clock.now();
    const answer = await request(headers, 'GET', `/v1/config/${id}`);
    expect([answer.status, answer.json]).toEqual([200, { id, git: GIT, files, created: now, updated: now }]);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  test('of one content are two configs', async () => {
    const { headers } = await newUser(dotsync.server);
    const one = await newConfig(dotsync.server, headers, ['~/a']);
    const two = await newConfig(dotsync.server, headers, ['~/a']);
    expect(one).not.toBe(two);
  });

  test.each([
    [undefined, null],
    [null, null],
    [{ ssh: 'git@example.org:x' }, { https: null, ssh: 'git@example.org:x', branch: 'main', credentials: null }],
    [
      { https: 'https://example.org/x.git', ssh: null, branch: null, credentials: null },
      { https: 'https://example.org/x.git', ssh: null, branch: 'main', credentials: null },
    ],
    [{ https: 'https://example.org/x', extra: 1, branch: 'b' }, expect.not.objectContaining({ extra: 1 })],
  ])('take git %j', async (given, shown) => {
    const { headers } = await newUser(dotsync.server);
    const id = await newConfig(dotsync.server, headers, [], given);
    expect((await request(headers, 'GET', `/v1/config/${id}`)).json.git).toEqual(shown);
  });

  test('collapse a repeated path to the first, and keep the order', async () => {
    const { headers } = await newUser(dotsync.server);
    const id = await newConfig(dotsync.server, headers, ['~/b', '~/a', '~/b', '/b', '~/a', '~/c']);
    const { json } = await request(headers, 'GET', `/v1/config/${id}`);
    expect(json.files).toEqual(['~/b', '~/a', '/b', '~/c']);
  });

  test('ignore an id, times and unknown fields that a POST has', async () => {
    const { headers } = await newUser(dotsync.server);
    const id = randomUUID();
    const body = { id, files: [], created: 1, updated: 'x', user_id: 'x', revision: 9, ['__proto__']: { git: GIT } };
    const made = await request(headers, 'POST', '/v1/config', body);
    expect(made.status).toBe(201);
    expect(made.json.id).not.toBe(id);
    const now = dotsync.opened.clock.now();
    const { json } = await request(headers, 'GET', `/v1/config/${made.json.id}`);
    expect(json).toEqual({ id: made.json.id, git: null, files: [], created: now, updated: now });
  });

  test('are listed oldest first, also when they were changed since or made at one moment', async () => {
    const { headers } = await newUser(dotsync.server);
    expect((await request(headers, 'GET', '/v1/config')).text).toBe('[]');
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await newConfig(dotsync.server, headers, [`~/${i}`]));
    dotsync.opened.clock.advance(1000);
    await request(headers, 'PUT', `/v1/config/${ids[0]}`, { files: ['~/changed'] });
    const { status, json } = await request(headers, 'GET', '/v1/config');
    expect([status, json.map(({ id }: { id: string }) => id)]).toEqual([200, ids]);
    for (const config of json) {
      expect(config).toEqual((await request(headers, 'GET', `/v1/config/${config.id}`)).json);
    }
  });

  test('are listed without an end to their number', async () => {
    const { headers } = await newUser(dotsync.server);
    const ids: string[] = [];
    for (let i = 0; i < (engine.name === 'embedded' ? 65 : 12); i++)
      ids.push(await newConfig(dotsync.server, headers, ['~/a']));
    const { json } = await request(headers, 'GET', '/v1/config');
    expect(json.map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  test('PUT answers 204 without a body, replaces everything and moves only `updated`', async () => {
    const { headers } = await newUser(dotsync.server);
    const id = await newConfig(dotsync.server, headers, ['~/a', '~/b'], GIT);
    const created = dotsync.opened.clock.now();
    dotsync.opened.clock.advance(5000);
    const put = await request(headers, 'PUT', `/v1/config/${id}`, { files: ['~/c'] });
    expect([put.status, put.text]).toEqual([204, '']);
    const { json } = await request(headers, 'GET', `/v1/config/${id}`);
    expect(json).toEqual({ id, git: null, files: ['~/c'], created, updated: created + 5000 });

    const git = { https: 'https://example.org/x', ssh: null, branch: 'main', credentials: null };
    await request(headers, 'PUT', `/v1/config/${id}`, { id, git, files: [] });
    expect((await request(headers, 'GET', `/v1/config/${id}`)).json).toMatchObject({ git, files: [], created });
  });

  test('PUT takes back what GET gave, and changes nothing but `updated`', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    await store(dotsync.server, headers, id, { '~/a': 'a' });
    const before = (await request(headers, 'GET', `/v1/config/${id}`)).json;
    dotsync.opened.clock.advance(7);
    expect((await request(headers, 'PUT', `/v1/config/${id}`, before)).status).toBe(204);
    const after = (await request(headers, 'GET', `/v1/config/${id}`)).json;
    expect(after).toEqual({ ...before, updated: before.updated + 7 });
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({ '~/a': 'a' });
  });

  test.each([
    ['another id', randomUUID()],
    ['null', null],
    ['a number', 1],
    ['an object', { $ne: '' }],
  ])('PUT with %s as its id is 400 and changes nothing', async (_, other) => {
    const { headers, id } = await userWith(dotsync.server, ['~/a']);
    const answer = await request(headers, 'PUT', `/v1/config/${id}`, { id: other, files: [] });
    expect([answer.status, answer.json]).toEqual([400, { error: expect.stringMatching(/^id: /), code: 'id_invalid' }]);
    expect((await request(headers, 'GET', `/v1/config/${id}`)).json.files).toEqual(['~/a']);
  });

  test('PUT that removes a path removes its content, and leaves the others', async () => {
    const { account, headers, id } = await userWith(dotsync.server, ['~/a', '~/b', '~/c']);
    await store(dotsync.server, headers, id, { '~/a': 'a', '~/b': 'b', '~/c': 'c' });
    await request(headers, 'PUT', `/v1/config/${id}`, { files: ['~/c', '~/new', '~/a'] });
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({ '~/c': 'c', '~/a': 'a' });
    expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(2);
  });

  test('a path that is listed again starts empty', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    await store(dotsync.server, headers, id, { '~/a': 'secret', '~/b': 'b' });
    await request(headers, 'PUT', `/v1/config/${id}`, { files: ['~/b'] });
    await request(headers, 'PUT', `/v1/config/${id}`, { files: ['~/a', '~/b'] });
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({ '~/b': 'b' });
    await store(dotsync.server, headers, id, { '~/a': 'new' });
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({ '~/a': 'new', '~/b': 'b' });
  });

  test('contents of one config are not those of another that tracks the same path', async () => {
    const { headers, id } = await userWith(dotsync.server, ['~/a']);
    const other = await newConfig(dotsync.server, headers, ['~/a']);
    await store(dotsync.server, headers, id, { '~/a': 'one' });
    expect(await contentsOf(dotsync.server, headers, other)).toEqual({});
    await store(dotsync.server, headers, other, { '~/a': 'two' });
    expect((await request(headers, 'DELETE', `/v1/config/${other}`)).status).toBe(204);
    expect(await contentsOf(dotsync.server, headers, id)).toEqual({ '~/a': 'one' });
  });

  test('DELETE answers 204 without a body, ends the config with its contents, and is 404 the second time', async () => {
    const { account, headers, id } = await userWith(dotsync.server, ['~/a', '~/b']);
    await store(dotsync.server, headers, id, { '~/a': 'a', '~/b': 'b' });
    const answer = await request(headers, 'DELETE', `/v1/config/${id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await stored(dotsync, 'dotsync_files', account.user_id)).toBe(0);
    expect(await stored(dotsync, 'dotsync_configs', account.user_id)).toBe(0);
    expect((await request(headers, 'GET', '/v1/config')).json).toEqual([]);
    expect((await sync(dotsync.server, headers)).lines).toHaveLength(1);
    for (const [method, path] of [
      ['DELETE', `/v1/config/${id}`],
      ['GET', `/v1/config/${id}`],
      ['PUT', `/v1/config/${id}`],
      ['POST', `/v1/sync/${id}`],
    ] as const) {
      const gone = await request(headers, method, path, method === 'PUT' ? { files: [] } : undefined);
      expect([method, gone.status, gone.json.code]).toEqual([method, 404, 'config_not_found']);
    }
  });

  test('of another account, unknown ones and what is no id are one and the same 404', async () => {
    const ann = await userWith(dotsync.server, ['~/a']);
    await store(dotsync.server, ann.headers, ann.id, { '~/a': 'a' });
    const { headers } = await newUser(dotsync.server);
    const answers = new Set<string>();
    const ids = [
      ann.id,
      randomUUID(),
      ann.id.toUpperCase(),
      'x',
      '0',
      '%00',
      '%7B%7D',
      'é',
      'a'.repeat(3000),
      '%F0%9F%98%80',
    ];
    for (const id of ids) {
      for (const [method, path, body] of [
        ['GET', '/v1/config/', undefined],
        ['PUT', '/v1/config/', { files: ['~/x'] }],
        ['DELETE', '/v1/config/', undefined],
        ['POST', '/v1/sync/', undefined],
        ['POST', '/v1/sync/', { files: [] }],
      ] as const) {
        const answer = await request(headers, method, path + id, body);
        expect([method, path + id, answer.status]).toEqual([method, path + id, 404]);
        answers.add(answer.text);
      }
    }
    expect([...answers]).toEqual(['{"error":"there is no such config","code":"config_not_found"}']);
    expect((await request(headers, 'GET', '/v1/config')).json).toEqual([]);
    expect(await contentsOf(dotsync.server, ann.headers, ann.id)).toEqual({ '~/a': 'a' });
  });

  test('PUT never makes a config', async () => {
    const { headers } = await newUser(dotsync.server);
    expect((await request(headers, 'PUT', `/v1/config/${randomUUID()}`, { files: [] })).status).toBe(404);
    expect((await request(headers, 'GET', '/v1/config')).json).toEqual([]);
  });
});

// A MongoDB server for tests may read a whole collection for each request: a thousand documents would slow down all the others.
forEachEngine(
  'configs',
  engine => {
    const dotsync = sharedServer(engine);
    const request = requestsTo(dotsync);

    test('are at most 1000 of one account: then one has to be deleted first', async () => {
      const { account, headers } = await newUser(dotsync.server);
      await newConfig(dotsync.server, headers, ['~/a']);
      await copyConfig(dotsync, account.user_id, 999);
      const answer = await request(headers, 'POST', '/v1/config', { files: [] });
      expect([answer.status, answer.json]).toEqual([
        409,
        { error: expect.stringContaining('at most 1000 configs'), code: 'too_many_configs' },
      ]);
      const found = (await request(headers, 'GET', '/v1/file/a')).json;
      expect(found).toHaveLength(1000);
      await request(headers, 'DELETE', `/v1/config/${found[0]}`);
      await newConfig(dotsync.server, headers, []);
      await newConfig(dotsync.server, (await newUser(dotsync.server)).headers, []);
    });
  },
  ['embedded'],
);
