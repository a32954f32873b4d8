import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Program, type ServerProcess, type StartOptions, test } from '../support/process.ts';

const KEY = 'f3Kx9-8sLq0-27dmQz';

/** Sends SIGHUP and returns what the log says about it. */
function reload(server: ServerProcess) {
  const before = server.log.length;
  server.signal('SIGHUP');
  return server.logged(/configuration read again|configuration stays/, before);
}

async function register(server: ServerProcess) {
  return (await server.request('POST', '/register', { username: 'eve', password: 's3cret' })).json.code;
}

async function punches(server: ServerProcess) {
  const headers = { Authorization: `Bearer ${KEY}` };
  return (await server.request('GET', '/api/v1/punches/manifest', undefined, headers)).status;
}

const CLOSED = `[SECURITY]\nregistration=false\n[PUNCH_KEYS]\nlaptop=ann:${KEY}\n`;

/** Ways to name the file that closes registration and lets a machine in. */
const named: readonly [how: string, file: string, options: StartOptions][] = [
  ['that lay in the working directory', 'store.cfg', {}],
  ['of --config', 'other.cfg', { args: ['--config', 'other.cfg'] }],
  ['of KEYBIN_CONFIG', 'other.cfg', { settings: { CONFIG: 'other.cfg' } }],
];

async function write(program: Program, file: string, text: string): Promise<string> {
  const path = join(program.folder, file);
  await writeFile(path, text);
  return path;
}

describe('SIGHUP changes nothing, and says why,', () => {
  for (const [how, file, options] of named) {
    test(`when the file ${how} is gone or cannot be read`, async ({ program }) => {
      const path = await write(program, file, CLOSED);
      const server = await program.start(options);
      await rm(path);
      const said = await reload(server);
      expect(said.level).toBe(50);
      expect(said.msg).toMatch(new RegExp(`stays as it is: .*${file}.* does not exist`, 's'));
      await mkdir(path);
      expect((await reload(server)).msg).toMatch(/stays as it is: .*is a folder/s);
      expect(await register(server)).toBe('registration_closed');
      expect(await punches(server)).toBe(200);
    });
  }

  test('when a file that came later is gone again', async ({ program }) => {
    const server = await program.start();
    const path = await write(program, 'store.cfg', CLOSED);
    expect((await reload(server)).msg).toMatch(/read again/);
    expect(await register(server)).toBe('registration_closed');
    await rm(path);
    expect((await reload(server)).msg).toMatch(/stays/);
    expect(await register(server)).toBe('registration_closed');
  });

  test('when the file of a secret is gone, named in the file or in the environment', async ({ program }) => {
    const path = await write(program, 'key', `ann:${KEY}`);
    await write(program, 'store.cfg', '[PUNCH_KEYS]\nlaptop_file=key\n');
    const mail = await write(program, 'mail', 'smtp://127.0.0.1:1');
    const server = await program.start({ settings: { MAIL_URL_FILE: 'mail' } });
    for (const file of [path, mail]) {
      await rm(file);
      expect((await reload(server)).msg).toMatch(/stays as it is: .*does not exist/s);
    }
    expect(await punches(server)).toBe(200);
  });
});

describe('a worker that is started anew', () => {
  test('has the configuration of the others, although the file is gone', async ({ program }) => {
    const path = await write(program, 'store.cfg', '[APP]\nworkers=2\n');
    const server = await program.start();
    const ready = () => server.log.filter(line => line.msg === 'ready').map(line => Number(line.pid));
    await expect.poll(() => ready().length, { timeout: 20_000 }).toBe(2);
    await write(program, 'store.cfg', `[APP]\nworkers=2\n${CLOSED}`);
    await reload(server);
    await rm(path);
    for (const [killed, pid] of ready().entries()) {
      process.kill(pid, 'SIGKILL');
      await expect.poll(() => ready().length, { timeout: 20_000 }).toBe(3 + killed);
    }
    expect(await register(server)).toBe('registration_closed');
    expect(await punches(server)).toBe(200);
  });
});
