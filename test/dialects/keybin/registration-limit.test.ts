import { expect, test } from 'vitest';
import { accountsSpec } from '../../../src/core/collections.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { anotherServer, newName, openServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { statuses, tally } from './open-keybin.ts';

const HOUR = 3_600_000;

/** Requests come from any address that they name. */
const OPTIONS = { APP_TRUSTED_PROXIES: '127.0.0.1', SECURITY_REGISTRATIONS_PER_ADDRESS: '3' };

const open = (engine: Engine, options: Record<string, string> = {}) =>
  openServer(engine, { options: { ...OPTIONS, ...options } });

function register(server: TestServer, address = '192.0.2.1', username = newName(), password = 'right') {
  return server.request('POST', '/register', { username, password }, { 'X-Forwarded-For': address });
}

/** Registers as many as may be. */
async function useUp(server: TestServer): Promise<void> {
  for (let i = 0; i < 3; i++) expect((await register(server)).status).toBe(200);
}

forEachEngine('registrations from one address', engine => {
  test('end at the limit, for an hour, and not those from others', async () => {
    const { server } = await open(engine);
    await useUp(server);
    const { status, headers, json } = await register(server);
    expect([status, json.code, headers.get('Retry-After')]).toEqual([429, 'rate_limited', '3600']);
    expect((await register(server, '192.0.2.2')).status).toBe(200);
    server.clock.advance(HOUR - 1);
    expect((await register(server)).status).toBe(429);
    server.clock.advance(1);
    expect((await register(server)).status).toBe(200);
  });

  test('count only where an account is made', async () => {
    const { server } = await open(engine);
    const name = newName();
    await register(server, '192.0.2.1', name);
    for (let i = 0; i < 3; i++) expect((await register(server, '192.0.2.1', name)).status).toBe(409);
    for (let i = 0; i < 3; i++) expect((await register(server, '192.0.2.1', newName(), '')).status).toBe(400);
    expect((await register(server)).status).toBe(200);
    expect((await register(server)).status).toBe(200);
    expect((await register(server)).status).toBe(429);
  });

  test('are not more than the limit at once either, at two servers; names that are refused can be had elsewhere', async () => {
    const served = await open(engine);
    const servers = [served.server, await anotherServer(served, { options: OPTIONS })];
    const attempts = Array.from({ length: 20 }, (_, i) => register(servers[i % 2] as TestServer));
    expect(tally(await statuses(attempts))).toEqual({ 200: 3, 429: 17 });
    expect(await served.server.core.storage.collection(accountsSpec).count({})).toBe(3);
  });

  test('are one number for Keybin and Verstak', async () => {
    const { server } = await open(engine);
    await useUp(server);
    const body = { username: newName(), email: 'ann@example.org', password: 'long enough' };
    const forwarded = { 'X-Forwarded-For': '192.0.2.1' };
    expect((await server.request('POST', '/api/v1/auth/register', body, forwarded)).status).toBe(429);
    const elsewhere = { 'X-Forwarded-For': '192.0.2.2' };
    expect((await server.request('POST', '/api/v1/auth/register', body, elsewhere)).status).toBe(200);
  });

  test('are not limited by 0, nor without the throttle', async () => {
    for (const [name, value] of [
      ['SECURITY_REGISTRATIONS_PER_ADDRESS', '0'],
      ['SECURITY_THROTTLE', 'false'],
    ] as const) {
      const { server } = await open(engine, { [name]: value });
      for (let i = 0; i < 5; i++) expect((await register(server)).status).toBe(200);
    }
  });
});
