import { expect, test } from 'vitest';
import { throttleSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newName, openServer, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { type Login, newAccount, newToken, newUser } from './open-keybin.ts';

/** Every test starts beyond what the ones before it left. */
const HOUR = 3_600_000;

/** Guesses wrong `times` times, one after the other; returns the statuses. */
async function guess(server: TestServer, { username }: Login, times: number): Promise<number[]> {
  const answers: number[] = [];
  for (let i = 0; i < times; i++) {
    answers.push((await server.request('POST', '/token', { username, password: `wrong ${i}` })).status);
  }
  return answers;
}

const refused = (times: number) => Array<number>(times).fill(403);

forEachEngine('guessing passwords', engine => {
  const keybin = sharedServer(engine);
  const request = (method: string, path: string, body?: unknown) => keybin.server.request(method, path, body);

  test('is 429 with Retry-After after five failures, for the right password too', async () => {
    const login = await newAccount(keybin.server);
    expect(await guess(keybin.server, login, 6)).toEqual([...refused(5), 429]);
    const answer = await request('POST', '/token', login);
    expect(answer.status).toBe(429);
    expect(answer.json).toEqual({ error: expect.any(String), code: 'rate_limited' });
    expect(answer.headers.get('Retry-After')).toBe('900');
    expect((await request('DELETE', '/unregister', login)).status).toBe(429);
    keybin.server.clock.advance(HOUR);
  });

  test('goes on when 15 minutes after the first failure are over, to the millisecond', async () => {
    const { clock } = keybin.server;
    const login = await newAccount(keybin.server);
    expect(await guess(keybin.server, login, 1)).toEqual(refused(1));
    clock.advance(60_000);
    expect(await guess(keybin.server, login, 4)).toEqual(refused(4));
    expect((await request('POST', '/token', login)).headers.get('Retry-After')).toBe('840');
    clock.advance(839_999);
    const last = await request('POST', '/token', login);
    expect([last.status, last.headers.get('Retry-After')]).toEqual([429, '1']);
    clock.advance(1);
    await newToken(keybin.server, login);
    clock.advance(HOUR);
  });

  test('counts from anew after a correct login', async () => {
    const login = await newAccount(keybin.server);
    for (let round = 0; round < 2; round++) {
      expect(await guess(keybin.server, login, 4)).toEqual(refused(4));
      await newToken(keybin.server, login);
    }
    keybin.server.clock.advance(HOUR);
  });

  test('counts unregister and token together', async () => {
    const login = await newAccount(keybin.server);
    const wrong = { ...login, password: 'wrong' };
    for (const [method, path] of [
      ['DELETE', '/unregister'],
      ['POST', '/token'],
    ] as const) {
      expect((await request(method, path, wrong)).status).toBe(403);
      expect((await request(method, path, wrong)).status).toBe(403);
    }
    expect((await request('DELETE', '/unregister', wrong)).status).toBe(403);
    expect((await request('POST', '/token', login)).status).toBe(429);
    expect((await request('DELETE', '/unregister', login)).status).toBe(429);
    keybin.server.clock.advance(HOUR);
  });

  test('of a name that nobody has ends the same way, so that it tells nothing', async () => {
    const nobody = { username: newName(), password: 'any' };
    expect(await guess(keybin.server, nobody, 6)).toEqual([...refused(5), 429]);
    keybin.server.clock.advance(HOUR);
  });

  test('stops one account and no other', async () => {
    const stopped = await newAccount(keybin.server);
    const other = await newAccount(keybin.server);
    await guess(keybin.server, stopped, 5);
    expect((await request('POST', '/token', stopped)).status).toBe(429);
    await newToken(keybin.server, other);
    keybin.server.clock.advance(HOUR);
  });

  test('does not touch tokens that were given out', async () => {
    const { login, path } = await newUser(keybin.server);
    await guess(keybin.server, login, 6);
    expect((await request('POST', `${path}/store/a`, { value: 1 })).status).toBe(200);
    expect((await request('POST', `${path}/renew`)).status).toBe(200);
    expect((await request('GET', `${path}/keys`)).json).toEqual({ keys: ['a'] });
    keybin.server.clock.advance(HOUR);
  });

  test('is not what a request of a wrong shape does', async () => {
    const login = await newAccount(keybin.server);
    for (let i = 0; i < 8; i++) {
      expect((await request('POST', '/token', { ...login, password: '' })).status).toBe(400);
      expect((await request('POST', '/token', { ...login, client_id: 5 })).status).toBe(400);
      expect((await request('POST', '/token', '{')).status).toBe(400);
    }
    await newToken(keybin.server, login);
  });

  test('is not what asking with bad tokens is', async () => {
    const { path } = await newUser(keybin.server);
    const guesses = Array.from({ length: 120 }, (_, i) => request('GET', `/user/${i}-bad/keys`));
    expect(new Set((await Promise.all(guesses)).map(answer => answer.status))).toEqual(new Set([403]));
    expect((await request('GET', `${path}/keys`)).status).toBe(200);
  });

  test('is 429 for every account after 100 failures from one address in an hour', async () => {
    const { server, opened } = await openServer(engine);
    const login = await newAccount(server);
    for (let i = 0; i < 20; i++)
      expect(await guess(server, { ...login, username: `name ${i}` }, 5)).toEqual(refused(5));
    const answer = await server.request('POST', '/token', login);
    expect(answer.status).toBe(429);
    expect(answer.headers.get('Retry-After')).toBe('3600');
    opened.clock.advance(HOUR - 1);
    expect((await server.request('POST', '/token', login)).status).toBe(429);
    opened.clock.advance(1);
    await newToken(server, login);
  });

  test('a correct login does not forgive the failures of its address', async () => {
    const options = { SECURITY_FAILURES_PER_ADDRESS: '6' };
    const { server } = await openServer(engine, { options });
    const login = await newAccount(server);
    expect(await guess(server, login, 4)).toEqual(refused(4));
    await newToken(server, login);
    expect(await guess(server, login, 3)).toEqual([403, 403, 429]);
    expect((await server.request('POST', '/token', login)).status).toBe(429);
  });

  test('leaves counters that name neither accounts nor addresses', async () => {
    const { server, opened } = await openServer(engine);
    const login = await newAccount(server, { username: 'ann-of-the-counters' });
    await guess(server, login, 2);
    await guess(server, { ...login, username: 'nobody-of-the-counters' }, 2);
    const { items } = await opened.storage.collection(throttleSpec).scan({ limit: 10 });
    expect(items).toHaveLength(3);
    expect(JSON.stringify(items)).not.toMatch(/of-the-counters|127\.0\.0\.1|wrong/);
  });
});
