import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { nodeDisk } from '../../../src/cli/dotsync/engine/node-disk.ts';
import { Busy, lock } from '../../../src/cli/dotsync/home/lock.ts';

const LOCK = new URL('../../../dist/cli/dotsync/home/lock.js', import.meta.url);
const DISK = new URL('../../../dist/cli/dotsync/engine/node-disk.js', import.meta.url);

const at_once = () => Promise.resolve();

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keybin-locks-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'locks');
}

/** A process that takes a lock and keeps it. */
async function holder(folder: string): Promise<ReturnType<typeof spawn>> {
  const source = `
    import { lock } from ${JSON.stringify(fileURLToPath(LOCK))};
    import { nodeDisk } from ${JSON.stringify(fileURLToPath(DISK))};
    await lock(nodeDisk, ${JSON.stringify(folder)}, 'work');
    console.log('mine');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

it('one at a time; a purpose knows nothing of the other one', async () => {
  const folder = await newFolder();
  const free = await lock(nodeDisk, folder, 'work', at_once);
  await expect(lock(nodeDisk, folder, 'work', at_once)).rejects.toThrow(Busy);
  (await lock(nodeDisk, folder, 'watch', at_once))();
  free();
  (await lock(nodeDisk, folder, 'work', at_once))();
  expect(readdirSync(folder)).toEqual([]);
});

it('what a killed process leaves is no lock', async () => {
  const folder = await newFolder();
  const child = await holder(folder);
  await expect(lock(nodeDisk, folder, 'work', at_once)).rejects.toThrow(Busy);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  (await lock(nodeDisk, folder, 'work', at_once))();
  expect(readdirSync(folder)).toEqual([]);
});

it('a process with the number of one that is gone is another one', async () => {
  const folder = await newFolder();
  const free = await lock(nodeDisk, folder, 'work', at_once);
  const [name = ''] = readdirSync(folder);
  free();
  nodeDisk.create(join(folder, name.replace(/\.[^.]+\.\d+$/, '.before-1.1')), new Uint8Array(), '0600');
  (await lock(nodeDisk, folder, 'work', at_once))();
  expect(readdirSync(folder)).toEqual([]);
});

it('of many that begin at once, never two have it', async () => {
  const folder = await newFolder();
  let holding = 0;
  let had = 0;
  const one = async () => {
    for (let round = 0; round < 5; round++) {
      const free = await lock(nodeDisk, folder, 'work', () => new Promise(resolve => setImmediate(resolve))).catch(
        () => undefined,
      );
      if (free === undefined) continue;
      expect(++holding).toBe(1);
      await Promise.resolve();
      holding--;
      had++;
      free();
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  expect(had).toBeGreaterThan(0);
});
