/**
 * How fast a data folder is backed up, verified and restored, with how much memory:
 *
 *     node bench/keep.js [ENTRIES] [MEBIBYTES OF CONTENTS]
 *
 * It works in a folder of its own below TMPDIR, which it removes in the end. CPU time is what counts on a machine that does other work as well.
 */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collections } from '../dist/app.js';
import { systemClock } from '../dist/base/clock.js';
import { blobRefsSpec } from '../dist/core/collections.js';
import { openStorage } from '../dist/storage/open.js';
import { seed } from './seed.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const MEBIBYTE = 1024 * 1024;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const [entries = 1_000_000, mebibytes = 1024] = process.argv.slice(2).map(Number);

const folder = await mkdtemp(join(tmpdir(), 'keybin-keep-'));
try {
  const data = `file:${join(folder, 'data')}`;
  await seed(data, '', entries);
  await seedContents(data, mebibytes);
  const backup = join(folder, 'backup.ndjson.gz');
  await measured('backup', [backup], data);
  console.log(`the file has ${(statSync(backup).size / 1e6).toFixed(0)} MB`);
  await measured('backup without contents', [join(folder, 'documents.gz'), '--exclude', 'blobs'], data);
  await measured('verify', [backup], data);
  await measured('restore', [backup, '--to', `file:${join(folder, 'restored')}`], data);
  await measured(
    'restore without contents',
    [join(folder, 'documents.gz'), '--to', `file:${join(folder, 'bare')}`],
    data,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

/**
 * Contents of 8 MiB, each referred to once.
 * @param {string} host
 * @param {number} size in MiB
 */
async function seedContents(host, size) {
  const storage = await openStorage({ host, database: '', names: {}, specs: collections }, systemClock, silent);
  await storage.ready;
  for (let left = size; left > 0; left -= 8) {
    const content = randomBytes(8 * MEBIBYTE);
    const blob = await storage.blobs.put(
      (async function* () {
        yield content;
      })(),
      content.length,
    );
    const ref = { user_id: 'u', scope: 'kv', hash: blob.sha256, size: blob.size, created_at: new Date() };
    await storage.collection(blobRefsSpec).put(ref);
  }
  await storage.close();
}

/**
 * Runs a command and prints what it took.
 * @param {string} label
 * @param {string[]} args
 * @param {string} host
 */
async function measured(label, args, host) {
  const [command = ''] = label.split(' ');
  const begun = performance.now();
  const child = spawn(process.execPath, [MAIN, command, ...args], {
    env: { PATH: process.env.PATH, KEYBIN_STORE_HOST: host },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const most = { anonymous: 0, cpu: 0 };
  const look = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      most.anonymous = Math.max(most.anonymous, Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0));
      const [user = 0, system = 0] =
        readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13).map(Number) ?? [];
      most.cpu = (user + system) / 100;
    } catch {
      // It has ended.
    }
  }, 50);
  const [code] = await once(child, 'exit');
  clearInterval(look);
  if (code !== 0) throw new Error(`${label}: exit code ${code}`);
  const wall = (performance.now() - begun) / 1000;
  const rate = (/** @type {number} */ seconds) => Math.round(entries / seconds).toLocaleString('en-US');
  const memory = `${Math.round(most.anonymous / 1024)} MiB of its own memory`;
  console.log(
    `${label}: ${wall.toFixed(1)} s (${rate(wall)} documents/s), ${most.cpu.toFixed(1)} s of CPU (${rate(most.cpu)}/s), ${memory}`,
  );
}
