import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { test } from '../../../support/process.ts';
import { downloadSeen, pair, uploadMade, WITH_ACCOUNT } from './process.ts';

const MIB = 1_048_576;
const SIZE = 200_000_000;

/** Resident memory of a process in bytes, now and at its peak. */
async function memoryOf(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}

test('trap 10: 200 MB go into a server and out again, and its memory hardly grows', { timeout: 120_000 }, async ({
  program,
  skip,
}) => {
  if (!existsSync('/proc/self/status')) skip('this system does not tell the memory of a process');
  const server = await program.start({ settings: WITH_ACCOUNT });
  const { headers } = await pair(server);
  for (let warming = 0; warming < 3; warming++) {
    const { sent } = await uploadMade(server, headers, 2 * MIB);
    expect(await downloadSeen(server, headers, sent.sha256)).toEqual(sent);
  }
  const before = await memoryOf(server.pid);
  await writeFile(`/proc/${server.pid}/clear_refs`, '5').catch(() => {}); // the peak begins anew, where that may be

  const { status, text, sent } = await uploadMade(server, headers, SIZE);
  expect([status, JSON.parse(text)]).toEqual([200, sent]);
  const uploaded = await memoryOf(server.pid);
  expect(await downloadSeen(server, headers, sent.sha256)).toEqual(sent);
  const downloaded = await memoryOf(server.pid);
  const figures = Object.entries({ before, uploaded, downloaded }).map(
    ([when, { now, peak }]) => `${when} ${Math.round(now / MIB)} MiB (peak ${Math.round(peak / MIB)})`,
  );
  expect(downloaded.peak).toBeGreaterThan(0);
  expect(downloaded.peak - before.now, figures.join(', ')).toBeLessThan(50 * MIB);
});
