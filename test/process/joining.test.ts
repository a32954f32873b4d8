import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import { openEmbedded } from '../../src/storage/embedded/index.ts';
import type { Storage } from '../../src/storage/port.ts';

const JOINER = fileURLToPath(new URL('./joiner.js', import.meta.url));

/** How often each process opens the folder, and in how many rounds one is killed at it. */
const TIMES = 60;
const ROUNDS = 12;
/** How long a process is left to its opening before it is killed at it, at most; in milliseconds. */
const LONGEST = 60;

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keybin-joining-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function joiner(folder: string, times: number): ChildProcess {
  const child = spawn(process.execPath, [JOINER, `file:${folder}`, String(times)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function opened(folder: string): Promise<Storage> {
  const storage = await openEmbedded(
    { host: `file:${folder}`, database: 'store', names: {}, specs: [] },
    systemClock,
    silent,
  );
  onTestFinished(() => storage.close());
  await storage.ready;
  return storage;
}

/** Counts until `until` says so; returns how often. Each number must be another one than before. */
async function count(storage: Storage, until: () => boolean): Promise<number> {
  let done = 0;
  let last = 0;
  while (!until()) {
    const number = await storage.increment('counter');
    expect(number).toBeGreaterThan(last);
    last = number;
    done++;
  }
  return done;
}

describe('a process that opens a data folder into which others write', () => {
  test('takes nothing away that was acknowledged, and all go on', async () => {
    const folder = await temporaryFolder();
    const storage = await opened(folder);
    const children = [joiner(folder, TIMES), joiner(folder, TIMES)];
    let left = children.length;
    for (const child of children) void once(child, 'exit').then(() => left--);
    const done = await count(storage, () => left === 0);
    expect(children.map(child => child.exitCode)).toEqual([0, 0]);
    expect(await storage.increment('counter', 0)).toBe(done + children.length * TIMES * 3);
  }, 60_000);

  test('may be killed at it: the others write on after a moment', async () => {
    const folder = await temporaryFolder();
    const storage = await opened(folder);
    let killed = false;
    const counting = count(storage, () => killed);
    for (let round = 0; round < ROUNDS; round++) {
      const child = joiner(folder, 1000);
      const ended = once(child, 'exit');
      await expect
        .poll(
          () =>
            access(join(folder, 'keybin.mdb-opening')).then(
              () => true,
              () => false,
            ),
          { interval: 1, timeout: 20_000 },
        )
        .toBe(true);
      await pause(Math.random() * LONGEST);
      child.kill('SIGKILL');
      await ended;
    }
    killed = true;
    const done = await counting;
    expect(await storage.increment('counter', 0)).toBeGreaterThanOrEqual(done);
    expect(await storage.increment('counter')).toBeGreaterThan(done);
  }, 60_000);
});
