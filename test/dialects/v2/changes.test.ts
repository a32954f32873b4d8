/** What has changed in the values of an account: asked for, and waited for. */

import { describe, expect, test } from 'vitest';
import { entriesSpec } from '../../../src/core/collections.ts';
import { can, forEachEngine } from '../../support/engines.ts';
import { anotherServer, newUser, openServer, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { cursorOf, revoke, scoped, store } from './following.ts';

forEachEngine('changes', engine => {
  const served = sharedServer(engine);

  /** Writes as clients of the original API do. */
  const write = (server: TestServer, token: string, key: string, value: string) =>
    server.request('POST', `/user/${token}/store/${key}`, { value });

  if (!can(engine, 'transactions')) {
    test('cannot be told by a standalone MongoDB', async () => {
      const { headers } = await newUser(served.server);
      const { status, json } = await served.server.request('GET', '/v2/changes', undefined, headers);
      expect([status, json.code]).toEqual([501, 'feed_unsupported']);
    });
    return;
  }

  test('need a token that may read', async () => {
    const { server } = served;
    const { account } = await newUser(server);
    expect((await server.request('GET', '/v2/changes')).status).toBe(401);
    const answer = await server.request('GET', '/v2/changes', undefined, await scoped(server, account, ['kv:w']));
    expect([answer.status, answer.json.code, answer.json.details]).toEqual([
      403,
      'scope_insufficient',
      { scope: 'kv:r' },
    ]);
  });

  test('since a cursor are those behind it, oldest first, each with what it is now', async () => {
    const { server } = served;
    const { account, token, headers } = await newUser(server);
    await write(server, token, 'before', 'x');
    const cursor = await cursorOf(server, headers);
    await write(server, token, 'a', '1');
    await write(server, token, 'b', '1');
    await write(server, token, 'a', '2');
    await server.request('DELETE', `/user/${token}/store/b`);
    const { json } = await server.request('GET', `/v2/changes?since=${cursor}`, undefined, headers);
    const entry = await server.core.storage.collection(entriesSpec).get([account.user_id, 'a']);
    expect(json.changes.map(({ type, key }: { type: string; key: string }) => [type, key])).toEqual([
      ['put', 'a'],
      ['delete', 'b'],
    ]);
    expect(json.changes[0].etag).toBe(`"${entry?.etag}"`);
    expect(json.changes[1].etag).toBeNull();
    expect(json.changes.every(({ at }: { at: string }) => !Number.isNaN(Date.parse(at)))).toBe(true);
    const again = await server.request('GET', `/v2/changes?since=${json.cursor}`, undefined, headers);
    expect(again.json.changes).toEqual([]);
  });

  test('come in pages that neither skip nor repeat', async () => {
    const { server } = served;
    const { token, headers } = await newUser(server);
    let cursor = await cursorOf(server, headers);
    await Promise.all(Array.from({ length: 25 }, (_, i) => write(server, token, `k${i}`, 'x')));
    const keys: string[] = [];
    for (;;) {
      const { json } = await server.request('GET', `/v2/changes?limit=4&since=${cursor}`, undefined, headers);
      if (json.changes.length === 0) break;
      keys.push(...json.changes.map(({ key }: { key: string }) => key));
      cursor = json.cursor;
    }
    expect(keys.length).toBe(25);
    expect(new Set(keys).size).toBe(25);
  });

  test('are those of the keys that were asked for, and that the token may read', async () => {
    const { server } = served;
    const { account, token, headers } = await newUser(server);
    const cursor = await cursorOf(server, headers);
    for (const key of ['app.a', 'app.b', 'other', 'log']) await write(server, token, key, 'x');
    const keys = async (query: string, as: Record<string, string>) => {
      const { json } = await server.request('GET', `/v2/changes?since=${cursor}${query}`, undefined, as);
      return json.changes.map(({ key }: { key: string }) => key);
    };
    expect(await keys('&prefix=app.', headers)).toEqual(['app.a', 'app.b']);
    const narrow = await scoped(server, account, ['kv:r:app.', 'kv:w']);
    expect(await keys('', narrow)).toEqual(['app.a', 'app.b']);
    expect(await keys('&prefix=o', narrow)).toEqual([]);
  });

  test('tell that a value has expired, at the latest when the sweep has been there', async () => {
    const { server, opened } = await openServer(engine);
    const { account, headers } = await newUser(server);
    const cursor = await cursorOf(server, headers);
    await store(server, account, 'short', 'x', 60_000);
    opened.clock.advance(61_000);
    const before = await server.request('GET', `/v2/changes?since=${cursor}`, undefined, headers);
    expect(before.json.changes).toEqual([]);
    await server.expire();
    const { json } = await server.request('GET', `/v2/changes?since=${before.json.cursor}`, undefined, headers);
    expect(json.changes).toEqual([{ type: 'expire', key: 'short', etag: null, at: expect.any(String) }]);
    expect(Date.parse(json.changes[0].at)).toBe(opened.clock.now() - 1000);
  });

  test('that another process has made are told too', async () => {
    const first = await openServer(engine);
    const second = await anotherServer(first);
    const { token, headers } = await newUser(first.server);
    const cursor = await cursorOf(second, headers);
    await write(first.server, token, 'a', '1');
    const { json } = await second.request('GET', `/v2/changes?since=${cursor}&wait=10s`, undefined, headers);
    expect(json.changes).toMatchObject([{ type: 'put', key: 'a' }]);
  });

  describe('that are waited for', () => {
    test('are answered as soon as there is one', async () => {
      const { server } = served;
      const { token, headers } = await newUser(server);
      const cursor = await cursorOf(server, headers);
      const waiting = server.request('GET', `/v2/changes?since=${cursor}&wait=60s`, undefined, headers);
      await write(server, token, 'a', '1');
      const { json } = await waiting;
      expect(json.changes).toMatchObject([{ type: 'put', key: 'a' }]);
      const next = await server.request('GET', `/v2/changes?since=${json.cursor}&wait=0`, undefined, headers);
      expect(next.json.changes).toEqual([]);
    });

    test('are none when the time is over', async () => {
      const { server } = served;
      const { headers } = await newUser(server);
      const cursor = await cursorOf(server, headers);
      const { status, json } = await server.request('GET', `/v2/changes?since=${cursor}&wait=1`, undefined, headers);
      expect([status, json.changes]).toEqual([200, []]);
    });

    test('are refused when the token ends meanwhile', async () => {
      const { server } = served;
      const { headers } = await newUser(server);
      const cursor = await cursorOf(server, headers);
      const waiting = server.request('GET', `/v2/changes?since=${cursor}&wait=60s`, undefined, headers);
      await revoke(server, headers);
      expect((await waiting).status).toBe(401);
    });

    test('are none when the server stops', async () => {
      const { server } = await openServer(engine);
      const { headers } = await newUser(server);
      const cursor = await cursorOf(server, headers);
      const waiting = server.request('GET', `/v2/changes?since=${cursor}&wait=60s`, undefined, headers);
      await new Promise(resolve => setTimeout(resolve, 50));
      await server.stop();
      expect((await waiting).json.changes).toEqual([]);
    });
  });

  describe('a cursor', () => {
    test.each([
      ['no base64url', '!'],
      ['empty', ''],
      ['no cursor', Buffer.from('[1,2]').toString('base64url')],
      ['one of another list', Buffer.from('["a","b"]').toString('base64url')],
      ['of another version', Buffer.from('[2,"a",1,"1"]').toString('base64url')],
      ['very long', 'a'.repeat(9000)],
    ])('that is %s is refused', async (_, cursor) => {
      const { server } = served;
      const { headers } = await newUser(server);
      const { status, json } = await server.request('GET', `/v2/changes?since=${cursor}`, undefined, headers);
      expect([status, json.code]).toEqual([400, 'cursor_invalid']);
    });

    test('whose position is none is refused', async () => {
      const { server } = served;
      const { headers } = await newUser(server);
      const [version, tag, seconds] = JSON.parse(Buffer.from(await cursorOf(server, headers), 'base64url').toString());
      for (const position of ['', 'x', '-1', '1 x', '1 [1]', '1 ["\\u0000"]', '9999999999999999']) {
        const cursor = Buffer.from(JSON.stringify([version, tag, seconds, position])).toString('base64url');
        const { status, json } = await server.request('GET', `/v2/changes?since=${cursor}`, undefined, headers);
        expect([position, status, json.code]).toEqual([position, 400, 'cursor_invalid']);
      }
    });

    test('of another account, older than the history, or ahead of the data is gone', async () => {
      const { server, opened } = await openServer(engine);
      const { account, headers } = await newUser(server);
      const other = await newUser(server);
      const cursor = await cursorOf(server, headers);
      const plain = JSON.parse(Buffer.from(cursor, 'base64url').toString());
      const ahead = Buffer.from(JSON.stringify([...plain.slice(0, 3), '999999999999'])).toString('base64url');
      const ask = async (since: string, as: Record<string, string>) => {
        const { status, json } = await server.request('GET', `/v2/changes?since=${since}`, undefined, as);
        return [status, json.code];
      };
      expect(await ask(cursor, other.headers)).toEqual([410, 'cursor_gone']);
      if (engine.name === 'embedded') expect(await ask(ahead, headers)).toEqual([410, 'cursor_gone']);
      opened.clock.advance(7 * 86_400_000 + 2000);
      expect(await ask(cursor, await scoped(server, account, ['kv:r']))).toEqual([410, 'cursor_gone']);
    });
  });

  test.each(['limit=0', 'limit=1001', 'limit=x', 'wait=x', 'wait=-1', 'wait=1m', 'since=a&since=b', 'unknown=1'])(
    'with %s in the query are refused',
    async query => {
      const { server } = served;
      const { headers } = await newUser(server);
      const { status, json } = await server.request('GET', `/v2/changes?${query}`, undefined, headers);
      expect(status).toBe(400);
      expect(json.error).toMatch(/\w+ \w+/);
    },
  );
});
