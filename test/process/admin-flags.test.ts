import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Finished, type Program, type StartOptions, test } from '../support/process.ts';

const STDIN = ['--admin-user', 'root', '--admin-pass-stdin'];

/** Runs `--check-config` with further arguments. */
async function check(program: Program, args: readonly string[], options: StartOptions = {}): Promise<Finished> {
  const finished = program.spawn({ ...options, args: ['--check-config', ...args] });
  const end = await finished.end();
  return { ...end, stdout: finished.stdout, stderr: finished.stderr };
}

describe.concurrent('the flags of the admin', () => {
  test('are shown by --check-config, over the environment and the file, without the password', async ({ program }) => {
    await writeFile(join(program.folder, 'store.cfg'), '[ADMIN]\nusername=file\npassword=s3cret-of-file\n');
    await writeFile(join(program.folder, 'secret'), 's3cret-of-flag\n');
    const settings = { ADMIN_USERNAME: 'env', ADMIN_PASSWORD: 's3cret-of-env' };
    const end = await check(program, ['--admin-user', 'root', '--admin-pass-file', 'secret'], { settings });
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout).toContain('[ADMIN]\nusername=root ; --admin-user\npassword=**** ; --admin-pass-file\n');
    expect(end.stdout).not.toContain('s3cret');
  });

  test('take a password from the standard input', async ({ program }) => {
    const end = await check(program, STDIN, { input: 's3cret-on-input\n' });
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout).toContain('[ADMIN]\nusername=root ; --admin-user\npassword=**** ; --admin-pass-stdin\n');
  });

  test('warn about a password that the list of processes shows', async ({ program }) => {
    const end = await check(program, ['--admin-user', 'root', '--admin-pass', 's3cret-one']);
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(end.stderr).toMatch(/^warning: --admin-pass: .*--admin-pass-stdin\n$/);
    expect(end.stdout + end.stderr).not.toContain('s3cret');
  });

  test('end the program with code 1 when the password cannot be read, beside what else is wrong', async ({
    program,
  }) => {
    const settings = { APP_WORKERS: '0' };
    const gone = await check(program, ['--admin-user', 'root', '--admin-pass-file', 'gone'], { settings });
    expect(gone).toMatchObject({ code: 1, stdout: '' });
    expect(gone.stderr).toMatch(
      /has 2 problems:\n.*KEYBIN_APP_WORKERS.*\n.*--admin-pass-file names "gone", which does/,
    );
    const empty = await check(program, STDIN);
    expect(empty).toMatchObject({ code: 1, stdout: '' });
    expect(empty.stderr).toContain('--admin-pass-stdin: the standard input is empty');
    expect(empty.stderr).toContain('has a problem:');
  });

  test('end the program with code 2 when two give the password', async ({ program }) => {
    const end = await check(program, [...STDIN, '--admin-pass=s3cret-one'], { input: 's3cret-on-input' });
    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(end.stderr).toContain('--admin-pass and --admin-pass-stdin are given together; expected one of them');
    expect(end.stderr).not.toContain('s3cret');
  });

  test('hold after SIGHUP: the standard input is read once', async ({ program }) => {
    const server = await program.start({ args: STDIN, input: 's3cret-on-input' });
    await writeFile(join(program.folder, 'store.cfg'), '[STORE]\ntoken_expiration=60\n[ADMIN]\nusername=other\n');
    server.signal('SIGHUP');
    const said = await server.logged(/configuration read again|configuration stays/);
    expect(said).toMatchObject({ changed: ['[STORE] token_expiration'], waiting: [] });
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(server.stdout + server.stderr).not.toContain('s3cret');
  });
});

describe('two workers', () => {
  test('get the password that came in on the standard input, those that replace a dead one too', async ({
    program,
  }) => {
    const server = await program.start({
      args: STDIN,
      input: 's3cret-on-input\n',
      settings: { APP_WORKERS: '2' },
    });
    const ready = () => server.log.filter(line => line.msg === 'ready').map(line => Number(line.pid));
    await expect.poll(() => ready().length, { timeout: 15_000 }).toBe(2);
    const [victim = Number.NaN] = ready();
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => ready().length, { timeout: 15_000 }).toBe(3);
    expect((await server.request('GET', '/readyz')).status).toBe(200);

    if (process.platform === 'linux') {
      for (const pid of [server.pid, ...ready().filter(pid => pid !== victim)]) {
        for (const shown of ['cmdline', 'environ']) {
          const text = await readFile(`/proc/${pid}/${shown}`, 'utf8');
          expect(text, `${shown} of ${pid}`).toContain(
            shown === 'cmdline' ? '--admin-pass-stdin' : 'KEYBIN_APP_WORKERS',
          );
          expect(text, `${shown} of ${pid}`).not.toContain('s3cret');
        }
      }
    }
    server.signal('SIGHUP');
    const again = () => server.log.filter(line => line.msg === 'configuration read again');
    await expect.poll(() => again().length, { timeout: 15_000 }).toBe(2);
    for (const line of again()) expect(line).toMatchObject({ changed: [], waiting: [] });
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(server.stdout + server.stderr).not.toMatch(/s3cret|warning/);
  });
});

describe('keys to the Punch API', () => {
  test('are taken over on SIGHUP, and the log does not show them', async ({ program }) => {
    const server = await program.start();
    await writeFile(join(program.folder, 'store.cfg'), '[PUNCH_KEYS]\nlaptop=ann:s3cret-0123456789\n');
    server.signal('SIGHUP');
    const said = await server.logged(/configuration read again|configuration stays/);
    expect(said).toMatchObject({ changed: ['[PUNCH_KEYS]'], waiting: [] });
    await server.stop();
    expect(server.stdout + server.stderr).not.toContain('s3cret');
  });
});
