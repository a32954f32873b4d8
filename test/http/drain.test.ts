import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { type DrainBounds, drain } from '../../src/http/edge/drain.ts';
import { slowClient } from '../process/slow-client.ts';
import { openApp, route } from './open-app.ts';
import { rawRequest } from './raw-request.ts';
import { until } from './until.ts';

const SIZE = 4 * 1_048_576;
const WIDE: DrainBounds = { bytes: SIZE, ms: 20_000 };

afterEach(() => void vi.useRealTimers());

/** A server that does something with a body, then drains it, and tells how that ended. */
async function open(before: (req: IncomingMessage) => unknown, bounds: DrainBounds) {
  const ends: unknown[] = [];
  const url = await openApp(
    route('/', async ctx => {
      await before(ctx.req);
      const end = await drain(ctx.req, bounds);
      ends.push(end);
      if (!end) ctx.set('Connection', 'close');
      ctx.status = 413;
      ctx.body = { end };
    }),
  );
  return { url, ends };
}

const post = (url: string, size = SIZE) =>
  rawRequest(url, { method: 'POST', path: '/', body: Buffer.alloc(size, 'x') });

/** A sink that takes one piece and then nothing more. */
const stuck = () => new Writable({ highWaterMark: 1, write() {} });

const ways: [string, (req: IncomingMessage) => unknown][] = [
  ['that nobody read', () => {}],
  ['that was read partly', req => once(req, 'data')],
  [
    'that was read partly and paused',
    async req => {
      await once(req, 'data');
      req.pause();
    },
  ],
  [
    'that was paused at once',
    async req => {
      req.pause();
      await pause(20);
    },
  ],
  [
    'that is piped to where nothing goes on',
    async req => {
      req.pipe(stuck());
      await once(req, 'data');
    },
  ],
  [
    'that is piped to what broke',
    async req => {
      const sink = stuck();
      req.pipe(sink);
      await once(req, 'data');
      sink.destroy();
    },
  ],
  [
    'that is read piece by piece on demand',
    async req => {
      req.on('readable', () => {});
      await once(req, 'readable');
      req.read(10);
    },
  ],
];

test.each(ways)('the rest of a body is read to its end, and its sender gets the answer: %s', async (_, before) => {
  const { url } = await open(before, WIDE);
  const answer = await post(url);
  expect([answer.status, answer.json]).toEqual([413, { end: true }]);
});

test('a body that is empty or was read already has its end behind it', async () => {
  const { url } = await open(async req => {
    for await (const _ of req);
  }, WIDE);
  expect((await post(url)).json).toEqual({ end: true });
  const none = await open(() => {}, WIDE);
  expect((await post(none.url, 0)).json).toEqual({ end: true });
  expect((await rawRequest(none.url, { path: '/' })).json).toEqual({ end: true });
});

test('after a body was drained to its end the connection is good for the next request', async () => {
  const { url } = await open(() => {}, WIDE);
  const client = await slowClient(url);
  const request = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`;
  client.send(request + request);
  await until(() => client.answered.match(/HTTP\/1\.1 413 /g)?.length === 2);
  client.close();
});

test('more bytes than are wanted are not waited for', async () => {
  const { url } = await open(() => {}, { bytes: 100_000, ms: 20_000 });
  expect((await post(url, 100_000)).json).toEqual({ end: true });
  const client = await slowClient(url);
  client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n${'x'.repeat(100_001)}`);
  await client.ended;
  expect(client.answered).toMatch(/^HTTP\/1\.1 413 .*\{"end":false\}$/s);
});

test('a sender that is slow is waited for no longer than wanted', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { url, ends } = await open(() => {}, { bytes: SIZE, ms: 5_000 });
  const client = await slowClient(url);
  client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx');
  await until(() => vi.getTimerCount() === 2); // that of the body, and that of `drain`
  vi.advanceTimersByTime(4_999);
  await rawRequest(url, { path: '/unknown' });
  expect(ends).toEqual([]);
  vi.advanceTimersByTime(1);
  await client.ended;
  expect(client.answered).toMatch(/^HTTP\/1\.1 413 .*\{"end":false\}$/s);
});

test.each<[string, (req: IncomingMessage) => unknown]>([
  ['before', req => new Promise(resolve => req.once('close', resolve))],
  ['while it is drained', () => {}],
])('a sender that goes away is not waited for: %s', async (_, before) => {
  let begun = false;
  const { url, ends } = await open(req => {
    begun = true;
    return before(req);
  }, WIDE);
  const client = await slowClient(url);
  client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx');
  await until(() => begun);
  client.close();
  await until(() => ends.length === 1);
  expect(ends).toEqual([false]);
});
