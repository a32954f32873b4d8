/** What keeps the way to MongoDB alive when the driver has got stuck. */

import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { beforeAll, expect, type TestContext, test, vi } from 'vitest';
import { openMongo } from '../../src/storage/mongo/index.ts';
import type { Storage } from '../../src/storage/port.ts';
import { testClock } from '../support/clock.ts';
import { forEachEngine, mongoUri } from '../support/engines.ts';
import { type FaultProxy, faultProxy } from '../support/fault.ts';
import { things } from './contract/things.ts';

interface Opened {
  readonly proxy: FaultProxy;
  readonly storage: Storage;
  /** The log's messages, as they come. */
  readonly lines: readonly string[];
}

/** The engine behind a proxy, with options added to its connection string. */
async function behindProxy({ onTestFinished }: TestContext, options = ''): Promise<Opened> {
  const proxy = await faultProxy(mongoUri());
  const database = `keybin_test_${randomBytes(6).toString('hex')}`;
  const lines: string[] = [];
  const note = (_: object, message: string) => lines.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const storage = openMongo({ host: proxy.uri + options, database, names: {}, specs: [things] }, testClock(), log);
  onTestFinished(async () => {
    await storage.close();
    await proxy.close();
    const client = new MongoClient(mongoUri());
    await client.db(database).dropDatabase();
    await client.close();
  });
  await storage.ready;
  return { proxy, storage, lines };
}

const { write } = Socket.prototype;

/** By port of the proxy: what to wait for, and whom to tell. */
const traps = new Map<number, { mark: string; sprung: () => void }>();

beforeAll(() => {
  const writeOrTrap = function (this: Socket, ...args: Parameters<typeof write>): boolean {
    const [chunk] = args;
    const port = this.remotePort ?? 0;
    const trap = traps.get(port);
    if (trap !== undefined && Buffer.isBuffer(chunk) && chunk.includes(trap.mark)) {
      traps.delete(port);
      this.destroy();
      trap.sprung();
    }
    return write.apply(this, args);
  };
  Socket.prototype.write = writeOrTrap as typeof write;
  return () => {
    Socket.prototype.write = write;
  };
});

/**
 * Has the driver write the next message that contains `mark` to a socket that has ended and not said so yet, as happens when a
 * server goes down. Resolves then.
 */
function writeTooLate(proxy: FaultProxy, mark: string): Promise<void> {
  const port = Number(/:(\d+)\//.exec(proxy.uri)?.[1]);
  return new Promise(sprung => {
    traps.set(port, { mark, sprung });
  });
}

const HEARTBEAT = 'hello\0';
const stuck = (lines: readonly string[]) => lines.filter(line => line.includes('is stuck'));

function untilAnswered(storage: Storage): Promise<void> {
  return vi.waitFor(() => storage.ping(), { timeout: 15_000, interval: 100 });
}

forEachEngine('mongodb engine', () => {
  test.concurrent('whose driver does not look at the server any more connects anew', async context => {
    const { proxy, storage, lines } = await behindProxy(context);
    const collection = storage.collection(things);
    const written = writeTooLate(proxy, HEARTBEAT);
    proxy.reset(); // a new heartbeat follows, in whatever way the server is watched
    await written;
    expect(await collection.get(['s', 'a'])).toBeUndefined();
    proxy.reset();
    // A server that is asked for news by a connection of its own kind may be seen again all the same.
    const read = () => collection.get(['s', 'a']).catch(error => error.code);
    expect([undefined, 'storage_unavailable']).toContain(await read());
    await pause(1500); // the server is there all the time, and the driver may not see it
    const second = await read();
    expect([undefined, 'storage_unavailable']).toContain(second);
    await untilAnswered(storage);
    await collection.insert({ space: 's', id: 'a', note: 'n' });
    expect(await collection.get(['s', 'a'])).toMatchObject({ note: 'n' });
    const told = stuck(lines);
    for (const line of told) expect(line).toMatch(/heartbeat of 127\.0\.0\.1:\d+ has no end/);
    expect(told).toHaveLength(second === undefined ? 0 : 1);
  });

  for (const does of ['connects anew when it is back', 'closes at once']) {
    test.concurrent(`whose driver is stuck while the server is down ${does}`, async context => {
      const { proxy, storage, lines } = await behindProxy(context);
      const written = writeTooLate(proxy, HEARTBEAT);
      proxy.reset();
      await written;
      proxy.refuse();
      await vi.waitFor(() => expect(lines.at(-1)).toContain('cannot be reached'), { timeout: 15_000 });
      if (does !== 'closes at once') {
        proxy.restore();
        await untilAnswered(storage);
      }
      const asked = performance.now();
      await storage.close();
      expect(performance.now() - asked).toBeLessThan(2500);
      expect(stuck(lines)).toHaveLength(1);
    });
  }

  test.concurrent('whose server hangs for long and goes on is not connected anew', async context => {
    const { proxy, storage, lines } = await behindProxy(context);
    proxy.freeze();
    await pause(10_000);
    proxy.restore();
    await untilAnswered(storage);
    expect(stuck(lines)).toEqual([]);
  });

  test('whose driver has lost its connections gets new ones', { timeout: 60_000 }, async context => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    context.onTestFinished(() => {
      vi.useRealTimers();
    });
    const { proxy, storage, lines } = await behindProxy(context, '&maxPoolSize=1');
    const written = writeTooLate(proxy, 'find\0');
    const refused = expect(storage.collection(things).get(['s', 'a'])).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
    await written;
    // Five times as fast as time, no more: the heartbeats keep their own.
    for (let tick = 0; tick < 65; tick++) {
      vi.advanceTimersByTime(1000);
      await pause(200);
    }
    await refused;
    expect(stuck(lines)).toEqual([expect.stringContaining('1 connections do not return')]);
    await untilAnswered(storage);
  });
}, ['mongodb']);
