import { expect, test } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { entriesSpec } from '../../../src/core/collections.ts';
import type { CollectionSpec } from '../../../src/storage/port.ts';
import { rawRequest } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openServer, sharedServer } from '../../support/served.ts';
import { accountOf, newUser, sharedUser } from './open-keybin.ts';

const KEYS = ['z', 'Z', 'a', 'a.', 'a,', 'a_', 'aa', 'aZ', 'a0', '_', '.', '..', ',', '0', '10', '9', 'B', 'b'];

forEachEngine('GET /user/<token>/keys', engine => {
  const keybin = sharedServer(engine);
  const nobody = sharedUser(keybin);

  async function userWith(keys: readonly string[]) {
    const user = await newUser(keybin.server);
    const { user_id } = await accountOf(keybin, user.login.username);
    const entries = keybin.opened.storage.collection(entriesSpec);
    for (let at = 0; at < keys.length; at += 50) {
      await Promise.all(keys.slice(at, at + 50).map(key => entries.insert({ user_id, key, value: '' })));
    }
    return user;
  }
  const list = async (path: string, query = '') => keybin.server.request('GET', `${path}/keys${query}`);

  test('is empty for an account without keys', async () => {
    const { path } = await newUser(keybin.server);
    const answer = await list(path);
    expect([answer.status, answer.text]).toEqual([200, '{"keys":[]}']);
    expect((await list(path, '?limit=5')).text).toBe('{"keys":[]}');
    expect((await list(path, '?prefix=a')).text).toBe('{"keys":[]}');
  });

  test('lists by byte order, each key once, as they are written and deleted', async () => {
    const { path } = await newUser(keybin.server);
    const body = JSON.stringify({ value: 1 });
    for (const key of [...KEYS, 'a', 'z']) {
      await rawRequest(keybin.server.url, { method: 'POST', path: `${path}/store/${key}`, body });
    }
    expect((await list(path)).json).toEqual({ keys: KEYS.toSorted() });
    await keybin.server.request('DELETE', `${path}/store/aa`);
    expect((await list(path)).json.keys).toEqual(KEYS.filter(key => key !== 'aa').toSorted());
  });

  test('filters by prefix', async () => {
    const { path } = await userWith(KEYS);
    for (const prefix of [
      '',
      'a',
      'a.',
      'a,',
      'aa',
      'aaa',
      'z',
      'Z',
      '.',
      '..',
      '_',
      ',',
      'nothing',
      'k'.repeat(1024),
    ]) {
      const { status, json } = await list(path, `?prefix=${encodeURIComponent(prefix)}`);
      expect([prefix, status, json]).toEqual([
        prefix,
        200,
        { keys: KEYS.filter(k => k.startsWith(prefix)).toSorted() },
      ]);
    }
  });

  test('lists complete without limit, however many there are', async () => {
    const count = engine.name === 'embedded' ? 4500 : 1100;
    const keys = Array.from({ length: count }, (_, i) => `key.${i}`);
    const { path } = await userWith(keys);
    const all = await list(path);
    expect(all.status).toBe(200);
    expect(all.headers.get('Content-Type')).toMatch(/^application\/json/);
    expect(Object.keys(all.json)).toEqual(['keys']);
    expect(all.json.keys).toEqual(keys.toSorted());
    expect((await list(path, '?prefix=key.1')).json).toEqual({
      keys: keys.filter(k => k.startsWith('key.1')).toSorted(),
    });
    expect((await list(path, '?limit=1000')).json).toEqual({
      keys: keys.toSorted().slice(0, 1000),
      cursor: expect.any(String),
    });
    expect((await keybin.server.request('HEAD', `${path}/keys`)).status).toBe(200);
  });

  test.each([
    '0',
    '-1',
    '1001',
    '1.5',
    '1e2',
    '',
    '%201',
    '+1',
    '0x5',
    'x',
    'NaN',
    '99999999999999999999',
    '1&limit=2',
    '5%00',
  ])('refuses limit=%s with 400', async limit => {
    const { path } = await newUser(keybin.server);
    const answer = await list(path, `?limit=${limit}`);
    expect([answer.status, answer.json.code]).toEqual([400, 'limit_invalid']);
  });

  test.each(['!', 'a%20b', 'a%0A', '%00', 'a%2Fb', '%C3%A9', '%FF', '%zz', '$', 'k'.repeat(1025), 'a&prefix=b', '*'])(
    'refuses prefix=%s with 400',
    async prefix => {
      const answer = await list(nobody.path, `?prefix=${prefix}`);
      expect([answer.status, answer.json.code]).toEqual([400, 'prefix_invalid']);
    },
  );

  test('that breaks off half way does not look complete', async () => {
    const { server } = await openServer(engine);
    const { path } = await newUser(server);
    const { storage } = server.core;
    const working = storage.collection.bind(storage);
    const scan = async ({ cursor, limit }: { cursor?: string; limit: number }) => {
      if (cursor === 'third') throw new StorageUnavailableError();
      return {
        items: Array.from({ length: limit }, () => ({ key: 'a' })),
        next: cursor === undefined ? 'second' : 'third',
      };
    };
    const broken: unknown = (spec: CollectionSpec<object>) =>
      spec.name === entriesSpec.name ? { scan } : working(spec);
    storage.collection = broken as typeof storage.collection;
    await expect(rawRequest(server.url, { path: `${path}/keys` })).rejects.toThrow();
    storage.collection = working;
    expect((await server.request('GET', `${path}/keys`)).json).toEqual({ keys: [] });
  });

  test('refuses parameters that are given as lists or objects in the ways of other frameworks, or ignores them', async () => {
    const { path } = await userWith(['a', 'b']);
    const answer = await list(path, '?limit[]=1&prefix[$gt]=&cursor[]=x');
    expect([answer.status, answer.json]).toEqual([200, { keys: ['a', 'b'] }]);
  });
});
