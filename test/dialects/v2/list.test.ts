import { expect, test, vi } from 'vitest';
import { entriesSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, sharedServer } from '../../support/served.ts';
import { fill, linesOf, newFilled, numbered } from './filled.ts';
import { scopedHeaders } from './scoped.ts';

type Listed = { key: string };
const keysOf = (json: { keys: Listed[] }) => json.keys.map(({ key }) => key);

/** Names of all pages, from the first to the one that is complete. */
async function pages(get: (path: string) => Promise<{ json: never }>, query: string): Promise<string[][]> {
  const found: string[][] = [];
  let place = '';
  for (;;) {
    const { json } = (await get(`/v2/kv?${query}${place}`)) as {
      json: { keys: Listed[]; prefixes: string[]; cursor?: string; complete: boolean };
    };
    found.push([...keysOf(json), ...json.prefixes].sort());
    expect(json.complete).toBe(json.cursor === undefined);
    if (json.cursor === undefined) return found;
    place = `&cursor=${json.cursor}`;
  }
}

forEachEngine('a list of v2', engine => {
  const served = sharedServer(engine);

  test('says of each entry what is known without its value, whoever wrote it', async () => {
    const { server } = served;
    const { headers, get } = await newFilled(server);
    await server.request('POST', '/user/me/store/json', { value: [1] }, headers);
    await server.request('POST', '/user/me/store/text', { value: 'né' }, headers);
    await server.request('PUT', '/v2/kv/dir/bytes?ttl=60', 'abc', { ...headers, 'Content-Type': 'image/png' });
    const { json } = await get('/v2/kv');
    const info = async (key: string) => (await get(`/v2/info/${key}`)).json;
    expect(json.keys.map(({ key }: Listed) => key)).toEqual(['dir/bytes', 'json', 'text']);
    for (const listed of json.keys) {
      const { created_at: _, meta: __, ...known } = await info(listed.key);
      expect(listed).toEqual(known);
    }
    expect(json.keys.map((listed: { content_type: string }) => listed.content_type)).toEqual([
      'image/png',
      'application/json',
      'text/plain; charset=utf-8',
    ]);
    expect(json.keys[0].expires_at).toBe('2100-01-01T00:01:00.000Z');
    expect([json.prefixes, json.complete, json.cursor]).toEqual([[], true, undefined]);
  });

  test('is in byte order, and holds what begins with the prefix', async () => {
    const keys = ['a', 'a-b', 'a/b', 'a/b/c', 'a:b', 'aB', 'a~', 'b', 'B', '_', '=', '+a', '@', ',', '0'];
    const { get } = await newFilled(served.server, keys);
    expect(keysOf((await get('/v2/kv')).json)).toEqual([...keys].sort());
    expect(keysOf((await get('/v2/kv?prefix=a/b')).json)).toEqual(['a/b', 'a/b/c']);
    expect(keysOf((await get('/v2/kv?prefix=%2Ba')).json)).toEqual(['+a']);
    expect(keysOf((await get('/v2/kv?prefix=none')).json)).toEqual([]);
  });

  test('comes in pages of at most `limit`, a hundred unless it says so, without gaps and repetitions', async () => {
    const keys = numbered(250, 'k');
    const { get } = await newFilled(served.server, keys);
    expect((await pages(get as never, '')).map(page => page.length)).toEqual([100, 100, 50]);
    expect((await pages(get as never, 'limit=125')).map(page => page.length)).toEqual([125, 125]);
    expect((await pages(get as never, 'limit=1000')).flat()).toEqual(keys);
    expect((await pages(get as never, 'limit=7&prefix=k0')).flat()).toEqual(keys);
  });

  test('folds what lies behind the separator, on every page', async () => {
    const keys = ['a', ...numbered(300, 'f/'), 'f0', ...numbered(300, 'g/x/'), 'g/y', 'h'];
    const { get } = await newFilled(served.server, keys);
    expect((await pages(get as never, 'separator=/')).flat()).toEqual(['a', 'f/', 'f0', 'g/', 'h']);
    expect(await pages(get as never, 'separator=/&limit=2')).toEqual([['a', 'f/'], ['f0', 'g/'], ['h']]);
    expect((await pages(get as never, 'separator=/&prefix=g/')).flat()).toEqual(['g/x/', 'g/y']);
    expect((await pages(get as never, 'separator=/x/')).flat().slice(-3)).toEqual(['g/x/', 'g/y', 'h']);
    expect((await pages(get as never, 'separator=/&prefix=f/&limit=1000')).flat()).toHaveLength(300);
  });

  test('with folders reads at the cost of the folders, not of the keys', async () => {
    const { server } = served;
    const { get, accountId } = await newFilled(server, ['x/a', 'y/a', 'z/a']);
    await fill(server, accountId, numbered(engine.name === 'embedded' ? 20_000 : 300, 'w/'));
    const entries = server.core.storage.collection(entriesSpec);
    const { scan } = entries;
    let read = 0;
    const counting = vi.spyOn(entries, 'scan').mockImplementation(async options => {
      const page = await scan.call(entries, options);
      read += page.items.length;
      return page;
    });
    try {
      expect((await get('/v2/kv?separator=/')).json.prefixes).toEqual(['w/', 'x/', 'y/', 'z/']);
    } finally {
      counting.mockRestore();
    }
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(100);
  });

  test('shows a token what its scopes can read, of several beginnings in byte order, and pages go right across them', async () => {
    const { server } = served;
    const keys = [...numbered(30, 'a/'), ...numbered(30, 'b/x/'), ...numbered(30, 'b/y/'), ...numbered(30, 'c/')];
    const { accountId } = await newFilled(server, keys);
    const scopes = ['kv:r:c/', 'kv:rw:b/y/', 'kv:r:b/x/0001', 'kv:w:a/', 'kv:r:nothing'];
    const headers = await scopedHeaders(server, accountId, scopes);
    const get = (path: string) => server.request('GET', path, undefined, headers);
    const readable = keys.filter(key => /^(c\/|b\/y\/|b\/x\/0001)/.test(key));
    expect(readable).toHaveLength(70);
    expect((await pages(get as never, '')).flat()).toEqual(readable);
    expect((await pages(get as never, 'limit=7')).flat()).toEqual(readable);
    expect((await pages(get as never, 'limit=1&separator=/')).flat()).toEqual(['b/', 'c/']);
    expect((await pages(get as never, 'limit=1&separator=/&prefix=b/')).flat()).toEqual(['b/x/', 'b/y/']);
    expect((await pages(get as never, 'prefix=b/x/')).flat()).toEqual(readable.filter(key => key.startsWith('b/x/')));
    expect((await pages(get as never, 'prefix=a/')).flat()).toEqual([]);
    const lines = await server.request('GET', '/v2/kv', undefined, { ...headers, Accept: 'application/x-ndjson' });
    expect(linesOf(lines.text).map(({ key }) => key)).toEqual(readable);
  });

  test('needs the right to read something', async () => {
    const { server } = served;
    const { accountId } = await newFilled(server, ['a']);
    const answer = await server.request(
      'GET',
      '/v2/kv',
      undefined,
      await scopedHeaders(server, accountId, ['kv:w', 'tokens', 'sync']),
    );
    expect([answer.status, answer.json.code, answer.json.details]).toEqual([
      403,
      'scope_insufficient',
      { scope: 'kv:r' },
    ]);
    expect((await server.request('GET', '/v2/kv')).status).toBe(401);
  });

  test.each([
    ['limit=0', 'limit_invalid'],
    ['limit=1001', 'limit_invalid'],
    ['limit=ten', 'limit_invalid'],
    ['limit=5&limit=5', 'limit_invalid'],
    ['prefix=%20', 'prefix_invalid'],
    [`prefix=${'k'.repeat(1025)}`, 'prefix_invalid'],
    ['separator=', 'separator_invalid'],
    ['separator=%00', 'separator_invalid'],
    ['values=yes', 'values_invalid'],
    ['cursor=', 'cursor_invalid'],
    ['cursor=abc', 'cursor_invalid'],
    ['cursor=%F0%9F%98%80', 'cursor_invalid'],
    ['perfix=a', 'field_unknown'],
  ])('refuses %s with 400 and says what to change', async (query, code) => {
    const { get } = await newFilled(served.server);
    const answer = await get(`/v2/kv?${query}`);
    expect([answer.status, answer.json.code]).toEqual([400, code]);
  });

  test('takes a cursor only for the list that it belongs to', async () => {
    const { get } = await newFilled(served.server, ['a/1', 'a/2', 'b']);
    const { cursor } = (await get('/v2/kv?limit=1')).json;
    for (const query of ['prefix=a', 'separator=/']) {
      expect((await get(`/v2/kv?${query}&cursor=${cursor}`)).json.code).toBe('cursor_invalid');
    }
    expect(keysOf((await get(`/v2/kv?limit=9&values=1&cursor=${cursor}`)).json)).toEqual(['a/2', 'b']);
  });

  test('leaves out what has expired', async () => {
    const { server } = served;
    const { get, accountId } = await newFilled(server, ['a']);
    const end = new Date(server.clock.now() + 1000);
    await fill(server, accountId, ['b', 'f/b'], () => ({ expires_at: end }));
    expect(keysOf((await get('/v2/kv')).json)).toEqual(['a', 'b', 'f/b']);
    server.clock.advance(1000);
    const { json } = await get('/v2/kv?separator=/');
    expect([keysOf(json), json.prefixes]).toEqual([['a'], []]);
  });

  test('answers HEAD with the headers alone', async () => {
    const { server } = served;
    const { headers } = await newFilled(server, ['a']);
    const answer = await server.request('HEAD', '/v2/kv', undefined, headers);
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  test('shows nothing of others', async () => {
    const { server } = served;
    await newFilled(server, ['a']);
    const { headers } = await newUser(server);
    expect((await server.request('GET', '/v2/kv', undefined, headers)).json.keys).toEqual([]);
  });
});
