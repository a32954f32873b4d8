import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Context } from 'koa';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { textReader } from '../../src/http/body/body.ts';
import { allowSlowBody } from '../../src/http/edge/body-time.ts';
import { type SlowClient, slowClient } from '../process/slow-client.ts';
import { openApp, route } from './open-app.ts';
import { rawRequest } from './raw-request.ts';
import { until } from './until.ts';

const REFUSED = /^HTTP\/1\.1 408 Request Timeout\r\n.*"code":"request_timeout"\}$/s;
const IDLE = 30_000;

// Of the two minutes none is waited for; sockets have timers of their own, which go on.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

interface Opened {
  readonly url: string;
  readonly client: SlowClient;
  /** Resolves with the request once its headers are here. */
  readonly asked: Promise<IncomingMessage>;
  /** Bytes of the body that were read. */
  read(): number;
}

/** Reads a body to its end; resolves with its bytes. */
type ReadBody = () => Promise<number>;

/** A server whose handler is `handle`, and a client that has sent the headers of a request and nothing more. */
async function open(handle: (ctx: Context, read: ReadBody) => unknown, head: string): Promise<Opened> {
  let read = 0;
  let tell = (_: IncomingMessage) => {};
  const asked = new Promise<IncomingMessage>(resolve => {
    tell = resolve;
  });
  async function readAll(req: IncomingMessage): Promise<number> {
    for await (const piece of req) read += piece.length;
    return read;
  }
  const url = await openApp(
    route('/', async ctx => {
      tell(ctx.req);
      await handle(ctx, () => readAll(ctx.req));
    }),
  );
  const client = await slowClient(url);
  client.send(`POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`);
  return { url, client, asked, read: () => read };
}

const answerLength = async (ctx: Context, read: ReadBody) => {
  ctx.body = { bytes: await read() };
};

/** Sends a piece and waits until the server has read it. */
async function sendPiece({ client, read }: Opened, piece: string): Promise<void> {
  const before = read();
  client.send(piece);
  await until(() => read() === before + piece.length);
}

/** Sends a request of its own; once it is answered, the server has done what it had to do before. */
async function isOpen({ url, client }: Opened): Promise<boolean> {
  let closed = false;
  void client.ended.then(() => {
    closed = true;
  });
  await rawRequest(url, { path: '/unknown' });
  return !closed && client.answered === '';
}

test('a slow body is one line in the log, with the status that the client got', async () => {
  const lines: [unknown, unknown][] = [];
  const note = (fields: object) =>
    void lines.push(Object.entries(fields).filter(([name]) => /status|code/.test(name)) as never);
  const log = { debug: note, info: note, warn: note, error: note };
  const read = textReader(1000);
  const url = await openApp(
    route('/', async ctx => {
      ctx.body = { text: await read(ctx) };
    }),
    { log },
  );
  const client = await slowClient(url);
  client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
  await rawRequest(url, { path: '/unknown' });
  vi.advanceTimersByTime(120_000);
  await client.ended;
  expect(client.answered).toMatch(REFUSED);
  await until(() => lines.length > 1);
  expect(lines.slice(1)).toEqual([
    [
      ['status', 408],
      ['code', 'request_timeout'],
    ],
  ]);
});

test.each([
  ['with a length', 'Content-Length: 1000'],
  ['in chunks', 'Transfer-Encoding: chunked'],
])('a body that is not here after two minutes is 408, and the connection is closed: %s', async (_, head) => {
  const opened = await open(answerLength, head);
  await opened.asked;
  vi.advanceTimersByTime(119_999);
  expect(await isOpen(opened)).toBe(true);
  vi.advanceTimersByTime(1);
  await opened.client.ended;
  expect(opened.client.answered).toMatch(REFUSED);
});

test('a body that comes in drops has no more time', async () => {
  const opened = await open(answerLength, 'Content-Length: 1000');
  for (let i = 0; i < 11; i++) {
    await sendPiece(opened, 'x');
    vi.advanceTimersByTime(10_000);
  }
  await sendPiece(opened, 'x');
  vi.advanceTimersByTime(10_000);
  await opened.client.ended;
  expect(opened.client.answered).toMatch(REFUSED);
});

test('a body that arrives in time is answered, and may be handled for as long as that takes', async () => {
  let finish = () => {};
  const finished = new Promise<void>(resolve => {
    finish = resolve;
  });
  const opened = await open(async (ctx, read) => {
    await finished;
    await answerLength(ctx, read);
  }, 'Content-Length: 5\r\nConnection: close');
  opened.client.send('12345');
  const req = await opened.asked;
  await until(() => req.complete);
  vi.advanceTimersByTime(1_000_000);
  expect(await isOpen(opened)).toBe(true);
  finish();
  await opened.client.ended;
  expect(opened.client.answered).toMatch(/^HTTP\/1\.1 200 .*\{"bytes":5\}$/s);
});

test('a body that goes on arriving after its answer is cut off as well, without a second answer', async () => {
  const opened = await open(ctx => {
    ctx.body = 'early';
  }, 'Content-Length: 1000');
  await until(() => opened.client.answered.endsWith('early'));
  opened.client.send('x');
  vi.advanceTimersByTime(120_000);
  await opened.client.ended;
  expect(opened.client.answered).toMatch(/^HTTP\/1\.1 200 .*early$/s);
});

