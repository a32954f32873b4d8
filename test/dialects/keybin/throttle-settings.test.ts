import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { newAccount, newToken } from './open-keybin.ts';

async function guess(server: TestServer, username: string, times: number): Promise<number[]> {
  const answers: number[] = [];
  for (let i = 0; i < times; i++) {
    answers.push((await server.request('POST', '/token', { username, password: 'wrong' })).status);
  }
  return answers;
}

forEachEngine('the throttle', engine => {
  test('can be switched off', async () => {
    const { server } = await openServer(engine, { options: { SECURITY_THROTTLE: 'false' } });
    const login = await newAccount(server);
    expect(new Set(await guess(server, login.username, 20))).toEqual(new Set([403]));
    await newToken(server, login);
  });

  test('takes its numbers from the configuration', async () => {
    const options = { SECURITY_FAILURES_PER_PAIR: '2', SECURITY_PAIR_WINDOW: '10' };
    const { server } = await openServer(engine, { options });
    const login = await newAccount(server);
    expect(await guess(server, login.username, 3)).toEqual([403, 403, 429]);
    const answer = await server.request('POST', '/token', login);
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([429, '10']);
    server.clock.advance(10_000);
    await newToken(server, login);
  });

  test('follows the configuration while the server runs', async () => {
    const { server } = await openServer(engine);
    const login = await newAccount(server);
    expect(await guess(server, login.username, 6)).toEqual([403, 403, 403, 403, 403, 429]);
    await server.configure({ SECURITY_THROTTLE: 'false' });
    await newToken(server, login);
    await server.configure({ SECURITY_THROTTLE: 'true' });
    expect((await server.request('POST', '/token', login)).status).toBe(429);
    await server.configure({ SECURITY_FAILURES_PER_PAIR: '7' });
    expect(await guess(server, login.username, 3)).toEqual([403, 403, 429]);
  });

  test('holds over a restart', async () => {
    const keybin = await openServer(engine);
    const login = await newAccount(keybin.server);
    await guess(keybin.server, login.username, 5);
    await keybin.server.stop();
    const restarted = await anotherServer(keybin);
    expect((await restarted.request('POST', '/token', login)).status).toBe(429);
  });
});
