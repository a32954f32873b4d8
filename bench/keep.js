/**
 * How fast a data folder is backed up, verified and restored, with how much memory, and how long others wait meanwhile:
 *
 *     node bench/keep.js [ENTRIES] [MEBIBYTES OF CONTENTS]
 *
 * It works in a folder of its own below TMPDIR, which it removes in the end. CPU time is what counts on a machine that does other work as well.
 */

import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { collections } from '../dist/app.js';
import { systemClock } from '../dist/base/clock.js';
import { blobRefsSpec } from '../dist/core/collections.js';
import { openStorage } from '../dist/storage/open.js';
import { command } from './keep/command.js';
import { waitsDuring } from './keep/waits.js';
import { seed } from './seed.js';
import { startKeybin } from './servers.js';

const MEBIBYTE = 1024 * 1024;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * @typedef {{ name: string, part: 'documents' | 'contents', of: number, unit: string, cpu: number, start: number, wall: number, memory: number }} Measured
 *   `of`: how much was done, in `unit`; seconds of CPU, those of the mere start of the program, seconds, MB of its own memory
 */

/**
 * @param {number} entries
 * @param {number} mebibytes
 */
export async function keep(entries, mebibytes) {
  const folder = await mkdtemp(join(tmpdir(), 'keybin-keep-'));
  const data = join(folder, 'data');
  const host = `file:${data}`;
  const [whole, bare] = [join(folder, 'whole.gz'), join(folder, 'documents.gz')];
  /** @type {Measured[]} */
  const commands = [];
  try {
    await seed(host, '', entries);
    await seedContents(host, mebibytes);
    const start = await command(['backup', '--help'], host);
    /**
     * @param {string} name
     * @param {'documents' | 'contents'} part
     * @param {string[]} args
     */
    const measured = async (name, part, args) => {
      const cost = await command([name, ...args], host);
      const [of, unit] = part === 'documents' ? [entries, 'documents'] : [(mebibytes * MEBIBYTE) / 1e6, 'MB'];
      commands.push({
        name: part === 'documents' ? name : `${name} with contents`,
        part,
        of,
        unit,
        ...cost,
        start: start.cpu,
      });
    };
    await measured('backup', 'documents', [bare, '--exclude', 'blobs']);
    await measured('verify', 'documents', [bare]);
    await measured('restore', 'documents', [bare, '--to', `file:${join(folder, 'bare')}`]);
    await measured('backup', 'contents', [whole]);
    await measured('verify', 'contents', [whole]);
    await measured('restore', 'contents', [whole, '--to', `file:${join(folder, 'restored')}`]);
    const bytes = statSync(whole).size;
    const before = statSync(join(data, 'keybin.mdb')).size;
    const server = await startKeybin({ KEYBIN_STORE_HOST: host });
    const waits = await waitsDuring(server.url, entries, async () => {
      await command(['backup', bare, '--exclude', 'blobs'], host);
    });
    await server.stop();
    return { commands, waits, bytes, growth: statSync(join(data, 'keybin.mdb')).size - before };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [entries = 1_000_000, mebibytes = 1024] = process.argv.slice(2).map(Number);
  const { commands, waits, bytes, growth } = await keep(entries, mebibytes);
  for (const { name, of, unit, cpu, start, wall, memory } of commands) {
    const rate = Math.round(of / cpu).toLocaleString('en');
    console.log(
      `${name}: ${wall.toFixed(1)} s, ${cpu.toFixed(1)} s of CPU, ${start.toFixed(1)} of them its start (${rate} ${unit}/s), ${memory.toFixed(0)} MB of its own memory`,
    );
  }
  console.log(`the file with contents has ${(bytes / 1e6).toFixed(0)} MB`);
  for (const { name, count, without, during } of waits) {
    console.log(
      `${name} of a running server: longest ${during.toFixed(0)} ms of ${count}, ${without.toFixed(0)} ms without a backup`,
    );
  }
  console.log(`the data file has grown by ${(growth / 1e6).toFixed(1)} MB`);
}
