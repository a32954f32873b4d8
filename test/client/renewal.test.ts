import { afterEach, describe, expect, it, vi } from 'vitest';
import { collections } from '../../src/app.ts';
import { Keybin, type Renewing } from '../../src/client/index.ts';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import { testClock } from '../support/clock.ts';
import { embedded } from '../support/engines.ts';
import { newName } from '../support/served.ts';
import { startServer } from '../support/server.ts';
import { newNetwork } from './clients.ts';

describe('a token that is used', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A client with a token of ten minutes, on a server whose clock goes with that of the client. */
  async function client(work: (at: Awaited<ReturnType<typeof open>>) => Promise<void>, renewing: Renewing = {}) {
    const clock = testClock(Date.now());
    const opened = await embedded.open({ specs: collections, clock });
    const server = await startServer(opened);
    try {
      const username = newName();
      await createAccount(server.core, { username, password: 'right' });
      await work(await open(server.url, username, clock, renewing));
    } finally {
      await server.stop();
      await opened.cleanup();
    }
  }

  async function open(url: string, username: string, clock: ReturnType<typeof testClock>, renewing: Renewing) {
    vi.useFakeTimers({ toFake: ['Date'], now: clock.now() });
    const network = newNetwork();
    const { token } = await Keybin.signIn(url, { username, password: 'right', ttl: 600 });
    const renewed: Date[] = [];
    const known = 'expiresAt' in renewing ? { expiresAt: token.expiresAt } : {};
    const renewToken = { ...renewing, ...known, onRenew: (expiresAt: Date) => void renewed.push(expiresAt) };
    const keybin = new Keybin({ url, token: token.token, fetch: network.fetch, renewToken, retries: 0 });
    return {
      keybin,
      network,
      renewed,
      clock,
      /** Requests about the token. */
      asked: () => network.carried.filter(({ path }) => path.includes('/tokens')).map(({ method }) => method),
      /** So many seconds later something is read. */
      async later(seconds: number) {
        clock.advance(seconds * 1_000);
        vi.setSystemTime(clock.now());
        await keybin.limits();
        // What goes on beside it has been sent by now, and this is answered after it.
        await keybin.limits();
      },
    };
  }

  it('is renewed in the last third of its life, beside what is asked for', () =>
    client(
      async ({ later, asked, renewed, clock }) => {
        await later(0);
        await vi.waitUntil(() => asked().length === 1);
        await later(395);
        expect(asked()).toEqual(['GET']);
        await later(10);
        await vi.waitUntil(() => renewed.length === 1);
        expect(renewed[0]?.getTime()).toBe(clock.now() + 600_000);
        await later(395);
        await later(10);
        await vi.waitUntil(() => renewed.length === 2);
        expect(asked()).toEqual(['GET', 'POST', 'POST']);
      },
      { ttl: 600 },
    ));

  it('is not even looked at before, when its end is known; and what fails is tried again later', () =>
    client(
      async ({ later, asked, renewed, network }) => {
        await later(395);
        expect(asked()).toEqual([]);
        network.answer('POST', () => new Response('', { status: 500 }));
        await later(10);
        await vi.waitUntil(() => asked().length === 1);
        await later(5);
        expect([asked(), renewed]).toEqual([['POST'], []]);
        await later(6);
        await vi.waitUntil(() => renewed.length === 1);
      },
      { ttl: 600, expiresAt: new Date() },
    ));
});
