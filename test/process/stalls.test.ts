import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { test } from '../support/process.ts';
import { type Sender, STRANGER, WatchedServer } from './watched-server.ts';

const MEBIBYTE = 1_048_576;
const LONG = { timeout: 120_000 };

/** `count` items as JSON, with commas between them. */
const many = (count: number, item: (i: number) => string) => Array.from({ length: count }, (_, i) => item(i)).join();
const brackets = (count: number) => '['.repeat(count) + ']'.repeat(count);

forEachEngine('nobody waits long while somebody', engine => {
  test('sends JSON of brackets or of very many values', LONG, async ({ program, annotate }) => {
    const watched = await WatchedServer.start(program, engine, annotate);
    const post = (path: string, body: string | Uint8Array) => ({ method: 'POST', path, body });
    const gzip: Sender = { 'Content-Encoding': 'gzip' };
    const nested = `{"login":${brackets(1_000_000)}}`;
    const small = `{"username":${brackets(8_000)}}`;
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const refused = async (what: string, path: string, body: string | Uint8Array, sender: Sender = STRANGER) =>
      expect([400, 401, 413, 415], what).toContain(await watched.hold(what, post(path, body), sender));
    await refused('brackets of a stranger', '/api/client/pair', nested);
    await refused('brackets of a stranger, zipped', '/api/client/pair', gzipSync(nested), gzip);
    await refused('a form of a stranger', '/api/v1/auth/confirm', 'a=b&'.repeat(500_000), form);
    for (const path of ['/register', '/token', '/api/v1/auth/token', '/api/v1/auth/login', '/admin/login']) {
      await refused(`16 KB of brackets at ${path}`, path, small, { 'Content-Type': 'application/json' });
    }

    const ann = await watched.account('ann');
    const inside = (name: string, count: number) => `{"${name}":${brackets(count)}}`;
    const wide = (name: string, count: number) => `{"${name}":[${'{},'.repeat(count)}{}]}`;
    await refused('16 MB of brackets', '/api/v1/punches/upload', inside('punches', 8_000_000), ann);
    const zipped = gzipSync(inside('punches', 8_000_000));
    await refused('16 MB of brackets, zipped', '/api/v1/punches/upload', zipped, { ...ann, ...gzip });
    await refused('5,000,000 empty punches', '/api/v1/punches/upload', wide('punches', 5_000_000), ann);
    await refused('5,000,000 empty files', '/v1/sync', wide('files', 5_000_000), ann);
    const store = '/user/me/store/key';
    await refused('a value of brackets', store, inside('value', 500_000), ann);
    const value = `{"value":[${many(340_000, () => '-0')}]}`;
    expect(await watched.hold('a value of 340,000 numbers', post(store, value), ann)).toBe(200);
    const names = `{"value":{${many(90_000, i => `"${i.toString(36)}":1`)}}}`;
    expect(await watched.hold('a value of 90,000 names', post(store, names), ann)).toBe(200);
  });

  test('syncs very many paths', LONG, async ({ program, annotate }) => {
    const watched = await WatchedServer.start(program, engine, annotate);
    const ann = await watched.account('ann');
    const paths = (count: number) => `{"files":[${many(count, i => `{"path":"${i.toString(36)}"}`)}]}`;
    const sync = (count: number) => ({ method: 'POST', path: '/v1/sync', body: paths(count) });
    expect(await watched.hold('a sync of 800,000 paths', sync(800_000), ann)).toBe(413);
    expect(await watched.hold('a sync of 400,000 paths', sync(400_000), ann)).toBe(413);
    expect(await watched.hold('a sync of 100,000 paths', sync(100_000), ann)).toBe(200);
  });
});

