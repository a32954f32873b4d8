import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { newAccount, newToken, statuses, tally } from './open-keybin.ts';

/** Tokens asked for at once, each for a client of its own. One address may have eight waiting. */
function atOnce(servers: readonly TestServer[], count: number, username: string, password: string): Promise<number[]> {
  return statuses(
    Array.from({ length: count }, (_, i) => {
      const server = servers[i % servers.length] as TestServer;
      return server.request('POST', '/token', { username, password, client_id: `client ${i}` });
    }),
  );
}

forEachEngine('logins in parallel', engine => {
  const keybin = sharedServer(engine);

  test('50 wrong ones: five are told so, the rest is 429', async () => {
    const { server } = keybin;
    const login = await newAccount(server);
    expect(tally(await atOnce([server], 50, login.username, 'wrong'))).toEqual({ 403: 5, 429: 45 });
    expect((await server.request('POST', '/token', login)).status).toBe(429);
  });

  test('8 correct ones all succeed', async () => {
    const { server } = keybin;
    const login = await newAccount(server);
    expect(tally(await atOnce([server], 8, login.username, login.password))).toEqual({ 200: 8 });
  });

  test('8 correct ones all succeed after four failures', async () => {
    const { server } = keybin;
    const login = await newAccount(server);
    for (let i = 0; i < 4; i++) await server.request('POST', '/token', { ...login, password: 'wrong' });
    expect(tally(await atOnce([server], 8, login.username, login.password))).toEqual({ 200: 8 });
  });

  test('waiting is capped: of very many some are 429 at once, none is another error, and the account opens after', async () => {
    const { server } = keybin;
    const login = await newAccount(server);
    const answers = tally(await atOnce([server], 130, login.username, login.password));
    // A server of MongoDB that cannot keep up is 503 after two seconds, and should be.
    const told = engine.name === 'mongodb' ? ['200', '429', '503'] : ['200', '429'];
    expect(Object.keys(answers).filter(status => !told.includes(status))).toEqual([]);
    expect(answers[200]).toBeGreaterThanOrEqual(8);
    await newToken(server, login);
  });

  test('over two servers the limit is one', async () => {
    const alone = await openServer(engine);
    const servers = [alone.server, await anotherServer(alone)];
    const login = await newAccount(alone.server);
    expect(tally(await atOnce(servers, 30, login.username, 'wrong'))).toEqual({ 403: 5, 429: 25 });
    for (const server of servers) expect((await server.request('POST', '/token', login)).status).toBe(429);
  });

  test('over two servers correct ones all succeed', async () => {
    const alone = await openServer(engine);
    const servers = [alone.server, await anotherServer(alone)];
    const login = await newAccount(alone.server);
    expect(tally(await atOnce(servers, 8, login.username, login.password))).toEqual({ 200: 8 });
  });
});
