import { expect, test } from 'vitest';
import { entriesSpec, tombstonesSpec } from '../../src/core/collections.ts';
import { beginRounds } from '../../src/process/rounds.ts';
import { valueUser } from '../dialects/v2/values-support.ts';
import type { TestClock } from '../support/clock.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Begins the rounds of a server by the clock of the test: returns what lets time pass, and what ends them. */
function roundsOf({ app, core, clock }: TestServer) {
  const timers: { work: () => void; pause: number; due: number }[] = [];
  const stopping = new AbortController();
  const every = (work: () => void, pause: number) => {
    const timer = { work, pause, due: clock.elapsed() + pause };
    timers.push(timer);
    return () => timers.splice(timers.indexOf(timer), 1);
  };
  beginRounds({ app, core, log: silent, stopping: stopping.signal, every });
  return { pass: (seconds: number) => pass(seconds, clock), stop: () => stopping.abort(), timers };

  async function pass(seconds: number, clock: TestClock): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1000);
      for (const timer of timers.filter(({ due }) => due <= clock.elapsed())) {
        timer.due += timer.pause;
        timer.work();
      }
      await core.background.idle();
    }
  }
}

forEachEngine('what a process does by itself', engine => {
  test('takes away what has expired within a minute, asked or not, and tells who follows', async () => {
    const served = await openServer(engine);
    const { server } = served;
    const { core } = server;
    const user = await valueUser(served);
    const since = core.storage.atomicCommit ? (await user.send('GET', '/v2/changes')).json.cursor : undefined;
    await user.put('soon', 'x', {}, '?ttl=30');
    await user.put('later', 'x', {}, '?ttl=3000');
    const stored = async (key: string) =>
      (await core.storage.collection(entriesSpec).getEnded([user.accountId, key])) !== undefined;
    const mark = () => core.storage.collection(tombstonesSpec).get([user.accountId, 'soon']);
    const rounds = roundsOf(server);

    await rounds.pass(29);
    expect([await stored('soon'), await mark()]).toEqual([true, undefined]);
    const moment = new Date(server.clock.now() + 1000);
    await rounds.pass(60);
    expect([await stored('soon'), await stored('later')]).toEqual([false, true]);
    if (since !== undefined) {
      expect(await mark()).toMatchObject({ type: 'expire', at: moment });
      const { json } = await user.send('GET', `/v2/changes?since=${since}`);
      const told = { type: 'expire', key: 'soon', etag: null, at: moment.toISOString() };
      expect(json.changes.filter(({ key }: { key: string }) => key === 'soon')).toEqual([told]);
    }
    rounds.stop();
    expect(rounds.timers).toEqual([]);
  });

  test('waits while nothing may be written', async () => {
    const served = await openServer(engine);
    const { server } = served;
    const user = await valueUser(served);
    await user.put('soon', 'x', {}, '?ttl=30');
    const stored = () => server.core.storage.collection(entriesSpec).getEnded([user.accountId, 'soon']);
    await server.configure({ APP_READ_ONLY: 'true' });
    const rounds = roundsOf(server);
    await rounds.pass(90);
    expect(await stored()).toBeDefined();
    await server.configure({});
    await rounds.pass(20);
    expect(await stored()).toBeUndefined();
    rounds.stop();
  });
});
