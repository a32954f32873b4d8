import { expect, it } from 'vitest';
import { Loop } from '../../../src/cli/dotsync/daemon/loop.ts';

/** Time that passes when the test says so; while the machine sleeps, its clock goes on and its timers stand still. */
class Time {
  #now = 1_000_000;
  #awake = 0;
  #due: { at: number; work: () => void }[] = [];

  readonly timer = {
    now: () => this.#now,
    after: (ms: number, work: () => void) => {
      const one = { at: this.#awake + ms, work };
      this.#due.push(one);
      return () => {
        this.#due = this.#due.filter(other => other !== one);
      };
    },
  };

  async pass(ms: number): Promise<void> {
    await settled();
    const end = this.#awake + ms;
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      this.#now += (next?.at ?? end) - this.#awake;
      this.#awake = next?.at ?? end;
      if (next === undefined) break;
      this.#due = this.#due.filter(one => one !== next);
      next.work();
      await settled();
    }
    await settled();
  }

  sleep(ms: number): void {
    this.#now += ms;
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function daemon() {
  const time = new Time();
  const rounds: string[] = [];
  const failures: number[] = [];
  const server: { error: unknown; patience: number | undefined } = { error: undefined, patience: 0 };
  const begun = time.timer.now();
  const loop = new Loop(
    time.timer,
    {
      async round(lazy) {
        rounds.push(`${(time.timer.now() - begun) / 1000}${lazy ? ' lazy' : ''}`);
        if (server.error !== undefined) throw server.error;
      },
      patience: () => server.patience,
      failed: (_, next) => void failures.push(next / 1000),
    },
    () => 0.5,
  );
  return { time, rounds, failures, server, loop };
}

it('begins with a round, and pulls every minute', async () => {
  const { time, rounds } = daemon();
  await time.pass(180_000);
  expect(rounds).toEqual(['0', '60', '120', '180']);
});

it('sends a change when none came for 300 ms, and after five seconds anyway', async () => {
  const { time, rounds, loop } = daemon();
  await time.pass(1000);
  loop.changed();
  await time.pass(200);
  loop.changed();
  await time.pass(1000);
  expect(rounds).toEqual(['0', '1.5 lazy']);
  for (let i = 0; i < 60; i++) {
    loop.changed();
    await time.pass(100);
  }
  expect(rounds).toHaveLength(3);
});

it('syncs when the machine wakes up, or somebody sets its clock', async () => {
  const { time, rounds } = daemon();
  await time.pass(21_000);
  time.sleep(8 * 3_600_000);
  await time.pass(5_000);
  expect(rounds).toEqual(['0', '28825']);
  time.sleep(-3_600_000);
  await time.pass(5_000);
  expect(rounds).toHaveLength(3);
});

it('tries less and less often while the server is away, no sooner than it says, and changes do not hasten it', async () => {
  const { time, rounds, failures, server, loop } = daemon();
  server.error = new Error('away');
  await time.pass(60_000);
  await time.pass(1_500_000);
  expect(failures.slice(0, 8)).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
  const before = rounds.length;
  loop.changed();
  await time.pass(1000);
  expect(rounds).toHaveLength(before);
  server.patience = 900;
  await time.pass(300_000);
  expect(failures.at(-1)).toBe(900);
  server.error = undefined;
  await time.pass(960_000);
  expect(failures.at(-1)).toBe(900);
  expect(rounds.length).toBeGreaterThan(before + 1);
});

it('ends when no round will succeed any more, and when it is told to', async () => {
  const { time, rounds, server, loop } = daemon();
  await time.pass(1000);
  server.error = new Error('signed out');
  server.patience = undefined;
  const ended = loop.ended.catch(error => error.message);
  await time.pass(600_000);
  expect([await ended, rounds]).toEqual(['signed out', ['0', '60']]);
  const other = daemon();
  await other.time.pass(1000);
  await other.loop.stop();
  await other.loop.ended;
  other.loop.changed();
  await other.time.pass(600_000);
  expect(other.rounds).toEqual(['0']);
});
