import { describe, expect } from 'vitest';
import { type ServerProcess, test } from '../support/process.ts';
import { slowClient } from './slow-client.ts';

/** So dear that hashes are what takes the time. */
const DEAR = { SECURITY_BCRYPT_COST: '10', SECURITY_HASH_THREADS: '0' };

const registration = (username: string) => ({ username, password: 's3cret' });

/** Sends a registration whose client does not wait for the answer. */
async function hangingUp(server: ServerProcess, username: string) {
  const client = await slowClient(server.url);
  const body = JSON.stringify(registration(username));
  client.send(`POST /register HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return client;
}

describe('registrations', { timeout: 90_000 }, () => {
  test('200 at once do not keep anybody from logging in', async ({ program }) => {
    const server = await program.start({ settings: DEAR });
    await server.register('ann');
    let registered = 0;
    const flood = Array.from({ length: 200 }, async (_, i) => {
      const { status } = await server.request('POST', '/register', registration(`u${i}`));
      if (status === 200) registered++;
      return status;
    });
    await Promise.race(flood);
    const before = registered;
    await server.token('ann');
    // One may be under way on each thread, and one more may have its turn.
    expect(registered - before).toBeLessThan(5);
    const statuses = await Promise.all(flood);
    // 503: where a hash takes so long that the last ones would wait too long.
    expect(statuses.filter(status => ![200, 429, 503].includes(status))).toEqual([]);
    expect(statuses.filter(status => status === 429).length).toBeGreaterThan(20);
  });

  test('of clients that hung up are not done', async ({ program }) => {
    const server = await program.start({ settings: DEAR });
    await server.register('ann'); // the thread that hashes is there from here on
    const names = Array.from({ length: 8 }, (_, i) => `u${i}`);
    const clients = await Promise.all(names.map(name => hangingUp(server, name)));
    for (const client of clients) client.close();
    await server.register('bob');
    let made = 0;
    for (const name of names) {
      const { status } = await server.request('POST', '/register', registration(name));
      if (status === 409) made++;
      else expect(status).toBe(200);
    }
    expect(made).toBeLessThan(6);
  });
});