// To store so much takes MongoDB longer than a test may take. Slices are taken above the engines.
forEachEngine(
  'nobody waits long where much is stored while somebody',
  engine => {
    test('looks for a file in all configs there can be', LONG, async ({ program, annotate }) => {
      const watched = await WatchedServer.start(program, engine, annotate);
      const ann = await watched.account('ann');
      const files = Array.from({ length: 1000 }, (_, i) => `~/.config/some/folder/file-${i}`);
      expect((await watched.server.request('POST', '/v1/config', { files }, ann)).status).toBe(201);
      await watched.copy('dotsync_configs', 999, i => ({ id: randomUUID(), seq: 1_000_000 + i }));
      const look = { method: 'GET', path: '/v1/file/file-999' };
      expect(await watched.hold('a file in 1,000 configs', look, ann)).toBe(200);
      expect(await watched.hold('a list of 1,000 configs', { method: 'GET', path: '/v1/config' }, ann)).toBe(200);
    });

    test('pushes very many events against thousands of rules', LONG, async ({ program, annotate }) => {
      const admin = { ADMIN_USERNAME: 'root', ADMIN_PASSWORD: 'admin-secret' };
      const watched = await WatchedServer.start(program, engine, annotate, admin);
      const login = async (username: string, password: string) => {
        const { json } = await watched.server.request('POST', '/api/v1/auth/token', { username, password });
        return { Authorization: `Bearer ${json.token}` };
      };
      const root = await login('root', 'admin-secret');
      const eve = { uuid: 'eve', username: 'eve', password: 's3cret' };
      expect((await watched.server.request('POST', '/api/v1/admin/users', eve, root)).status).toBe(201);
      const member = await login('eve', 's3cret');
      const rules = Array.from({ length: 5000 }, (_, i) => ({
        user: i % 2 ? '*' : 'eve',
        item: i % 3 ? `i${i}` : `i${i}*`,
        action: i % 5 ? 'never*' : 'x',
        allow: false,
      }));
      rules.push({ user: '*', item: '*', action: '*', allow: true });
      const acl = { method: 'PUT', path: '/api/v1/acl', body: { rules } };
      expect(await watched.hold('5,001 rules', acl, root)).toBe(204);
      const events = many(10_000, i => `{"uuid":"${i.toString(36)}","timestamp":1,"itemUuid":"i","action":"a"}`);
      const push = { method: 'POST', path: '/api/v1/events', body: `[${events}]` };
      expect(await watched.hold('10,000 events', push, member)).toBe(200);
      expect(await watched.hold('the same again', push, member)).toBe(200);
      const fields = many(400_000, () => '"a":1');
      const body = `[{"uuid":"w","timestamp":1,"itemUuid":"i","action":"a",${fields}}]`;
      expect(await watched.hold('an event of 400,000 fields', { ...push, body }, member)).toBe(200);
    });

    test('uploads, lists, downloads and deletes very many punches', LONG, async ({ program, annotate }) => {
      const watched = await WatchedServer.start(program, engine, annotate);
      const ann = await watched.account('ann');
      const idOf = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
      const punch = (i: number, comment = 'weeds') => ({
        ...{ id: idOf(i), project: 'garden', in: 1_000, out: 2_000, rate: 50, created: 1_000, updated: 3_000 },
        comments: [{ comment, timestamp: 1_500 }],
      });
      const punches = (way: string, body: unknown) => ({ method: 'POST', path: `/api/v1/punches/${way}`, body });
      const few = { punches: Array.from({ length: 3_000 }, (_, i) => punch(i)) };
      expect(await watched.hold('an upload of 3,000', punches('upload', few), ann)).toBe(204);
      const large = { punches: Array.from({ length: 16 }, (_, i) => punch(3_000 + i, 'x'.repeat(MEBIBYTE - 1000))) };
      expect(await watched.hold('an upload of 16 MiB', punches('upload', large), ann)).toBe(204);
      await watched.copy('punches', 27_000, i => ({ id: idOf(10_000 + i) }));
      const manifest = { method: 'GET', path: '/api/v1/punches/manifest' };
      expect(await watched.hold('a manifest of 30,000', manifest, ann)).toBe(200);
      const ids = Array.from({ length: 30_000 }, (_, i) => idOf(10_000 + i));
      expect(await watched.hold('a download of 30,000', punches('download', { ids }), ann)).toBe(200);
      const some = { ids: ids.slice(0, 5_000) };
      expect(await watched.hold('a deletion of 5,000', punches('delete', some), ann)).toBe(204);
    });

    test('lists very many keys, and leaves with all of them', LONG, async ({ program, annotate }) => {
      const watched = await WatchedServer.start(program, engine, annotate);
      const ann = await watched.account('ann');
      const key = { value: 'x'.repeat(MEBIBYTE - 1000) };
      expect((await watched.server.request('POST', '/user/me/store/large', key, ann)).status).toBe(200);
      await watched.copy('store', 200, i => ({ key: `large_${i}` }));
      await watched.copy('store', 50_000, i => ({ key: `key_${i}`, value: 'value' }));
      expect(await watched.hold('a list of 50,201 keys', { method: 'GET', path: '/user/me/keys' }, ann)).toBe(200);
      const leave = { method: 'DELETE', path: '/unregister', body: { username: 'ann', password: 's3cret' } };
      expect(await watched.hold('leaving with 50,201 keys', leave, STRANGER)).toBe(200);
    });

    test('pushes to what others changed very often, or pulls as much as fits', LONG, async ({ program, annotate }) => {
      const watched = await WatchedServer.start(program, engine, annotate);
      await watched.server.register('ann', 'correct horse');
      const pair = async (device_name: string) => {
        const login = { login: 'ann', password: 'correct horse', device_name, client_version: '1', vault_id: 'vault' };
        const { json } = await watched.server.request('POST', '/api/client/pair', login);
        return { Authorization: `Bearer ${json.device_token}` };
      };
      const [desk, laptop] = [await pair('desk'), await pair('laptop')];
      const operation = (payload_json: string) => ({
        ...{ op_id: randomUUID(), entity_type: 'note', entity_id: 'hot', op_type: 'update', payload_json },
        ...{ client_sequence: 1, last_seen_server_seq: 1, created_at: '2026-01-02T03:04:05Z' },
      });
      const push = (ops: unknown[]) => ({ method: 'POST', path: '/api/v1/sync/push', body: { device_id: 'x', ops } });
      const long = `[${many(65_000, () => '"a"')}]`;
      expect(await watched.hold('a long payload', push([operation(long)]), desk)).toBe(200);
      const named = (i: number) => ({ op_hash: randomUUID(), op_id: randomUUID(), sequence: i + 2 });
      const stored = (i: number, payload_json: string) => {
        const { op_id, ...rest } = named(i);
        const json = JSON.stringify({ server_sequence: rest.sequence, ...operation(payload_json), op_id });
        return { json, op_id, ...rest };
      };
      await watched.copy('verstak_operations', 100, i => stored(i, long));
      const pull = { method: 'POST', path: '/api/v1/sync/pull', body: { since_sequence: 0 } };
      expect(await watched.hold('a pull of long payloads', pull, laptop)).toBe(200);
      await watched.copy('verstak_operations', 30_000, i => stored(100 + i, '1'));
      const hundred = Array.from({ length: 100 }, () => operation('1'));
      expect(await watched.hold('conflicts with 30,000', push(hundred), laptop)).toBe(200);
      const deep = Array.from({ length: 100 }, () => operation(brackets(10_000)));
      expect([200, 400]).toContain(await watched.hold('payloads of brackets', push(deep), laptop));
    });

    test('looks through all accounts and devices', LONG, async ({ program, annotate }) => {
      const admin = { ADMIN_USERNAME: 'root', ADMIN_PASSWORD: 'admin-secret' };
      const watched = await WatchedServer.start(program, engine, annotate, admin);
      const { server } = watched;
      await server.register('ann', 'correct horse');
      const login = {
        login: 'ann',
        password: 'correct horse',
        device_name: 'desk',
        client_version: '1',
        vault_id: 'v',
      };
      expect((await server.request('POST', '/api/client/pair', login)).status).toBe(200);
      const type = { 'Content-Type': 'application/json' };
      const entered = await server.request(
        'POST',
        '/admin/login',
        { username: 'root', password: 'admin-secret' },
        type,
      );
      const cookies = entered.headers.getSetCookie().map(cookie => cookie.split(';')[0]);
      const root = { Cookie: cookies.join('; ') };
      const isAnn = ({ username }: { username: string }) => username === 'ann';
      await watched.copy('users', 15_000, i => ({ user_id: randomUUID(), username: `user ${i % 9973} ${i}` }), isAnn);
      await watched.copy('verstak_devices', 10_000, () => ({ device_id: `dev_${randomUUID()}`, hash: randomUUID() }));
      for (const path of [
        'users?sort=username',
        'users?sort=devices',
        'users?filter=ser',
        'devices',
        'keys',
        'stats',
      ]) {
        const look = { method: 'GET', path: `/admin/api/${path}` };
        expect(await watched.hold(path, look, root)).toBe(200);
      }
    });
  },
  ['embedded'],
);
