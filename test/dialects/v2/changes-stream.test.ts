/** The changes of an account as a stream of events. */

import { expect, test } from 'vitest';
import { can, forEachEngine } from '../../support/engines.ts';
import { openStream } from '../../support/events.ts';
import { anotherServer, newUser, openServer, sharedServer } from '../../support/served.ts';
import { cursorOf, remove, revoke, scoped, store } from './following.ts';

forEachEngine('a stream of changes', engine => {
  const served = sharedServer(engine, { options: { STORE_TOKEN_EXPIRATION: '86400' } });
  const path = () => `${served.server.url}/v2/changes`;

  if (!can(engine, 'transactions')) {
    test('is 501 where the database has no history', async () => {
      const { headers } = await newUser(served.server);
      const sent = { ...headers, Accept: 'text/event-stream' };
      const { status, json } = await served.server.request('GET', '/v2/changes', undefined, sent);
      expect([status, json.code]).toEqual([501, 'feed_unsupported']);
    });
    return;
  }

  test('tells what happens, with a cursor from which it goes on', async () => {
    const { server } = served;
    const { account, headers } = await newUser(server);
    const stream = await openStream(path(), headers);
    expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(stream.headers['x-request-id']).toMatch(/\w/);
    expect(stream.headers['content-encoding']).toBeUndefined();
    await store(server, account, 'a', '1');
    await stream.until(1);
    await remove(server, account, 'a');
    const [put, gone] = await stream.until(2);
    expect(put).toMatchObject({ event: 'put', data: { type: 'put', key: 'a', etag: expect.stringMatching(/^".+"$/) } });
    expect(gone).toMatchObject({ event: 'delete', data: { type: 'delete', key: 'a', etag: null } });
    stream.close();
    await store(server, account, 'b', '1');
    const resumed = await openStream(`${path()}?since=x`, { ...headers, 'Last-Event-ID': put?.id ?? '' });
    expect((await resumed.until(2)).map(({ data: { type, key } }) => [type, key])).toEqual([
      ['delete', 'a'],
      ['put', 'b'],
    ]);
    resumed.close();
  });

  test('gives a cursor at once, so that nothing is missed by whoever is cut off before the first event', async () => {
    const { server } = served;
    const { account, headers } = await newUser(server);
    const stream = await openStream(path(), headers);
    await store(server, account, 'a', '1');
    await stream.until(1);
    stream.close();
    const first = await openStream(path(), headers);
    await store(server, account, 'b', '1');
    await first.until(1);
    expect(first.events.map(({ data }) => data.key)).toEqual(['b']);
    first.close();
  });

  test('tells only what the token may read, below the prefix', async () => {
    const { server } = served;
    const { account } = await newUser(server);
    const stream = await openStream(`${path()}?prefix=app/x`, await scoped(server, account, ['kv:r:app/']));
    for (const key of ['other', 'app/y', 'app/x1', 'x', 'app/x2']) await store(server, account, key, '1');
    expect((await stream.until(2)).map(({ data }) => data.key)).toEqual(['app/x1', 'app/x2']);
    stream.close();
  });

  test('ends when its token is revoked, also by another process', async () => {
    const first = await openServer(engine);
    const second = await anotherServer(first);
    const { account } = await newUser(first.server);
    const headers = await scoped(first.server, account, ['kv:r']);
    const streams = await Promise.all(
      [first.server, second].map(({ url }) => openStream(`${url}/v2/changes`, headers)),
    );
    await revoke(first.server, headers);
    expect(await Promise.all(streams.map(({ over }) => over))).toEqual([true, true]);
  });

  test('ends when its token has expired, and not when that was renewed', async () => {
    const { server, opened } = await openServer(engine);
    const { account } = await newUser(server);
    const headers = await scoped(server, account, ['kv:r'], 60_000);
    const other = await scoped(server, account, ['kv:r'], 120_000);
    const [short, long] = await Promise.all([headers, other].map(one => openStream(`${server.url}/v2/changes`, one)));
    opened.clock.advance(61_000);
    expect(await short?.over).toBe(true);
    await store(server, account, 'a', '1');
    await long?.until(1);
    long?.close();
  });

  test('ends well when the server stops', async () => {
    const { server } = await openServer(engine);
    const { headers } = await newUser(server);
    const stream = await openStream(`${server.url}/v2/changes`, headers);
    await server.stop();
    expect(await stream.over).toBe(true);
  });

  test('has a comment now and then while nothing happens', async () => {
    const { server, opened } = await openServer(engine);
    const { account, headers } = await newUser(server);
    const stream = await openStream(`${server.url}/v2/changes`, headers);
    opened.clock.advance(15_000);
    await expect.poll(() => stream.comments, { timeout: 10_000 }).toBe(1);
    await store(server, account, 'a', '1');
    await stream.until(1);
    expect(stream.comments).toBe(1);
    stream.close();
  });

  test('is cut off when nobody reads it', async () => {
    const { server, opened } = await openServer(engine, { options: { STORE_TOKEN_EXPIRATION: '86400' } });
    const { account, headers } = await newUser(server);
    const since = await cursorOf(server, headers);
    const key = 'k'.repeat(900);
    await Promise.all(Array.from({ length: 4000 }, (_, i) => store(server, account, `${key}${i}`, '')));
    const stream = await openStream(`${server.url}/v2/changes?since=${since}`, headers);
    stream.pause();
    await expect.poll(() => opened.clock.advance(10_000) ?? stream.events.length, { timeout: 5000 }).toBeLessThan(4000);
    const reads = stream.over;
    const followers = () => opened.clock.advance(31_000) ?? server.core.tallies.followers;
    await expect.poll(followers, { timeout: 60_000, interval: 300 }).toBe(0);
    stream.resume();
    expect(await reads).toBe(false);
    expect(stream.events.length).toBeLessThan(4000);
  });

  test('is for as many as are allowed, of an account and in all', async () => {
    const { server } = await openServer(engine, {
      options: { LIMITS_FOLLOWERS: '2', LIMITS_ALL_FOLLOWERS: '3' },
    });
    const [one, other] = [await newUser(server), await newUser(server)];
    const url = `${server.url}/v2/changes`;
    const open = [await openStream(url, one.headers), await openStream(url, one.headers)];
    const ask = async (headers: Record<string, string>) => {
      const answer = await server.request('GET', '/v2/changes', undefined, { ...headers, Accept: 'text/event-stream' });
      return [answer.status, answer.json.code, Number(answer.headers.get('Retry-After')) > 0];
    };
    expect(await ask(one.headers)).toEqual([429, 'followers_exceeded', true]);
    open.push(await openStream(url, other.headers));
    expect(await ask(other.headers)).toEqual([503, 'server_busy', true]);
    for (const stream of open) stream.close();
    await expect.poll(async () => (await openStream(url, one.headers)).status).toBe(200);
  });

  test('does not begin from a cursor that is gone', async () => {
    const { server } = served;
    const [mine, other] = [await newUser(server), await newUser(server)];
    const cursor = await cursorOf(server, other.headers);
    const headers = { ...mine.headers, Accept: 'text/event-stream', 'Last-Event-ID': cursor };
    const { status, json } = await server.request('GET', '/v2/changes', undefined, headers);
    expect([status, json.code]).toEqual([410, 'cursor_gone']);
  });
});
