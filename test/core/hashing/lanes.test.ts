import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import type { Caller } from '../../../src/base/caller.ts';
import { createLanes, type LaneName } from '../../../src/core/hashing/lanes.ts';

/** As much work as a hash of cost 10: 50 ms until the lanes know better. */
const HASH = 1024;

afterEach(() => void vi.useRealTimers());

/** Lanes whose work ends when the test says so. */
function openLanes(threads: number) {
  const lanes = createLanes(threads);
  const started: string[] = [];
  const finish: (() => void)[] = [];
  let outcomes: Record<string, string> = {};
  return {
    started,
    /** How what was asked for ended, by name: `done`, or the code of its error. */
    outcomes: () => outcomes,
    forget() {
      outcomes = {};
      started.length = 0;
    },
    ask(name: string, lane: LaneName, caller: Caller | undefined, units = HASH): void {
      const work = () =>
        new Promise<void>(resolve => {
          started.push(name);
          finish.push(resolve);
        });
      lanes.run(lane, caller, units, work).then(
        () => Object.assign(outcomes, { [name]: 'done' }),
        error => Object.assign(outcomes, { [name]: error.code }),
      );
    },
    /** Ends the oldest work under way, `times` times. */
    async turn(times = 1) {
      for (let i = 0; i < times; i++) {
        finish.shift()?.();
        await pause(0);
      }
    },
    drain: () => lanes.drain(),
  };
}

const from = (address: string): Caller => ({ address });

test.each([
  { threads: 1, ahead: 1 },
  { threads: 2, ahead: 0 },
  { threads: 4, ahead: 0 },
])(
  'of 200 registrations at most $ahead is served before a login, with $threads threads',
  async ({ threads, ahead }) => {
    const { ask, turn, started } = openLanes(threads);
    for (let i = 0; i < 200; i++) ask(`registration ${i}`, 'registrations', from(`198.51.100.${i}`));
    ask('login', 'logins', from('192.0.2.1'));
    await turn(ahead);
    expect(started.at(-1)).toBe('login');
  },
);

test('registrations have one of four turns while logins wait', async () => {
  const { ask, turn, started, forget } = openLanes(1);
  ask('first', 'logins', from('192.0.2.1'));
  forget();
  for (let i = 0; i < 8; i++) {
    ask(`login ${i}`, 'logins', from(`198.51.100.${i}`));
    ask(`registration ${i}`, 'registrations', from(`198.51.100.${i}`));
  }
  await turn(8);
  expect(started.map(name => name.split(' ')[0]).filter(name => name === 'registration')).toHaveLength(2);
});

test('addresses take turns, each in the order of its calls; one IPv6 household is one', async () => {
  const { ask, turn, started, forget } = openLanes(1);
  ask('first', 'logins', from('192.0.2.1'));
  forget();
  for (let i = 0; i < 4; i++) ask(`a${i}`, 'logins', from(`2001:db8::${i}`));
  ask('b0', 'logins', from('192.0.2.2'));
  ask('b1', 'logins', from('192.0.2.2'));
  ask('c0', 'logins', from('192.0.2.3'));
  await turn(7);
  expect(started).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'a2', 'a3']);
});

test('of one address eight wait in a lane: the next is 429, those of others and of the other lane are not', async () => {
  const { ask, turn, outcomes } = openLanes(1);
  ask('under way', 'logins', from('192.0.2.1'));
  for (let i = 0; i < 10; i++) ask(`${i}`, 'logins', from('192.0.2.1'));
  ask('registration', 'registrations', from('192.0.2.1'));
  ask('other', 'logins', from('192.0.2.2'));
  await pause(0);
  expect(outcomes()).toEqual({ 8: 'rate_limited', 9: 'rate_limited' });
  await turn(11);
  expect(Object.values(outcomes()).filter(outcome => outcome === 'done')).toHaveLength(11);
});

test('what a client has hung up on is not done, and takes no room', async () => {
  const { ask, turn, started, outcomes, forget } = openLanes(1);
  ask('under way', 'logins', from('192.0.2.1'));
  let gone = false;
  for (let i = 0; i < 8; i++) ask(`gone ${i}`, 'logins', { address: '192.0.2.1', gone: () => gone });
  gone = true;
  forget();
  ask('next', 'logins', from('192.0.2.1'));
  await turn(1);
  expect(started).toEqual(['next']);
  await turn(1);
  expect(outcomes()).toMatchObject({ next: 'done', 'gone 0': 'server_busy', 'gone 7': 'server_busy' });
});

test('who would wait longer than five seconds is told so at once', async () => {
  const { ask, outcomes } = openLanes(1);
  // A hash takes about 50 ms: there is room for about a hundred.
  for (let i = 0; i < 150; i++) ask(`${i}`, 'logins', from(`198.51.100.${i}`));
  await pause(0);
  const refused = Object.entries(outcomes());
  expect(refused.every(([name, code]) => Number(name) > 90 && code === 'server_busy')).toBe(true);
  expect(refused.length).toBeGreaterThan(40);
});

test('who has waited for five seconds waits no longer', async () => {
  vi.useFakeTimers();
  const { ask, outcomes } = openLanes(1);
  ask('under way', 'logins', from('192.0.2.1'));
  ask('waits', 'logins', from('192.0.2.2'));
  await vi.advanceTimersByTimeAsync(4_999);
  expect(outcomes()).toEqual({});
  await vi.advanceTimersByTimeAsync(1);
  expect(outcomes()).toEqual({ waits: 'server_busy' });
});

test('the server itself waits for nobody, and is not refused', async () => {
  vi.useFakeTimers();
  const { ask, turn, started, outcomes } = openLanes(1);
  for (let i = 0; i < 150; i++) ask(`${i}`, 'logins', from(`198.51.100.${i}`));
  for (let i = 0; i < 20; i++) ask('own', 'logins', undefined);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(outcomes()).not.toHaveProperty('own');
  vi.useRealTimers();
  await turn(1);
  expect(started.at(-1)).toBe('own');
});

test('after a stop what waits and what comes is refused, and what is under way is waited for', async () => {
  const { ask, turn, outcomes, drain } = openLanes(1);
  ask('under way', 'logins', from('192.0.2.1'));
  ask('waits', 'registrations', from('192.0.2.1'));
  ask('own', 'logins', undefined);
  let drained = false;
  const draining = drain().then(() => {
    drained = true;
  });
  ask('late', 'logins', from('192.0.2.1'));
  await pause(0);
  expect([outcomes(), drained]).toEqual([{ waits: 'server_busy', own: 'server_busy', late: 'server_busy' }, false]);
  await turn(1);
  await draining;
  expect(outcomes()).toHaveProperty('under way', 'done');
});
