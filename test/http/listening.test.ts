import { once } from 'node:events';
import { connect, type Server } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Route } from '../../src/http/routing.ts';
import { listen } from '../../src/process/listen.ts';
import { slowClient } from '../process/slow-client.ts';
import { openApp, route } from './open-app.ts';
import { rawRequest } from './raw-request.ts';
import { until } from './until.ts';

// Of the seconds none is waited for; sockets have timers of their own, which go on.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('a stop waits 18 s for what runs, and then cuts it off', async () => {
  let running = false;
  const server = await listen(
    () => {
      running = true;
    },
    '127.0.0.1',
    0,
  );
  const client = await slowClient(server.url);
  client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => running);
  let over = '';
  const stopped = server.stop().then(() => {
    over += 'stopped';
  });
  void client.ended.then(() => {
    over += ' cut ';
  });
  vi.advanceTimersByTime(17_999);
  await new Promise(resolve => setImmediate(resolve));
  expect(over).toBe('');
  vi.advanceTimersByTime(1);
  await Promise.all([stopped, client.ended]);
  expect(client.answered).toBe('');
});

/** Tells how many connections its server has, the one of the request included. */
const connections: Route = {
  method: 'GET',
  path: '/connections',
  handle: async ctx => {
    const { server } = ctx.req.socket as unknown as { server: Server };
    ctx.body = await promisify(server.getConnections.bind(server))();
  },
};

test.each([
  ['that speaks no HTTP', 'hello\r\n\r\n', 400],
  ['whose headers are too long', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['whose body does not come', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n', 408],
])('a client %s cannot hold the connection by keeping its end open', async (_, bytes, status) => {
  let asked = false;
  const url = await openApp([
    connections,
    ...route('/', async ctx => {
      asked = true;
      for await (const _ of ctx.req);
    }),
  ]);
  const count = async () => (await rawRequest(url, { path: '/connections' })).json;
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let answered = '';
  socket
    .on('error', () => {})
    .on('data', piece => {
      answered += piece;
    });
  socket.write(bytes);
  if (status === 408) {
    await until(() => asked);
    vi.advanceTimersByTime(120_000);
  }
  await once(socket, 'end');
  expect(answered).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  vi.advanceTimersByTime(999);
  expect(await count()).toBe(2);
  vi.advanceTimersByTime(1);
  await expect.poll(count).toBe(1);
});
