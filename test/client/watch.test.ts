import type { AddressInfo } from 'node:net';
import { createServer, type Socket, connect as tcpConnect } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CursorGoneError, Keybin, type Watched } from '../../src/client/index.ts';
import { can, embedded, forEachEngine } from '../support/engines.ts';
import { newUser, sharedServer } from '../support/served.ts';
import { newClient } from './clients.ts';

/** The next so many changes. */
async function take(changes: AsyncIterator<Watched>, count: number): Promise<Watched[]> {
  const taken: Watched[] = [];
  while (taken.length < count) {
    const { value, done } = await changes.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

forEachEngine('watching', engine => {
  const served = sharedServer(engine);

  if (!can(engine, 'transactions')) {
    it('says that the database has no history', async () => {
      const keybin = await newClient(served.server);
      await expect(keybin.watch().next()).rejects.toMatchObject({ status: 501, code: 'feed_unsupported' });
      expect((await keybin.limits()).changeFeed).toBe(false);
    });
    return;
  }

  it('begins at a cursor, tells what happens below the prefix, and goes on from what it told', async () => {
    const keybin = await newClient(served.server);
    const { cursor } = await keybin.changes();
    const { etag } = await keybin.set('a/1', '1');
    await keybin.set('b', '1');
    await keybin.set('a/2', '1');
    const changes = keybin.watch({ since: cursor, prefix: 'a/' });
    const [first, second] = await take(changes, 2);
    expect(first).toMatchObject({ type: 'put', key: 'a/1', etag, at: new Date(served.server.clock.now()) });
    expect(second?.key).toBe('a/2');
    await keybin.delete('a/1');
    expect(await take(changes, 1)).toMatchObject([{ type: 'delete', key: 'a/1', etag: null }]);
    await changes.return?.();
    const later = keybin.watch({ since: second?.cursor, prefix: 'a/' });
    expect(await take(later, 1)).toMatchObject([{ type: 'delete', key: 'a/1' }]);
    await later.return?.();
    const page = await keybin.changes({ since: cursor, limit: 1 });
    expect(page.changes.length).toBe(1);
    expect((await keybin.changes({ since: page.cursor, wait: 1 })).changes.length).toBe(2);
  });

  it('loses and repeats nothing over connections that break at any byte', async () => {
    const { server } = served;
    const { token } = await newUser(server);
    const proxy = await breakingProxy(server.url);
    const writer = new Keybin({ url: server.url, token });
    const watcher = new Keybin({ url: proxy.url, token });
    const { cursor } = await writer.changes();
    const written: string[] = [];
    const writing = (async () => {
      for (let i = 0; i < 60; i++) written.push((await writer.set(`k/${i}`, `${i}`)).etag);
    })();
    const changes = watcher.watch({ since: cursor });
    const seen = await take(changes, 60);
    await writing;
    expect(seen.map(({ etag }) => etag)).toEqual(written);
    expect(proxy.broken()).toBeGreaterThan(3);
    await changes.return?.();
  });

  it('ends at the signal, also while nothing happens, and with the loop that reads it', async () => {
    const keybin = await newClient(served.server);
    const stop = new AbortController();
    const changes = keybin.watch({ signal: stop.signal });
    const next = changes.next();
    setTimeout(() => stop.abort(), 100);
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await take(keybin.watch({ signal: AbortSignal.abort() }), 1)).toEqual([]);

    const { cursor } = await keybin.changes();
    await keybin.set('a', '1');
    const seen: string[] = [];
    for await (const { key } of keybin.watch({ since: cursor })) {
      seen.push(key);
      break;
    }
    expect(seen).toEqual(['a']);
    const idle = keybin.watch();
    const waiting = idle.next();
    setTimeout(() => idle.return?.(), 50);
    expect((await waiting).done).toBe(true);
  });

  it('throws what another try would not mend: a cursor of other data, none at all, and a revoked token', async () => {
    const keybin = await newClient(served.server);
    const { cursor } = await (await newClient(served.server)).changes();
    await expect(keybin.watch({ since: cursor }).next()).rejects.toBeInstanceOf(CursorGoneError);
    await expect(keybin.watch({ since: cursor }).next()).rejects.toMatchObject({ code: 'cursor_gone', status: 410 });
    await expect(keybin.watch({ since: '!' }).next()).rejects.toMatchObject({ code: 'cursor_invalid' });
    const { token } = await keybin.tokens.create();
    const short = new Keybin({ url: served.server.url, token });
    const changes = short.watch();
    const next = changes.next();
    next.catch(() => {});
    await keybin.set('a', '1');
    await short.tokens.revoke('self');
    const ended = next.then(({ done }) => (done ? undefined : changes.next()));
    await expect(ended).rejects.toMatchObject({ status: 401 });
  });
});

describe('a watched stream', () => {
  const served = sharedServer(embedded);
  afterEach(() => {
    vi.useRealTimers();
  });

  it('that is silent for longer than the server would be is dead, and is opened again where it was', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const asked: string[] = [];
    const keybin = new Keybin({
      url: 'http://keybin.example',
      timeout: 5_000,
      fetch: async (input, init) => {
        asked.push(new URL(String(input)).search);
        if (asked.length === 3) return new Response('{"code":"cursor_gone"}', { status: 410 });
        const stream = new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(new TextEncoder().encode(`id: c${asked.length}\n\n:\n\n`));
            init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason));
          },
        });
        return new Response(stream);
      },
    });
    const ended = keybin.watch().next();
    ended.catch(() => {});
    await vi.advanceTimersByTimeAsync(19_000);
    expect(asked.length).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toEqual(['', '?since=c1']);
    await vi.advanceTimersByTimeAsync(21_000);
    expect(asked.at(-1)).toBe('?since=c2');
    await expect(ended).rejects.toBeInstanceOf(CursorGoneError);
  });

  it('is opened again when the server is busy or away, and not when it never was there', async () => {
    const { token } = await newUser(served.server);
    const proxy = await breakingProxy(served.server.url, Number.POSITIVE_INFINITY);
    const keybin = new Keybin({ url: proxy.url, token, retries: 0 });
    const { cursor } = await keybin.changes();
    const changes = keybin.watch({ since: cursor });
    await keybin.set('a', '1');
    expect((await take(changes, 1))[0]?.key).toBe('a');
    const next = changes.next();
    proxy.refuse(true);
    await new Promise(resolve => setTimeout(resolve, 300));
    proxy.refuse(false);
    await keybin.set('b', '1');
    expect((await next).value?.key).toBe('b');
    await changes.return?.();
    proxy.refuse(true);
    await expect(keybin.watch({ since: cursor }).next()).rejects.toMatchObject({ code: 'network' });
  });
});

/** A proxy that cuts each connection after a random number of bytes of the answer. */
async function breakingProxy(target: string, most = 1_500) {
  let broken = 0;
  let isRefusing = false;
  const sockets = new Set<Socket>();
  const proxy = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (isRefusing) {
      socket.destroy();
      return;
    }
    const onward = tcpConnect(Number(new URL(target).port), '127.0.0.1');
    onward.on('error', () => socket.destroy());
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    socket.pipe(onward);
    let left = 700 + Math.floor(Math.random() * most);
    onward.on('data', (bytes: Buffer) => {
      socket.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left > 0) return;
      broken++;
      socket.end();
      onward.destroy();
    });
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    proxy.close();
  });
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    broken: () => broken,
    /** Cuts all connections, and takes no new ones. */
    refuse(refusing: boolean) {
      isRefusing = refusing;
      if (refusing) cut();
    },
  };
}
