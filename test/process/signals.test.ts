import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { accepts, eventually, type ServerProcess, test } from '../support/process.ts';
import { slowClient, upload } from './slow-client.ts';

async function withToken(server: ServerProcess): Promise<string> {
  await server.register('ann');
  return server.token('ann');
}

async function untilClosed(server: ServerProcess): Promise<void> {
  while (await accepts(server.url)) await pause(10);
}

describe.concurrent('a server that is asked to stop', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`by ${signal} finishes what runs, refuses what is new, and ends with code 0`, async ({ program }) => {
      const server = await program.start();
      const token = await withToken(server);
      const client = await slowClient(server.url);
      const { head, halves } = upload(token, 'slow', 'finished');
      client.send(head + halves[0]);
      await pause(200);
      server.signal(signal);
      await untilClosed(server);
      await pause(300);
      client.send(halves[1]);
      await client.ended;
      expect(client.answered).toMatch(/^HTTP\/1\.1 200 .*\{"result":"ok"\}$/s);
      expect(await server.end()).toEqual({ code: 0, signal: null });
      expect(server.log.at(-1)?.msg).toBe('stopped');
      expect(server.stderr).toBe('');
      const next = await program.start();
      expect((await next.request('GET', `/user/${token}/store/slow`)).json).toEqual({ value: 'finished' });
    });
  }

  test('finishes a password that is being hashed', async ({ program }) => {
    const server = await program.start({ settings: { SECURITY_BCRYPT_COST: '12' } });
    await server.register('bob'); // the thread that hashes is there from here on
    const answer = server.request('POST', '/register', { username: 'ann', password: 's3cret' });
    await pause(100);
    server.signal('SIGTERM');
    expect((await answer).json).toEqual({ result: 'ok' });
    expect(await server.end()).toEqual({ code: 0, signal: null });
  });

  test('does not wait for idle connections, nor for a client that never sent a request', async ({ program }) => {
    const server = await program.start();
    const silent = await slowClient(server.url);
    const idle = await slowClient(server.url);
    idle.send('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    while (idle.answered === '') await pause(10);
    const asked = performance.now();
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - asked).toBeLessThan(5_000);
    await Promise.all([idle.ended, silent.ended]);
  });

  test('takes signals that come together as one', async ({ program }) => {
    const server = await program.start();
    const token = await withToken(server);
    const client = await slowClient(server.url);
    const { head, halves } = upload(token, 'slow', 'finished');
    client.send(head + halves[0]);
    await pause(200);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGINT'] as const) server.signal(signal);
    await untilClosed(server);
    client.send(halves[1]);
    expect(await server.end()).toEqual({ code: 0, signal: null });
    expect(client.answered).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe.concurrent('a server that is asked to stop a second time', () => {
  test.for([
    { workers: 1, whom: 'itself' },
    { workers: 2, whom: 'itself' },
    { workers: 2, whom: 'its process group' },
  ])(
    'ends within two seconds, whatever runs ($workers processes, signals to $whom)',
    async ({ workers, whom }, { program }) => {
      const server = await program.start({ settings: { APP_WORKERS: `${workers}` }, group: true });
      const token = await withToken(server);
      const client = await slowClient(server.url);
      const { head, halves } = upload(token, 'slow', 'never finished');
      client.send(head + halves[0]);
      await pause(200);
      const ask = () => process.kill(whom === 'itself' ? server.pid : -server.pid, 'SIGTERM');
      ask();
      await untilClosed(server);
      await pause(500);
      const asked = performance.now();
      ask();
      expect(await server.end()).toEqual({ code: 0, signal: null });
      expect(performance.now() - asked).toBeLessThan(2_000);
      expect(client.answered).toBe('');
    },
  );
});

describe.concurrent('a slow client', () => {
  test('is cut off when its headers do not come within 10 s, while others are served', async ({ program }) => {
    const server = await program.start();
    const client = await slowClient(server.url);
    client.send('GET /livez HTTP/1.1\r\n');
    let drops = 0;
    const dripping = setInterval(() => client.send(`X-Drop-${drops++}: 1\r\n`), 250);
    const took = await client.ended;
    clearInterval(dripping);
    expect(took).toBeGreaterThan(9_000);
    expect(took).toBeLessThan(18_000);
    expect(client.answered).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s);
    await eventually(
      () => server.request('GET', '/livez'),
      answer => answer.status === 200,
    );
  });

  test('that goes away in the middle of a body costs nothing but a line', async ({ program }) => {
    const server = await program.start();
    const token = await withToken(server);
    for (let i = 0; i < 50; i++) {
      const client = await slowClient(server.url);
      const { head, halves } = upload(token, 'slow', 'never finished');
      client.send(head + halves[0]);
      await pause(5);
      client.close();
    }
    expect((await server.request('GET', `/user/${token}/keys`)).json).toEqual({ keys: [] });
    await server.stop();
    expect(server.log.filter(line => line.level >= 50)).toEqual([]);
  });
});

// Apart from the others: it keeps the processor busy.
test('a server that is asked to stop refuses the passwords that wait to be hashed, and does not stay for them', async ({
  program,
}) => {
  const server = await program.start({ settings: { SECURITY_BCRYPT_COST: '13' } });
  const waiting = Array.from({ length: 100 }, (_, i) =>
    server.request('POST', '/register', { username: `u${i}`, password: 's3cret' }).then(({ status }) => status),
  );
  await Promise.any(waiting.map(status => status.then(is => is === 200 || Promise.reject(new Error(`${is}`)))));
  server.signal('SIGTERM');
  expect(await server.end()).toEqual({ code: 0, signal: null });
  const statuses = await Promise.all(waiting);
  expect(statuses.filter(status => status === 200).length).toBeLessThan(10);
  expect(new Set(statuses)).toEqual(new Set([200, 429, 503]));
  expect(server.log.filter(({ level }) => level >= 40)).toEqual([]);
});
