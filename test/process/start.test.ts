import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };
import { forEachEngine, mongoUri } from '../support/engines.ts';
import { type Settings, test } from '../support/process.ts';

forEachEngine('the start', engine => {
  test('says first the version, the address, the engine, where the data is, and how long tokens live', async ({
    program,
  }) => {
    const settings: Settings = { ...program.place(engine), STORE_TOKEN_EXPIRATION: '77' };
    const server = await program.start({ settings });
    const said = server.log.slice(0, 3).map(line => line.msg);
    expect(said).toContain(`keybin ${pkg.version} listens on ${server.url}`);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(said).toContainEqual(
      engine.name === 'embedded'
        ? expect.stringMatching(`^data: embedded engine in .*${program.folder}/data$`)
        : expect.stringMatching(`^data: MongoDB .*/${settings.STORE_DATABASE}`),
    );
    expect(said).toContain('tokens live for 77 s');
    expect(server.stderr).toBe('');
    for (const path of ['/livez', '/readyz', '/api/v1/health']) {
      expect((await server.request('GET', path)).status).toBe(200);
    }
    expect((await server.request('GET', '/api/v1/health')).json).toMatchObject({ version: pkg.version });
  });

  test('finds the value that was stored before the stop', async ({ program }) => {
    const settings = program.place(engine);
    const first = await program.start({ settings });
    await first.register('ann');
    const token = await first.token('ann', 'laptop');
    await first.request('POST', `/user/${token}/store/greeting`, { value: 'hello' });
    expect(await first.stop('SIGINT')).toEqual({ code: 0, signal: null });
    const second = await program.start({ settings });
    expect((await second.request('GET', `/user/${token}/store/greeting`)).json).toEqual({ value: 'hello' });
    expect((await second.request('GET', `/user/${await second.token('ann')}/keys`)).json.keys).toEqual(['greeting']);
  });
});

describe.concurrent('the configuration', () => {
  test('is store.cfg of the working directory, the environment over it, with a warning for what is not known', async ({
    program,
  }) => {
    await writeFile(join(program.folder, 'store.cfg'), '[APP]\nprot=1\nport=1\n[STORE]\ntoken_expiration=42\n');
    const server = await program.start({ until: /^tokens live for 42 s/ });
    expect(server.log[0]).toMatchObject({ level: 40, msg: expect.stringMatching(/prot.*did you mean port/) });
  });

  test('of --config and of KEYBIN_CONFIG is another file', async ({ program }) => {
    await writeFile(join(program.folder, 'other.cfg'), '[STORE]\ntoken_expiration=43\nhost=file:./elsewhere\n');
    const server = await program.start({ args: ['--config', 'other.cfg'], until: /^tokens live for 43 s/ });
    expect(server.log.map(line => line.msg)).toContainEqual(expect.stringMatching(/elsewhere$/));
    await server.stop();
    await program.start({ settings: { CONFIG: 'other.cfg' }, until: /^tokens live for 43 s/ });
  });

  test('that is wrong ends the program with code 1, and all that is wrong is listed', async ({ program }) => {
    await writeFile(join(program.folder, 'store.cfg'), '[APP]\nport=99999\n[STORE]\nhost=redis://x\nhots=1\n');
    const end = await program.run([], { APP_PORT: '99999', SECURITY_THROTTLE: 'perhaps' });
    expect(end).toMatchObject({ code: 1, stdout: '' });
    for (const name of ['APP_PORT', 'store.cfg:4', 'KEYBIN_SECURITY_THROTTLE', 'store.cfg:5']) {
      expect(end.stderr).toContain(name);
    }
    expect(end.stderr).toMatch(/^keybin-server: the configuration has 3 problems:/);
    expect(end.stderr).not.toMatch(/^ +at /m);
  });

  test('that names a file which is not there ends the program with code 1', async ({ program }) => {
    const end = await program.run(['--config', 'nowhere.cfg']);
    expect(end).toMatchObject({ code: 1, stdout: '' });
    expect(end.stderr).toMatch(/^keybin-server: .*problem:\n.*nowhere\.cfg.* does not exist\n$/);
  });
});

describe.concurrent('the command line', () => {
  test('--version prints the version', async ({ program }) => {
    expect(await program.run(['--version'])).toEqual({
      code: 0,
      signal: null,
      stdout: `keybin-server ${pkg.version}\n`,
      stderr: '',
    });
  });

  test('--help prints the usage, whatever else is wrong', async ({ program }) => {
    const end = await program.run(['--help', '--nonsense'], { APP_PORT: 'wrong' });
    expect(end).toMatchObject({ code: 0, stderr: '' });
    for (const option of ['--config FILE', '--check-config', '--version']) expect(end.stdout).toContain(option);
  });

  test('--check-config prints the values in force without secrets and touches nothing', async ({ program }) => {
    const host = 'mongodb://ann:s3cret@db.example/?tlsCertificateKeyFilePassword=t0p';
    const end = await program.run(['--check-config'], { STORE_HOST: host, STORE_TOKEN_EXPIRATION: '42' });
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout).toContain('token_expiration=42 ; KEYBIN_STORE_TOKEN_EXPIRATION');
    expect(end.stdout).toContain('mongodb://***:***@db.example/');
    for (const secret of ['s3cret', 't0p']) expect(end.stdout).not.toContain(secret);
    const wrong = await program.run(['--check-config'], { APP_WORKERS: '0' });
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
  });

  test('with an unknown option or argument ends with code 2', async ({ program }) => {
    const end = await program.run(['--prot', '80', 'x']);
    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(end.stderr).toMatch(/unknown option "--prot"/);
    expect(end.stderr).not.toMatch(/^ +at /m);
  });
});

forEachEngine('an address with a login', () => {
  test('is never said with its password', async ({ program }) => {
    // With several hosts it is no URL.
    const [, scheme, hosts] = /^(mongodb(?:\+srv)?:\/\/)(?:[^@/]*@)?([^/?]+)/.exec(mongoUri()) ?? [];
    const settings = { STORE_HOST: `${scheme}ann:s3cret@${hosts}/`, STORE_DATABASE: program.database() };
    const server = program.spawn({ settings });
    await Promise.race([server.logged(/^tokens live for|cannot be reached/), server.end()]).catch(() => {});
    server.signal('SIGTERM');
    await server.end();
    expect(server.stdout + server.stderr).not.toContain('s3cret');
  });
}, ['mongodb']);

describe('a server that goes on', () => {
  test('keeps running when nobody reads its log any more', async ({ program }) => {
    const server = await program.start();
    server.closeLog();
    for (let i = 0; i < 100; i++) expect((await server.request('GET', '/livez')).status).toBe(200);
    expect((await server.stop()).code).toBe(0);
  });
});
