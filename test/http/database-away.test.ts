import { expect, onTestFinished, test } from 'vitest';
import { collections } from '../../src/app.ts';
import { newUser } from '../dialects/keybin/open-keybin.ts';
import { type Engine, forEachEngine, mongoUri } from '../support/engines.ts';
import { faultProxy } from '../support/fault.ts';
import { startServer } from '../support/server.ts';

async function openBehindProxy(engine: Engine) {
  const proxy = await faultProxy(mongoUri());
  onTestFinished(() => proxy.close());
  const opened = await engine.open({ specs: collections, host: proxy.uri });
  onTestFinished(() => opened.cleanup());
  const server = await startServer(opened);
  onTestFinished(async () => {
    proxy.restore();
    await server.stop();
  });
  const { path } = await newUser(server);
  return { proxy, get: () => server.request('GET', `${path}/keys`) };
}

forEachEngine(
  'a database that is away',
  engine => {
    test.each(['refuse', 'freeze'] as const)(
      'is 503 with Retry-After within two seconds, and forgotten when it is back: %s',
      async fault => {
        const { proxy, get } = await openBehindProxy(engine);
        proxy[fault]();
        for (let i = 0; i < 3; i++) {
          const started = performance.now();
          const answer = await get();
          expect([answer.status, answer.json.code]).toEqual([503, 'storage_unavailable']);
          expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
          // Two seconds, and some for a busy machine.
          expect(performance.now() - started).toBeLessThan(3000);
        }
        proxy.restore();
        await expect.poll(async () => (await get()).status, { timeout: 20_000 }).toBe(200);
      },
    );

    test('is never taken for a mistake of ours, at whatever moment its connections end', async () => {
      const { proxy, get } = await openBehindProxy(engine);
      const codes = new Set<number>();
      for (let round = 0; round < 10; round++) {
        const before = Array.from({ length: 4 }, get);
        proxy.reset();
        const after = Array.from({ length: 4 }, get);
        for (const { status } of await Promise.all([...before, ...after])) codes.add(status);
      }
      expect([...codes].filter(status => status !== 200 && status !== 503)).toEqual([]);
      await expect.poll(async () => (await get()).status, { timeout: 20_000 }).toBe(200);
    });
  },
  ['mongodb'],
);
