import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { accepts, type Program, type ServerProcess, type Settings, test } from '../support/process.ts';
import { slowClient, upload } from './slow-client.ts';

/** Starts the program with two workers. */
function startTwo(program: Program, settings: Settings = {}, group = false): Promise<ServerProcess> {
  return program.start({ settings: { APP_WORKERS: '2', ...settings }, group });
}

/** The processes that have logged such a line. */
function pidsThat(server: ServerProcess, message: RegExp): Set<number> {
  return new Set(server.log.filter(line => message.test(line.msg)).map(line => Number(line.pid)));
}

/** Its answers are logged at the usual level, which those of `/livez` are not. */
const LOGGED = '/user/none/keys';

/** Sends requests, each on a connection of its own, until `count` processes have answered some. */
async function untilServedBy(server: ServerProcess, count: number, since = 0): Promise<Set<number>> {
  const served = () =>
    new Set(
      server.log
        .slice(since)
        .filter(line => line.msg === 'request')
        .map(line => Number(line.pid)),
    );
  await expect
    .poll(
      async () => {
        const answer = await server.request('GET', LOGGED, undefined, { Connection: 'close' });
        expect(answer.status).toBe(403);
        return served().size;
      },
      { timeout: 15_000 },
    )
    .toBe(count);
  return served();
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

forEachEngine('two workers', engine => {
  test('share the port and the data', async ({ program }) => {
    const server = await startTwo(program, program.place(engine));
    expect((await untilServedBy(server, 2)).size).toBe(2);
    await server.register('ann');
    const close = { Connection: 'close' };
    for (let i = 0; i < 30; i++) {
      const path = `/user/${await server.token('ann', 'laptop')}/store/greeting`;
      expect((await server.request('POST', path, { value: `${i}` }, close)).status).toBe(200);
      expect((await server.request('GET', path, undefined, close)).json).toEqual({ value: `${i}` });
    }
    const requests = Array.from({ length: 300 }, () => server.request('GET', LOGGED));
    await Promise.all(requests);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    // Both write into one pipe: no line may be torn by another.
    expect(server.log.filter(line => line.status === 403).length).toBeGreaterThanOrEqual(300);
  });
});

describe('workers', () => {
  test('that die are replaced, and the other serves meanwhile', async ({ program }) => {
    const server = await startTwo(program);
    const [victim = Number.NaN, survivor = Number.NaN] = pidsThat(server, /^ready$/);
    process.kill(victim, 'SIGKILL');
    const died = await server.logged(/died and is replaced/);
    expect(server.stdout).not.toMatch(/"pid":.*"pid":/);
    expect(died).toMatchObject({ pid: server.pid, worker: victim, signal: 'SIGKILL' });
    const answers = new Set<number>();
    await expect
      .poll(
        async () => {
          answers.add((await server.request('GET', LOGGED, undefined, { Connection: 'close' })).status);
          return pidsThat(server, /^ready$/).size;
        },
        { timeout: 15_000, interval: 2 },
      )
      .toBe(3);
    expect([...answers]).toEqual([403]); // who is not ready takes no requests
    const now = await untilServedBy(server, 2, server.log.length);
    expect(now.has(survivor)).toBe(true);
    expect(now.has(victim)).toBe(false);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`finish what runs on ${signal}, and all end with code 0`, async ({ program }) => {
      const server = await startTwo(program, {}, true);
      const pids = [...pidsThat(server, /^ready$/)];
      await server.register('ann');
      const token = await server.token('ann');
      const { head, halves } = upload(token, 'slow', 'finished');
      const clients = await Promise.all([1, 2, 3].map(() => slowClient(server.url)));
      for (const client of clients) client.send(head + halves[0]);
      await pause(300);
      // Ctrl-C reaches the whole process group.
      process.kill(signal === 'SIGINT' ? -server.pid : server.pid, signal);
      while (await accepts(server.url)) await pause(10);
      for (const client of clients) client.send(halves[1]);
      await Promise.all(clients.map(client => client.ended));
      for (const client of clients) expect(client.answered).toMatch(/^HTTP\/1\.1 200 /);
      expect(await server.end()).toEqual({ code: 0, signal: null });
      expect(pids.filter(isRunning)).toEqual([]);
      expect(server.stderr).toBe('');
    });
  }

  test('take a signal of their own and that of the process that watches over them as one, however far apart', async ({
    program,
  }) => {
    const server = await startTwo(program);
    await server.register('ann');
    const token = await server.token('ann');
    const { head, halves } = upload(token, 'slow', 'finished');
    const client = await slowClient(server.url);
    client.send(head + halves[0]);
    await pause(300);
    for (const pid of pidsThat(server, /^ready$/)) process.kill(pid, 'SIGINT');
    while (await accepts(server.url)) await pause(10);
    await pause(400);
    server.signal('SIGINT');
    await pause(400);
    client.send(halves[1]);
    await client.ended;
    expect(client.answered).toMatch(/^HTTP\/1\.1 200 /);
    expect(await server.end()).toEqual({ code: 0, signal: null });
  });

  test('that cannot start end the program with one line and code 1', async ({ program }) => {
    await writeFile(join(program.folder, 'data'), 'a file');
    const end = await program.run([], { APP_WORKERS: '2' });
    expect(end).toMatchObject({ code: 1, signal: null });
    expect(new Set(end.stderr.trim().split('\n')).size).toBe(1);
    expect(end.stderr).toContain(join(program.folder, 'data'));
  });

  test('that find the port in use end the program with one line and code 1', async ({ program }) => {
    const other = createServer();
    const port = await new Promise<string>(resolve => {
      other.listen(0, '127.0.0.1', () => {
        const address = other.address();
        resolve(typeof address === 'object' ? String(address?.port) : '');
      });
    });
    const end = await program.run([], { APP_WORKERS: '2', APP_PORT: port });
    other.close();
    expect(end).toMatchObject({ code: 1, signal: null });
    expect(new Set(end.stderr.trim().split('\n')).size).toBe(1);
    expect(end.stderr).toContain(`port ${port}`);
  });

  test('read the configuration again on SIGHUP, all of them', async ({ program }) => {
    const server = await startTwo(program);
    await writeFile(join(program.folder, 'store.cfg'), '[STORE]\ntoken_expiration=60\n');
    server.signal('SIGHUP');
    await expect.poll(() => pidsThat(server, /^configuration read again/).size, { timeout: 10_000 }).toBe(2);
    await server.register('ann');
    for (let i = 0; i < 6; i++) {
      const answer = await server.request(
        'POST',
        '/token',
        { username: 'ann', password: 's3cret' },
        { Connection: 'close' },
      );
      expect(answer.json.token.expire_seconds).toBe(60);
    }
  });

  test('end in order when the process that watches over them is killed, also while they write', async ({ program }) => {
    const server = await startTwo(program);
    const pids = [...pidsThat(server, /^ready$/)];
    await server.register('ann');
    const token = await server.token('ann');
    let written = 0;
    const writing = Array.from({ length: 16 }, async (_, i) => {
      const write = () => server.request('POST', `/user/${token}/store/k${i}`, { value: 'x' });
      while (await write().catch(() => undefined)) written++;
    });
    await expect.poll(() => written, { timeout: 15_000 }).toBeGreaterThan(100);
    server.signal('SIGKILL');
    await expect.poll(() => pids.filter(isRunning), { timeout: 15_000 }).toEqual([]);
    await Promise.all(writing);
    await expect.poll(() => pidsThat(server, /^stopped$/)).toEqual(new Set(pids));
    expect(await accepts(server.url)).toBe(false);
  });
});
