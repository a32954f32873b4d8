import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { forEachEngine, mongoUri } from '../support/engines.ts';
import { type FaultProxy, faultProxy } from '../support/fault.ts';
import { eventually, type Program, type ServerProcess, type Settings, test } from '../support/process.ts';
import type { Answer } from '../support/request.ts';

/** Two seconds are promised; a busy machine gets more. */
const PROMISED = 5_000;

const isOk = (answer: Answer) => answer.status === 200;

/** A server behind a proxy that can fail. */
async function behindProxy(program: Program): Promise<{ proxy: FaultProxy; settings: Settings }> {
  const proxy = await faultProxy(mongoUri());
  return { proxy, settings: { STORE_HOST: proxy.uri, STORE_DATABASE: program.database() } };
}

/** Everything a client may ask for, with a valid token, in the words of `request`. */
function everyRequest(token: string): readonly (readonly [string, string, unknown?])[] {
  const ann = { username: 'ann', password: 's3cret' };
  return [
    ['GET', '/readyz'],
    ['POST', '/register', { ...ann, username: 'bob' }],
    ['POST', '/token', ann],
    ['GET', `/user/${token}/keys`],
    ['GET', `/user/${token}/store/greeting`],
    ['POST', `/user/${token}/store/greeting`, { value: 'later' }],
    ['DELETE', `/user/${token}/store/greeting`],
    ['POST', `/user/${token}/renew`],
  ];
}

/**
 * Asks everything at once; each must be refused properly and soon. Returns the longest time, in milliseconds. Whether the server
 * is ready it may know from a second ago: that is asked `later`.
 */
async function allRefused(server: ServerProcess, token: string, later = true): Promise<number> {
  const requests = everyRequest(token).filter(([, path]) => later || path !== '/readyz');
  const times = requests.map(async ([method, path, body]) => {
    const asked = performance.now();
    const answer = await server.request(method, path, body);
    const took = performance.now() - asked;
    const what = `${method} ${path.replace(token, ':token')}`;
    expect([answer.status, answer.json?.code], what).toEqual([503, 'storage_unavailable']);
    expect(Number(answer.headers.get('Retry-After')), what).toBeGreaterThan(0);
    expect(took, what).toBeLessThan(PROMISED);
    return took;
  });
  return Math.max(...(await Promise.all(times)));
}

/** For whoever wants the numbers: `KEYBIN_TEST_TIMES=1`. */
function note(what: string, ms: number): void {
  if (process.env.KEYBIN_TEST_TIMES) console.info(`${what}: ${Math.round(ms)} ms`);
}

forEachEngine('a server', () => {
  test.concurrent('that starts while MongoDB is down stays up, says so, and is ready without a restart', async ({
    program,
  }) => {
    const { proxy, settings } = await behindProxy(program);
    proxy.refuse();
    const server = await program.start({ settings, until: /cannot be reached/ });
    expect(server.log.map(line => line.msg).slice(0, 3)).toEqual([
      expect.stringMatching(/listens on/),
      expect.stringMatching(/^data: MongoDB /),
      expect.stringMatching(/^tokens live/),
    ]);
    expect((await server.request('GET', '/livez')).status).toBe(200);
    const health = await server.request('GET', '/api/v1/health');
    expect([health.status, health.json.status, health.json.database_reachable]).toEqual([503, 'degraded', false]);
    note('refused while down at start', await allRefused(server, '5c1f1f0e-5a53-4a0f-9e5b-0a6a3f1f7d11'));
    proxy.restore();
    const restored = performance.now();
    await eventually(() => server.request('GET', '/readyz'), isOk);
    note('ready after start', performance.now() - restored);
    await server.register('ann');
    await server.token('ann');
    await server.stop();
    await proxy.close();
  });

  for (const fault of ['refuse', 'freeze'] as const) {
    const down = fault === 'refuse' ? 'goes down' : 'hangs';
    test.concurrent(`whose MongoDB ${down} refuses with Retry-After, and recovers by itself`, async ({ program }) => {
      const { proxy, settings } = await behindProxy(program);
      const server = await program.start({ settings });
      await server.register('ann');
      const token = await server.token('ann');
      const path = `/user/${token}/store/greeting`;
      await server.request('POST', path, { value: 'hello' });
      for (let round = 0; round < 2; round++) {
        proxy[fault]();
        note(`refused at once after ${fault}`, await allRefused(server, token, false));
        await pause(1_500);
        note(`refused later after ${fault}`, await allRefused(server, token));
        expect((await server.request('GET', '/livez')).status).toBe(200);
        proxy.restore();
        const restored = performance.now();
        await eventually(() => server.request('GET', '/readyz'), isOk);
        await eventually(() => server.request('GET', `/user/${token}/keys`), isOk);
        await eventually(() => server.request('POST', path, { value: `round ${round}` }), isOk);
        note(`recovered after ${fault}`, performance.now() - restored);
        expect((await server.request('GET', path)).json).toEqual({ value: `round ${round}` });
      }
      expect(server.log.some(line => line.level >= 40 && line.status === 503)).toBe(true);
      expect(server.log.filter(line => line.level >= 50)).toEqual([]);
      expect(server.stdout).not.toContain(token);
      await server.stop();
      await proxy.close();
    });
  }

  test.concurrent('whose connections are all cut once goes on as if nothing had been', async ({ program }) => {
    const { proxy, settings } = await behindProxy(program);
    const server = await program.start({ settings });
    await server.register('ann');
    const token = await server.token('ann');
    proxy.reset();
    await eventually(() => server.request('GET', `/user/${token}/keys`), isOk, 5_000);
    await eventually(() => server.request('POST', `/user/${token}/store/a`, { value: '1' }), isOk, 5_000);
    await server.stop();
    await proxy.close();
  });

  for (const fault of ['refuse', 'freeze'] as const) {
    const down = fault === 'refuse' ? 'is down' : 'hangs';
    test.concurrent(`whose MongoDB ${down} stops when asked, with code 0`, async ({ program }) => {
      const { proxy, settings } = await behindProxy(program);
      const server = await program.start({ settings });
      await server.register('ann');
      proxy[fault]();
      const answer = server.request('POST', '/token', { username: 'ann', password: 's3cret' });
      await pause(100);
      const asked = performance.now();
      server.signal('SIGTERM');
      expect((await answer).status).toBe(503);
      expect(await server.end()).toEqual({ code: 0, signal: null });
      note(`stopped while MongoDB ${down}`, performance.now() - asked);
      expect(performance.now() - asked).toBeLessThan(12_000);
      await proxy.close();
    });
  }

  test.concurrent('that has never reached MongoDB stops when asked, with code 0', async ({ program }) => {
    const { proxy, settings } = await behindProxy(program);
    for (const fault of ['refuse', 'freeze'] as const) {
      proxy[fault]();
      const server = await program.start({ settings, until: /^tokens live/ });
      await pause(300);
      const asked = performance.now();
      expect(await server.stop()).toEqual({ code: 0, signal: null });
      note(`stopped before ready, ${fault}`, performance.now() - asked);
    }
    await proxy.close();
  });
}, ['mongodb']);
