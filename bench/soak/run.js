/**
 * `npm run soak`: a real server among honest clients, strangers and broken clients, killed and started again meanwhile.
 * Exit code 0: nothing acknowledged was lost, no 5xx but 503 and 507, every answer was one that was meant.
 * `--minutes N` (10, at most 600), `--mongo URI`, `--cost N` (bcrypt's; the server's own unless given), `--write` puts the result into docs/reliability.md.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { table, writePage } from './report.js';
import { Server } from './server.js';
import { Soak } from './soak.js';
import { Tally } from './tally.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    mongo: { type: 'string' },
    cost: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 600)) throw new Error('--minutes takes a number above 0, at most 600');

const folder = mkdtempSync(path.join(os.tmpdir(), 'keybin-soak-'));
const tally = new Tally();
const host = values.mongo ?? `file:${path.join(folder, 'data')}`;
const server = new Server(folder, host, `soak_${Date.now()}`, tally, values.cost);
const soak = new Soak(server, tally, minutes * 60);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => soak.interrupt());
try {
  const result = await soak.run();
  const engine = values.mongo === undefined ? 'the embedded engine' : 'MongoDB';
  const text = table({ ...result, minutes, engine, tally });
  console.log(`\n${text}`);
  if (tally.faults.size > 0) console.log(`\nThe log of the server ends with:\n${server.lastLines()}`);
  if (values.write) writePage(text);
  process.exitCode = tally.faults.size === 0 && tally.checked > 0 ? 0 : 1;
} finally {
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
}
