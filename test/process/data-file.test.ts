import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import { eventually, type Program, type ServerProcess, test } from '../support/process.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const POSIX = process.platform !== 'win32';

const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);

/** Starts the program, which is to end by itself with one line on what is wrong. Returns the line. */
async function complaint(program: Program, settings: Record<string, string> = {}): Promise<string> {
  const end = await program.run([], settings);
  expect(end).toMatchObject({ code: 1, signal: null });
  expect(end.stderr).toMatch(/^keybin-server: [^\n]+\n$/);
  return end.stderr;
}

/** A folder with data in it that nobody uses. */
async function filled(program: Program): Promise<string> {
  const server = await program.start();
  await server.register('ann');
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  return join(program.folder, 'data', 'keybin.mdb');
}

describe('what the server makes', { timeout: 90_000 }, () => {
  test('only its own user may read, also where the folder and an older file are open, and it says so', async ({
    program,
    skip,
  }) => {
    skip(!POSIX, 'there are no such rights on Windows');
    const folder = join(program.folder, 'data');
    const file = await filled(program);
    await chmod(folder, 0o755);
    for (const name of ['keybin.mdb', 'keybin.mdb-lock']) await chmod(join(folder, name), 0o644);
    await chmod(join(folder, 'blobs'), 0o755);
    const server = await program.start();
    await server.token('ann');
    for (const name of await readdir(folder)) expect(await modeOf(join(folder, name)), name).toMatch(/^[67]00$/);
    expect(await modeOf(file)).toBe('600');
    const warning = server.log.find(line => line.msg.includes(`chmod 700 ${folder}`));
    expect(warning).toMatchObject({ level: 40, mode: '755' });
    expect(await modeOf(folder)).toBe('755');
  });
});

describe('a data file', { timeout: 90_000 }, () => {
  test.for([2, 1.1, 20_000])(
    'that is cut short (1/%d is there) stops the start with a sentence',
    async (part, { program }) => {
      const file = await filled(program);
      const { size } = await stat(file);
      await truncate(file, Math.floor(size / part));
      const left = await readFile(file);
      expect(await complaint(program)).toContain(file);
      expect(await readFile(file)).toEqual(left);
    },
  );

  test('that is empty is not taken for a new one', async ({ program }) => {
    const file = await filled(program);
    await truncate(file, 0);
    expect(await complaint(program)).toMatch(/keybin\.mdb is empty.*backup/);
    await rm(file);
    const server = await program.start();
    expect(server.log.map(line => line.msg)).toContainEqual(expect.stringMatching(/without any account/));
  });

  test('that a process was making when it was killed is made by the next one', { timeout: 120_000 }, async ({
    program,
  }) => {
    for (const delay of [0, 1, 3, 8]) {
      const settings = { STORE_HOST: `file:./data${delay}` };
      const dying = program.spawn({ settings });
      await eventuallyThere(join(program.folder, `data${delay}`), dying);
      await pause(delay);
      await dying.stop('SIGKILL');
      await (await program.start({ settings })).stop('SIGKILL');
    }
    // What is left when it comes between making the file and the first page of it.
    await mkdir(join(program.folder, 'data'));
    for (const name of ['keybin.mdb', 'keybin.mdb-new']) await writeFile(join(program.folder, 'data', name), '');
    const server = await program.start();
    await server.register('ann');
    expect(await readdir(join(program.folder, 'data'))).not.toContain('keybin.mdb-new');
  });

  test('in a folder that cannot be made ends the start at once', async ({ program, skip }) => {
    skip(process.platform !== 'linux', 'there is no /proc');
    expect(await complaint(program, { STORE_HOST: 'file:/proc/x/y' })).toContain('/proc/x');
  });
});

async function eventuallyThere(folder: string, server: ServerProcess): Promise<void> {
  while (!(await stat(folder).catch(() => undefined))) {
    if (server.stderr !== '') throw new Error(server.stderr);
    await pause(1);
  }
}

/** Bytes behind the last page that nobody misses: to lose others can end the process. */
const SPARE = 1024 * 1024;