test('a body that is too slow while it is being answered is cut off in the middle of the answer', async () => {
  const opened = await open(ctx => {
    const answer = new PassThrough();
    answer.write('begun');
    ctx.body = answer;
  }, 'Content-Length: 1000');
  await until(() => opened.client.answered.includes('begun'));
  vi.advanceTimersByTime(120_000);
  await opened.client.ended;
  expect(opened.client.answered).toMatch(/^HTTP\/1\.1 200 .*begun\r\n$/s);
});

test('a slow body behind another request of the connection is cut off without an answer in the place of that one', async () => {
  let waiting = 0;
  const url = await openApp([
    {
      method: 'GET',
      path: '/slow',
      handle: () => {
        waiting++;
        return new Promise(() => {});
      },
    },
    ...route('/', () => {
      waiting++;
      return new Promise(() => {});
    }),
  ]);
  const client = await slowClient(url);
  client.send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123');
  await until(() => waiting === 2);
  vi.advanceTimersByTime(120_000);
  await client.ended;
  expect(client.answered).toBe('');
});

test('requests without a body have no timer, and none is left of the others', async () => {
  const url = await openApp(
    route('/', async ctx => {
      if (ctx.query.read !== undefined) for await (const _ of ctx.req);
      ctx.body = { timers: vi.getTimerCount() };
    }),
  );
  const timers = async (request: Omit<Parameters<typeof rawRequest>[1], 'path'>, path = '/?read') => {
    const during = (await rawRequest(url, { path, ...request })).json.timers;
    return [during, vi.getTimerCount()];
  };
  expect(await timers({})).toEqual([0, 0]);
  expect(await timers({ method: 'POST', body: '' })).toEqual([0, 0]);
  expect(await timers({ method: 'POST', body: 'x' }, '/')).toEqual([1, 0]);
  expect(await timers({ method: 'POST', body: ['x', 'y'] }, '/')).toEqual([1, 0]);
  expect((await timers({ method: 'POST', body: ['x', 'y'] }))[1]).toBe(0);
  const client = await slowClient(url);
  client.send('POST /?read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123');
  await until(() => vi.getTimerCount() === 1);
  client.close();
  await until(() => vi.getTimerCount() === 0);
});

test('a slow body that is allowed may take any time, as long as something of it arrives', async () => {
  const opened = await open((ctx, read) => {
    allowSlowBody(ctx.req, IDLE);
    return answerLength(ctx, read);
  }, 'Content-Length: 20\r\nConnection: close');
  for (let i = 0; i < 19; i++) {
    await sendPiece(opened, 'x');
    vi.advanceTimersByTime(IDLE - 1);
  }
  opened.client.send('x');
  await opened.client.ended;
  expect(opened.client.answered).toMatch(/^HTTP\/1\.1 200 .*\{"bytes":20\}$/s);
  expect(vi.getTimerCount()).toBe(0);
});

test('a slow body that is allowed is 408 when nothing of it arrives any more', async () => {
  const opened = await open((ctx, read) => {
    allowSlowBody(ctx.req, IDLE);
    return answerLength(ctx, read);
  }, 'Content-Length: 20');
  await opened.asked;
  vi.advanceTimersByTime(20_000);
  await sendPiece(opened, 'x');
  vi.advanceTimersByTime(IDLE - 1);
  expect(await isOpen(opened)).toBe(true);
  vi.advanceTimersByTime(1 + IDLE / 4);
  await opened.client.ended;
  expect(opened.client.answered).toMatch(REFUSED);
});

test('a client is not blamed for the time in which the server does not read', async () => {
  const size = 4 * 1_048_576;
  let begin = () => {};
  const begun = new Promise<void>(resolve => {
    begin = resolve;
  });
  const opened = await open(async (ctx, read) => {
    allowSlowBody(ctx.req, IDLE);
    await begun;
    await answerLength(ctx, read);
  }, `Content-Length: ${size}\r\nConnection: close`);
  opened.client.send('x'.repeat(size));
  const req = await opened.asked;
  await until(() => req.readableLength > 0);
  vi.advanceTimersByTime(10 * IDLE);
  expect(await isOpen(opened)).toBe(true);
  begin();
  await opened.client.ended;
  expect(opened.client.answered).toMatch(new RegExp(`^HTTP/1\\.1 200 .*\\{"bytes":${size}\\}$`, 's'));
});

test('a request without a body, and one whose client is gone, may be allowed to be slow without harm', async () => {
  const url = await openApp(
    route('/', async ctx => {
      allowSlowBody(ctx.req, IDLE);
      ctx.body = { timers: vi.getTimerCount() };
    }),
  );
  expect((await rawRequest(url, { path: '/' })).json).toEqual({ timers: 0 });
  let late = false;
  const opened = await open(async ctx => {
    await new Promise(resolve => ctx.req.once('close', resolve));
    allowSlowBody(ctx.req, IDLE);
    late = true;
  }, 'Content-Length: 20');
  await opened.asked;
  opened.client.close();
  await until(() => late && vi.getTimerCount() === 0);
});
