import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Log } from '../../src/base/log.ts';
import { createAccount, unregister } from '../../src/core/accounts/accounts.ts';
import { dotfileSets } from '../../src/core/dotfiles/read.ts';
import { actionNames, type FilterName, filterKinds, type Hooks } from '../../src/core/plugins/hooks.ts';
import { refuse } from '../../src/plugin/index.ts';
import { allOrFirst, forEachEngine } from '../support/engines.ts';
import { newName, newUser, openServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';

const PASSWORD = 'correct horse';

/** Something that calls a filter, through its API: what the API answers, and what is stored then. */
interface Drive {
  readonly filter: FilterName;
  /** Sends it; returns status and code. */
  send(at: Someone): Promise<{ status: number; code: string | undefined }>;
  /** What is there afterwards. */
  stored(at: Someone): Promise<unknown>;
  /** What is there when nothing was stored. */
  readonly nothing: unknown;
}

interface Someone {
  readonly server: TestServer;
  readonly headers: Record<string, string>;
  readonly username: string;
  readonly jwt: Record<string, string>;
  readonly device: Record<string, string>;
  readonly config: string;
  readonly account: string;
}

const id = randomUUID();
const punch = { id, project: 'garden', in: 1000, out: 2000, rate: 1, comments: [], created: 1, updated: 2 };
const operation = {
  op_id: 'one',
  entity_type: 'note',
  entity_id: 'a.md',
  op_type: 'create',
  payload_json: '{"a":1}',
  client_sequence: 1,
  last_seen_server_seq: 0,
  created_at: '2026-01-02T03:04:05Z',
};
const event = { uuid: 'e1', timestamp: 5, userUuid: 'u', itemUuid: 'i', action: 'create', payload: '{}' };

async function ask(at: Someone, method: string, path: string, body: unknown, headers: Record<string, string>) {
  const { status, json } = await at.server.request(method, path, body, headers);
  return { status, code: json?.code as string | undefined };
}

const upload = (at: Someone) => ask(at, 'POST', '/api/v1/punches/upload', { punches: [punch] }, at.headers);
const punches = async ({ server, headers }: Someone) =>
  (await server.request('GET', '/api/v1/punches/manifest', undefined, headers)).json;
const setKey = (at: Someone) => ask(at, 'POST', '/user/me/store/a', { value: 'x' }, at.headers);
const keys = async ({ server, headers }: Someone) =>
  (await server.request('GET', '/user/me/keys', undefined, headers)).json;

const drives: readonly Drive[] = [
  { filter: 'punches.upload', send: upload, stored: punches, nothing: {} },
  { filter: 'entries.set', send: setKey, stored: keys, nothing: { keys: [] } },
  {
    filter: 'dotsync.sync',
    send: at =>
      ask(at, 'POST', `/v1/sync/${at.config}`, { files: [{ path: '~/.vimrc', content: 'YQ==' }] }, at.headers),
    stored: async ({ server, account }) => {
      const copies: unknown[] = [];
      for await (const { files } of dotfileSets(server.core, account))
        copies.push(...files.flatMap(({ copy }) => copy ?? []));
      return copies;
    },
    nothing: [],
  },
  {
    filter: 'events.push',
    send: at => ask(at, 'POST', '/api/v1/events', [event], at.jwt),
    stored: async ({ server, jwt }) => (await server.request('GET', '/api/v1/events', undefined, jwt)).json,
    nothing: [],
  },
  {
    filter: 'verstak.push',
    send: at => ask(at, 'POST', '/api/v1/sync/push', { ops: [operation] }, at.device),
    stored: async ({ server, device }) => (await server.request('POST', '/api/v1/sync/pull', {}, device)).json.ops,
    nothing: [],
  },
  {
    filter: 'accounts.register',
    send: at => ask(at, 'POST', '/register', { username: 'newcomer', password: PASSWORD }, {}),
    stored: async ({ server }) =>
      (await server.request('POST', '/token', { username: 'newcomer', password: PASSWORD })).status,
    nothing: 403,
  },
];

forEachEngine('a plugin', engine => {
  const logged: string[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn: (_, message) => void logged.push(message),
    error: (_, message) => void logged.push(message),
  };

  async function someone(plugins: Record<string, Hooks>): Promise<Someone> {
    const { server } = await openServer(engine, { plugins, log });
    const username = newName();
    const { headers, account } = await newUser(server, { username, password: PASSWORD, simple_sync: true });
    const login = { username, password: PASSWORD };
    const { token } = (await server.request('POST', '/api/v1/auth/token', login)).json;
    const pair = { login: username, password: PASSWORD, device_name: 'desk', client_version: '1', vault_id: 'v' };
    const paired = (await server.request('POST', '/api/client/pair', pair)).json;
    const made = (await server.request('POST', '/v1/config', { files: ['~/.vimrc'] }, headers)).json;
    return {
      server,
      headers,
      username,
      jwt: { Authorization: `Bearer ${token}` },
      device: { Authorization: `Bearer ${paired.device_token}` },
      config: made.id,
      account: account.user_id,
    };
  }

  const only = (filter: FilterName, run: (event: never) => unknown): Record<string, Hooks> => ({
    tester: { filter: { [filter]: run } as Hooks['filter'] },
  });

  it.each(drives)('refuses what $filter has, with its sentence and code, and nothing is stored', async drive => {
    const at = await someone(only(drive.filter, () => refuse('not on Sundays', { code: 'sunday' })));
    expect(await drive.send(at)).toEqual({ status: 422, code: 'sunday' });
    expect(await drive.stored(at)).toEqual(drive.nothing);
  });

  it.each(allOrFirst(engine, drives))(
    'that fails at $filter is a 500 with a line in the log, and nothing is stored',
    async drive => {
      const at = await someone(
        only(drive.filter, () => {
          throw new Error('broken');
        }),
      );
      logged.length = 0;
      expect(await drive.send(at)).toEqual({ status: 500, code: 'plugin_failed' });
      expect(logged).toContain('plugin tester failed');
      expect(await drive.stored(at)).toEqual(drive.nothing);
    },
  );

  it.each(allOrFirst(engine, drives))('that gives back rubbish at $filter stores nothing', async drive => {
    let rubbish: unknown;
    const at = await someone(only(drive.filter, () => rubbish));
    for (rubbish of [7, 'text', null, [[]], [{ id: 'invented' }]]) {
      expect([rubbish, await drive.send(at)]).toEqual([rubbish, { status: 500, code: 'plugin_failed' }]);
      expect(await drive.stored(at)).toEqual(drive.nothing);
    }
  });

  it.each(allOrFirst(engine, drives))('that gives back nothing at $filter changes nothing', async drive => {
    const [with_, without] = [await someone(only(drive.filter, () => undefined)), await someone({})];
    expect((await drive.send(with_)).status).toBe((await drive.send(without)).status);
    expect(await drive.stored(with_)).not.toEqual(drive.nothing);
  });

  it('gets what the one before made of it, and what it makes is stored', async () => {
    const seen: unknown[] = [];
    const add = (text: string): Hooks => ({
      filter: {
        'entries.set': ({ key, value, account, client, request_id, at }) => {
          seen.push([key, value, account.username, client, typeof request_id, at instanceof Date]);
          return { value: `${value}${text}` };
        },
      },
    });
    const at = await someone({ first: add('1'), second: add('2') });
    await setKey(at);
    expect((await at.server.request('GET', '/user/me/store/a', undefined, at.headers)).json).toEqual({ value: 'x12' });
    expect(seen).toEqual([
      ['a', 'x', at.username, 'default', 'string', true],
      ['a', 'x1', at.username, 'default', 'string', true],
    ]);
  });

  it('changes punches, fewer of them, and invents none', async () => {
    const round: Hooks = {
      filter: {
        'punches.upload': ({ punches }) => punches.slice(0, 1).map(given => ({ ...(given as object), rate: 99 })),
      },
    };
    const at = await someone({ round });
    const other = { ...punch, id: randomUUID() };
    await ask(at, 'POST', '/api/v1/punches/upload', { punches: [punch, other] }, at.headers);
    expect(Object.keys(await punches(at))).toEqual([id]);
    const got = await at.server.request('POST', '/api/v1/punches/download', { ids: [id] }, at.headers);
    expect(got.json.punches).toEqual([{ ...punch, rate: 99 }]);
    const invent = await someone(only('punches.upload', () => [{ ...punch, id: randomUUID() }]));
    expect((await upload(invent)).code).toBe('plugin_failed');
    const invalid = await someone(only('punches.upload', () => [{ ...punch, project: '' }]));
    expect((await upload(invalid)).code).toBe('plugin_failed');
  });

  it('leaves numbers that are longer than those of JavaScript as they are, where it does not change a punch', async () => {
    const at = await someone(only('punches.upload', (given: { punches: unknown[] }) => given.punches));
    const body = `{"punches":[${JSON.stringify(punch).slice(0, -1)},"own":12345678901234567890.10}]}`;
    await at.server.request('POST', '/api/v1/punches/upload', body, at.headers);
    const got = await at.server.request('POST', '/api/v1/punches/download', { ids: [id] }, at.headers);
    expect(got.text).toContain('"own":12345678901234567890.10');
  });

  it('keeps punches from being given out and from being deleted', async () => {
    const none: Hooks = { filter: { 'punches.download': () => [], 'punches.delete': () => ({ ids: [] }) } };
    const at = await someone({ none });
    await upload(at);
    await ask(at, 'POST', '/api/v1/punches/delete', { ids: [id] }, at.headers);
    expect(Object.keys(await punches(at))).toEqual([id]);
    expect((await at.server.request('POST', '/api/v1/punches/download', { ids: [id] }, at.headers)).json).toEqual({
      punches: [],
    });
  });

  it('gives an entry a time to live, and another key to delete', async () => {
    const hooks: Hooks = { filter: { 'entries.set': () => ({ ttl: 60 }), 'entries.delete': () => ({ key: 'b' }) } };
    const at = await someone({ hooks });
    await setKey(at);
    expect((await ask(at, 'DELETE', '/user/me/store/a', undefined, at.headers)).status).toBe(404);
    at.server.clock.advance(60_000);
    expect(await keys(at)).toEqual({ keys: [] });
  });

  it('changes payloads of operations, and neither their order nor their ids', async () => {
    const at = await someone(
      only('verstak.push', ({ ops }: { ops: object[] }) =>
        ops.map(op => ({ ...op, payload_json: '{"b":2}', op_type: 'x' })),
      ),
    );
    expect((await at.server.request('POST', '/api/v1/sync/push', { ops: [operation] }, at.device)).status).toBe(200);
    const { ops } = (await at.server.request('POST', '/api/v1/sync/pull', {}, at.device)).json;
    expect(ops).toMatchObject([{ op_id: 'one', op_type: 'create', payload_json: '{"b":2}' }]);
    let wrong: unknown[] = [];
    const other = await someone(only('verstak.push', () => wrong));
    for (wrong of [
      [],
      [operation, operation],
      [{ ...operation, op_id: 'two' }],
      [{ ...operation, payload_json: '{' }],
    ]) {
      const { json } = await other.server.request('POST', '/api/v1/sync/push', { ops: [operation] }, other.device);
      expect(json.code).toBe('plugin_failed');
    }
  });

  it('that hears nothing more within five seconds is a 503, and nothing is stored', async () => {
    const at = await someone(only('entries.set', () => new Promise(() => {})));
    expect(await setKey(at)).toEqual({ status: 503, code: 'plugin_timeout' });
    expect(await keys(at)).toEqual({ keys: [] });
  });

  it('is told of everything that happened, in order, and never more than ids and sizes', async () => {
    const told: [string, Record<string, unknown>][] = [];
    const action = Object.fromEntries(
      actionNames.map(name => [name, (event: Record<string, unknown>) => void told.push([name, event])]),
    );
    const at = await someone({ all: { action } as Hooks });
    const { server } = at;
    for (const drive of drives) await drive.send(at);
    await ask(at, 'POST', '/api/v1/punches/delete', { ids: [id] }, at.headers);
    await ask(at, 'DELETE', '/user/me/store/a', undefined, at.headers);
    const gone = await createAccount(server.core, { username: newName(), password: PASSWORD });
    await unregister(server.core, gone);
    await server.core.background.idle();
    await server.core.plugins.close();
    expect([...new Set(told.map(([name]) => name))].sort()).toEqual([...actionNames].sort());
    const by = (name: string) => told.filter(([hook]) => hook === name).map(([, event]) => event);
    expect(by('punches.uploaded')).toMatchObject([
      { ids: [id], client: 'default', account: { username: at.username } },
    ]);
    expect(by('entries.set')).toMatchObject([{ key: 'a', size: 1 }]);
    expect(by('dotsync.synced')[0]).toMatchObject({ files: [{ path: '~/.vimrc', status: 'stored' }] });
    expect(by('verstak.pushed')).toMatchObject([{ vault: 'v', ids: ['one'], client: expect.stringMatching(/^dev_/) }]);
    expect(by('events.pushed')).toMatchObject([{ ids: ['e1'] }]);
    expect(by('accounts.registered')).toMatchObject([{ username: 'newcomer' }]);
    expect(by('accounts.erased')).toMatchObject([{ account: { username: gone.username } }]);
    const text = JSON.stringify(told);
    for (const secret of [
      PASSWORD,
      ...[at.headers, at.device, at.jwt].map(({ Authorization = '' }) => Authorization.slice(7)),
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  it('has actions that neither delay nor change an answer, and whose failures others do not notice', async () => {
    const done: string[] = [];
    let release = () => {};
    const gate = new Promise<void>(resolve => {
      release = resolve;
    });
    const slow: Hooks = {
      action: {
        'entries.set': async ({ key }) => {
          if (key === 'first') await gate;
          if (key === 'second') throw new Error('broken');
          done.push(key);
        },
      },
    };
    const at = await someone({ slow });
    for (const key of ['first', 'second', 'third']) {
      expect((await ask(at, 'POST', `/user/me/store/${key}`, { value: 1 }, at.headers)).status).toBe(200);
    }
    const other = await newUser(at.server);
    expect((await ask(at, 'POST', '/user/me/store/elsewhere', { value: 1 }, other.headers)).status).toBe(200);
    await at.server.core.background.idle();
    await new Promise(resolve => setImmediate(resolve));
    expect(done).toEqual(['elsewhere']);
    release();
    await at.server.core.plugins.close();
    expect(done).toEqual(['elsewhere', 'first', 'third']);
    expect(at.server.core.plugins.counts.get('slow')).toMatchObject({ calls: 4, failures: 1 });
  });

  it('misses the oldest actions when more than a thousand wait', async () => {
    const done: number[] = [];
    let release = () => {};
    const gate = new Promise<void>(resolve => {
      release = resolve;
    });
    const at = await someone({
      slow: { action: { 'entries.set': async ({ size }) => gate.then(() => void done.push(size)) } },
    });
    const { plugins } = at.server.core;
    const subject = { id: 'x', username: 'x' };
    for (let size = 0; size <= 1002; size++) plugins.happened('entries.set', subject, { key: 'k', size });
    await new Promise(resolve => setImmediate(resolve));
    release();
    await plugins.close();
    expect(done.length).toBeLessThanOrEqual(1001);
    expect(done.at(-1)).toBe(1002);
    expect(logged.some(line => line.includes('was dropped'))).toBe(true);
  });

  it('names no filter twice, and every filter that there is has a test here', () => {
    const driven = [...drives.map(({ filter }) => filter), 'punches.delete', 'punches.download', 'entries.delete'];
    expect(driven.sort()).toEqual(Object.keys(filterKinds).sort());
  });
});
