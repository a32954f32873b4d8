import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConditionError, Keybin, type Lock } from '../../src/client/index.ts';
import { forEachEngine } from '../support/engines.ts';
import { newUser, sharedServer } from '../support/served.ts';
import { newNetwork } from './clients.ts';
import { lossyWorld } from './lossy-world.ts';

const aborted = (signal: AbortSignal) =>
  new Promise<void>(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });

forEachEngine('a lock', engine => {
  const served = sharedServer(engine);

  const clients = async () => {
    const { token } = await newUser(served.server);
    const network = newNetwork();
    const { url } = served.server;
    return { network, first: new Keybin({ url, token, fetch: network.fetch }), second: new Keybin({ url, token }) };
  };

  it('is held by one, who frees it for the next that waits', async () => {
    const { first, second } = await clients();
    const lock = await first.lock('jobs/nightly', { value: 'desk' });
    expect(await (await second.get('jobs/nightly'))?.text()).toBe('desk');
    expect((await second.info('jobs/nightly'))?.expiresAt).toEqual(new Date(served.server.clock.now() + 30_000));
    await expect(second.lock('jobs/nightly')).rejects.toBeInstanceOf(ConditionError);
    await expect(second.lock('jobs/nightly', { wait: 0.2 })).rejects.toBeInstanceOf(ConditionError);
    const enough = new AbortController();
    const stopped = second.lock('jobs/nightly', { wait: 60, signal: enough.signal });
    setTimeout(() => enough.abort(new Error('enough')), 50);
    await expect(stopped).rejects.toThrow('enough');
    const waiting = second.lock('jobs/nightly', { wait: 60 });
    await lock[Symbol.asyncDispose]();
    const next = await waiting;
    expect(next.etag).not.toBe(lock.etag);
    await lock.release();
    expect((await first.info('jobs/nightly'))?.etag).toBe(next.etag);
    await next.release();
    expect([await first.info('jobs/nightly'), lock.signal.aborted]).toEqual([undefined, false]);
  });

  it('is renewed while it is held, also when answers are lost, and is lost when somebody else has it', async () => {
    const { first, second, network } = await clients();
    const lock = await first.lock('a', { ttl: 2 });
    const made = lock.etag;
    network.loseAnswers('POST', 2);
    await vi.waitUntil(() => lock.etag !== made, { timeout: 60_000 });
    expect((await second.info('a'))?.meta.holder).toMatch(/^[0-9a-f]{32}$/);
    served.server.clock.advance(2_001);
    const other = await second.lock('a', { ttl: 3600 });
    await aborted(lock.signal);
    expect(lock.signal.reason).toMatchObject({ code: 'lock_lost' });
    await lock.release();
    expect((await second.info('a'))?.etag).toBe(other.etag);
    await other.release();
  });
});

describe('locks over a network that loses, delays and parts', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('are never held by two at once, and go round', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.boolean(), async (seed, takesKeys) => {
        const taken = await fiveMinutes(seed, takesKeys);
        expect(taken).toBeGreaterThan(10);
      }),
      { numRuns: 5 },
    );
  });
});

/** Five minutes of four clients that want one lock; how often it was taken. Throws when two have it. */
async function fiveMinutes(seed: number, takesKeys: boolean): Promise<number> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  const world = lossyWorld(seed, takesKeys);
  vi.spyOn(Math, 'random').mockImplementation(world.random);
  const holders = new Set<number>();
  let taken = 0;
  let isOver = false;

  const work = async (lock: Lock, name: number) => {
    holders.add(name);
    taken++;
    if (holders.size > 1) throw new Error(`${[...holders]} hold it at once`);
    lock.signal.addEventListener('abort', () => holders.delete(name));
    await Promise.race([world.sleep(world.random() * 8_000), aborted(lock.signal)]);
    holders.delete(name);
    await lock.release().catch(() => {});
  };

  const live = async (name: number) => {
    const fetch = world.networkOf(name);
    const keybin = new Keybin({ url: 'http://keybin.example', fetch, timeout: 2_500, retries: 3 });
    while (!isOver) {
      const lock = await keybin.lock('lock', { ttl: 3, wait: 20 }).catch(() => undefined);
      if (lock) await work(lock, name);
      else await world.sleep(100);
    }
  };

  const lives = Promise.all([0, 1, 2, 3].map(live));
  lives.catch(() => {});
  await vi.advanceTimersByTimeAsync(300_000);
  isOver = true;
  world.mend();
  await vi.advanceTimersByTimeAsync(120_000);
  await lives;
  vi.useRealTimers();
  return taken;
}