describe('the files under a running server', { timeout: 90_000 }, () => {
  const cases = {
    'whose data file was removed': async (file: string) => rm(file),
    'whose data file was replaced by a copy': async (file: string) => {
      await copyFile(file, `${file}.copy`);
      await rename(`${file}.copy`, file);
    },
    'whose lock file was removed': async (file: string) => rm(`${file}-lock`),
    'whose data file was overwritten by an older copy': async (file: string) => {
      await copyFile(`${file}.older`, file);
    },
    'whose data file lost its end': async (file: string) => truncate(file, (await stat(file)).size - SPARE),
  };

  test.for(Object.keys(cases) as (keyof typeof cases)[])(
    'a server %s refuses to write, is not ready, and says why once',
    async (name, { program }) => {
      const file = await filled(program);
      await truncate(file, (await stat(file)).size + SPARE);
      const server = await program.start({ settings: { SECURITY_THROTTLE: 'false' } });
      await copyFile(file, `${file}.older`);
      const token = await server.token('ann');
      const write = () => server.request('POST', `/user/${token}/store/key`, { value: 'x' });
      await pause(1000);
      expect((await server.request('GET', '/readyz')).status).toBe(200); // it has looked at the file since it wrote
      await cases[name](file);
      await pause(1000);
      for (let i = 0; i < 5; i++) {
        const { status, json } = await write();
        expect([status, json.code]).toEqual([503, 'storage_unavailable']);
        expect(json.error).toMatch(/file .* (removed|cut|overwritten|replaced)/);
        expect(json.error).not.toContain(program.folder);
      }
      const ready = await eventually(
        () => server.request('GET', '/readyz'),
        answer => answer.status === 503,
      );
      expect(ready.json.fault).toMatch(/file .* (removed|cut|overwritten|replaced)/);
      expect(ready.text).not.toContain(program.folder);
      const errors = () => server.log.filter(line => line.level === 50);
      await eventually(
        () => server.request('GET', '/livez'),
        () => errors().length > 0,
      );
      expect(errors()).toEqual([expect.objectContaining({ file })]);
    },
  );

  test('a data file that comes back is written to again', async ({ program }) => {
    const file = join(program.folder, 'data', 'keybin.mdb');
    const server = await program.start({ settings: { SECURITY_THROTTLE: 'false' } });
    await server.register('ann');
    const token = await server.token('ann');
    const write = (value: string) => server.request('POST', `/user/${token}/store/key`, { value });
    await rename(file, `${file}.away`);
    await eventually(
      () => write('lost'),
      answer => answer.status === 503,
    );
    expect((await server.request('GET', `/user/${token}`)).status).toBe(200);
    await rename(`${file}.away`, file);
    await eventually(
      () => write('kept'),
      answer => answer.status === 200,
    );
    await server.stop('SIGKILL');
    const again = await program.start();
    expect((await again.request('GET', `/user/${token}/store/key`)).json).toEqual({ value: 'kept' });
  });
});

/** The program as the first process of a space of process ids of its own, as in a container. */
async function container(program: Program) {
  const args = ['--pid', '--fork', '--kill-child=SIGKILL', process.execPath, MAIN, '--data', 'data'];
  const env = { ...process.env, KEYBIN_SECURITY_BCRYPT_COST: '4', KEYBIN_APP_PORT: '0' };
  const child = spawn('unshare', args, { cwd: program.folder, env });
  const ended = once(child, 'close').then(([code]) => code);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', text => {
      said[name] += text;
    });
  }
  const kill = () => {
    child.kill('SIGKILL');
    return ended;
  };
  program.atEnd(kill);
  return { said, ended, kill };
}

test('a second container on the folder of a living one says so and ends; after its death the next one starts', {
  timeout: 60_000,
}, async ({ program, skip }) => {
  const allowed = await promisify(execFile)('unshare', ['--pid', '--fork', 'true']).then(
    () => true,
    () => false,
  );
  skip(!allowed, 'it takes root on Linux to make a space of process ids');
  const first = await container(program);
  await expect.poll(() => first.said.stdout, { timeout: 20_000 }).toMatch(/"msg":"ready"/);
  const second = await container(program);
  expect(await second.ended).toBe(1);
  expect(second.said.stderr).toMatch(/^keybin-server: the data folder [^\n]*another container[^\n]*\n$/);
  expect(await complaint(program)).toMatch(/another container/); // outside of both, with another process id
  await first.kill();
  const third = await container(program);
  await expect.poll(() => third.said.stdout, { timeout: 20_000 }).toMatch(/"msg":"ready"/);
});
