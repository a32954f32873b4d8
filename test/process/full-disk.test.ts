import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { demand, eventually, type LogLine, type Program, type ServerProcess, test } from '../support/process.ts';
import type { Answer } from '../support/request.ts';

const run = promisify(execFile);
const isOk = (answer: Answer) => answer.status === 200;
const isRefusal = (line: LogLine) => line.level === 40 && line.status === 503 && line.err !== undefined;

/** The data folder as a disk of its own. */
interface Disk {
  readonly folder: string;
  resize(mebibytes: number): Promise<void>;
  free(): Promise<number>;
}

/** Makes `data` a disk of 8 MiB, or skips the test where that cannot be done. */
async function smallDisk(program: Program, skip: (reason: string) => never): Promise<Disk> {
  const folder = join(program.folder, 'data');
  await mkdir(folder);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'keybin-test', folder]).catch(() =>
    skip('a disk of its own cannot be mounted here: it takes root on Linux'),
  );
  program.atEnd(() => run('umount', ['-l', folder]));
  return {
    folder,
    resize: async mebibytes => void (await run('mount', ['-o', `remount,size=${mebibytes}m`, folder])),
    free: async () => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
  };
}

/** Writes values until writing is refused; returns what was acknowledged, by key, and the refusal. */
async function fill(server: ServerProcess, token: string, name: string): Promise<[Map<string, string>, Answer]> {
  const acknowledged = new Map<string, string>();
  for (let i = 0; i < 400; i++) {
    const value = `${name}${i}`.repeat(i % 3 === 0 ? 10 : 5_000);
    const answer = await server.request('POST', `/user/${token}/store/${name}${i}`, { value });
    if (answer.status !== 200) return [acknowledged, answer];
    acknowledged.set(`${name}${i}`, value);
  }
  throw new Error('the disk was never full');
}

async function demandAll(server: ServerProcess, token: string, values: ReadonlyMap<string, string>): Promise<void> {
  for (const [key, value] of values) {
    const answer = demand(await server.request('GET', `/user/${token}/store/${key}`));
    expect(answer.json.value === value, key).toBe(true);
  }
  const { keys } = demand(await server.request('GET', `/user/${token}/keys`)).json;
  expect([...values.keys()].filter(key => !keys.includes(key))).toEqual([]);
}

test('a full disk refuses writing, keeps what was acknowledged, and serves again when there is space', {
  timeout: 90_000,
}, async ({ program, skip }) => {
  const disk = await smallDisk(program, skip);
  const server = await program.start({ settings: { SECURITY_THROTTLE: 'false' } });
  await server.register('ann');
  const token = await server.token('ann', 'laptop');
  const ballast = join(disk.folder, 'ballast');
  await writeFile(ballast, Buffer.alloc(3 * 1024 * 1024));

  const [first, refusal] = await fill(server, token, 'first');
  expect([refusal.status, refusal.json.code]).toEqual([503, 'storage_unavailable']);
  expect(refusal.json.error).toMatch(/disk (is )?full/);
  expect(Number(refusal.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect(await disk.free()).toBeLessThan(1024 * 1024);
  for (const path of ['/livez', `/user/${token}`]) expect((await server.request('GET', path)).status).toBe(200);
  await demandAll(server, token, first);
  await eventually(
    () => server.request('GET', '/livez'),
    () => server.log.some(isRefusal),
  );

  // What the library says of it is in the log, whose lines are whole even where both outputs are one file.
  expect(server.stderr).toMatch(/^(Write error: [^\n]*\n)*$/);

  await rm(ballast);
  const write = (key: string) => server.request('POST', `/user/${token}/store/${key}`, { value: 'x'.repeat(50_000) });
  await eventually(() => write('freed'), isOk);
  const [second] = await fill(server, token, 'second');
  await demandAll(server, token, new Map([...first, ...second]));

  await disk.resize(16);
  await eventually(() => write('larger'), isOk);
  const [third] = await fill(server, token, 'third');
  expect(third.size).toBeGreaterThan(first.size);
  const all = new Map([...first, ...second, ...third]);
  await demandAll(server, token, all);
  await server.stop('SIGKILL');

  // Also a start finds the disk full.
  const again = await program.start({ settings: { SECURITY_THROTTLE: 'false' } });
  await demandAll(again, token, all);
  expect((await again.request('DELETE', `/user/${token}/store/larger`)).status).toBeOneOf([200, 503]);
  await disk.resize(64);
  await eventually(() => again.request('POST', `/user/${token}/store/after`, { value: 'x'.repeat(100_000) }), isOk);
  await demandAll(again, await again.token('ann', 'phone'), all);
  expect(await again.stop()).toEqual({ code: 0, signal: null });
});

test('health tells of a full disk, and of one that has room again', async ({ program, skip }) => {
  const disk = await smallDisk(program, skip);
  const server = await program.start();
  const health = async (wanted: number) => {
    const ask = (path: string) =>
      eventually(
        () => server.request('GET', path),
        ({ status }) => status === wanted,
      );
    const answers = [await ask('/api/v1/health'), await ask('/readyz')];
    return answers.map(({ json }) => [json.database_reachable, json.blob_storage_writable, json.fault]);
  };
  const well = [true, true, undefined];
  const full = [true, false, expect.stringMatching(/^the disk is full: .*can be read$/)];
  expect(await health(200)).toEqual([well, well]);
  const ballast = join(disk.folder, 'ballast');
  await writeFile(ballast, Buffer.alloc(8 * 1024 * 1024)).catch(() => {});
  expect(await health(503)).toEqual([full, full]);
  expect((await server.request('GET', '/api/v1/health')).headers.get('Retry-After')).toBe('1');
  await rm(ballast);
  expect(await health(200)).toEqual([well, well]);
});

test('a disk that is full from the beginning stops the start with one clear line', async ({ program, skip }) => {
  const disk = await smallDisk(program, skip);
  await writeFile(join(disk.folder, 'ballast'), Buffer.alloc(8 * 1024 * 1024)).catch(() => {});
  const end = await program.run([]);
  expect(end).toMatchObject({ code: 1, signal: null });
  expect(end.stderr).toMatch(/^keybin-server: [^\n]*data[^\n]*\n$/);
});
