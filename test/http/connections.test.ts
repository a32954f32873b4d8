import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { listen } from '../../src/process/listen.ts';
import { type SlowClient, slowClient } from '../process/slow-client.ts';
import { rawRequest } from './raw-request.ts';
import { until } from './until.ts';

// Of the minutes none is waited for.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const REFUSED = /^connections were refused/;

async function open(connections: number) {
  const lines: { level: string; times: number; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, times: 0, ...fields });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const answer = (_: unknown, res: { end(text: string): void }) => res.end('here');
  const server = await listen(answer, '127.0.0.1', 0, { connections, log });
  onTestFinished(() => server.stop());
  const connected: SlowClient[] = [];
  onTestFinished(() => {
    for (const client of connected) client.close();
  });
  return {
    url: server.url,
    refused: () => lines.filter(({ message }) => REFUSED.test(message)).map(({ level, times }) => [level, times]),
    /** Connects, and tells whether the server keeps the connection: it answers there. */
    async connect(): Promise<boolean> {
      const client = await slowClient(server.url);
      connected.push(client);
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      let ended = false;
      void client.ended.then(() => {
        ended = true;
      });
      await until(() => ended || client.answered !== '');
      return client.answered !== '';
    },
    async leave(): Promise<void> {
      const client = connected.shift();
      client?.close();
      await client?.ended;
    },
  };
}

test('a process has so many connections and no more, and those it has are not disturbed', async () => {
  const { url, connect, leave } = await open(3);
  for (let i = 0; i < 3; i++) expect(await connect()).toBe(true);
  for (let i = 0; i < 5; i++) expect(await connect()).toBe(false);
  await expect(rawRequest(url, { path: '/' })).rejects.toThrow();
  await leave();
  await expect.poll(connect).toBe(true);
  expect(await connect()).toBe(false);
});

test('connections that are refused are a line when it begins, and one a minute as long as it goes on', async () => {
  const { connect, refused } = await open(1);
  await connect();
  expect(refused()).toEqual([]);
  await connect();
  expect(refused()).toEqual([['warn', 1]]);
  for (let i = 0; i < 3; i++) await connect();
  vi.advanceTimersByTime(59_999);
  expect(refused()).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(refused()).toEqual([
    ['warn', 1],
    ['warn', 3],
  ]);
  vi.advanceTimersByTime(600_000);
  expect(refused()).toHaveLength(2);
  await connect();
  expect(refused().at(-1)).toEqual(['warn', 1]);
});
