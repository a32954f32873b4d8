import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { type Program, type StartOptions, test } from '../support/process.ts';
import { unitSettings } from './unit.ts';

const UNIT = fileURLToPath(new URL('../../deploy/keybin.service', import.meta.url));
const unit = unitSettings();

/** Most that systemd's own measure may say. */
const EXPOSURE = 3;

const withoutSystemd = spawnSync('systemd-analyze', ['--version']).status !== 0;

describe('the unit for systemd', () => {
  test('does not restart what cannot start as things are, and restarts what died', async ({ program }) => {
    const prevented = unit.get('RestartPreventExitStatus')?.[0]?.split(' ').map(Number);
    expect(unit.get('Restart')).toEqual(['on-failure']);
    const wrong = [
      await program.run([], { APP_PORT: 'many' }),
      await program.run(['--config', 'nowhere.cfg']),
      await program.run([], { STORE_HOST: 'file:/dev/null/data' }),
      await program.run(['--prot']),
    ];
    expect(wrong.filter(({ code }) => !prevented?.includes(Number(code)))).toEqual([]);
    const { code, signal } = await (await program.start()).stop('SIGABRT');
    expect(signal ?? prevented?.includes(Number(code))).toBe('SIGABRT');
  });

  test('waits longer for the end than the program takes, and tells one process to stop', () => {
    expect(Number(unit.get('TimeoutStopSec')?.[0])).toBeGreaterThan(28);
    expect(unit.get('KillMode')).toEqual(['mixed']);
    expect(unit.get('UMask')).toEqual(['0077']);
  });

  test(`is correct, and exposes at most ${EXPOSURE} by systemd's measure`, ({ skip }) => {
    skip(withoutSystemd, 'there is no systemd-analyze here');
    const said = execFileSync('systemd-analyze', ['security', '--offline=true', UNIT], { encoding: 'utf8' });
    const [, level] = /exposure level for keybin\.service: ([\d.]+)/.exec(said) ?? [];
    expect(Number(level)).toBeLessThanOrEqual(EXPOSURE);
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', UNIT], { encoding: 'utf8' });
    // The unit names the place where the program is to be installed.
    const lines = `${stdout}${stderr}`.split('\n').filter(line => /keybin\.service/.test(line));
    expect(lines.filter(line => !/\/usr\/bin\/node is not executable/.test(line))).toEqual([]);
  });
});

/** A `systemd-notify` that writes down what it is to tell, and how to start the program with it. */
async function fakeSystemd(program: Program): Promise<{ options: StartOptions; told: () => Promise<string> }> {
  const told = join(program.folder, 'told');
  const bin = join(program.folder, 'bin');
  await mkdir(bin);
  await writeFile(told, '');
  await writeFile(join(bin, 'systemd-notify'), `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${told}\n`, { mode: 0o755 });
  const before = `process.env.NOTIFY_SOCKET ??= '/run/x'; process.env.PATH = '${bin}:' + process.env.PATH;`;
  return { options: { before }, told: () => readFile(told, 'utf8') };
}

describe('systemd', () => {
  for (const workers of ['1', '2']) {
    test(`is told once that the server can answer, with ${workers} of [APP] workers`, async ({ program }) => {
      const { options, told } = await fakeSystemd(program);
      const server = await program.start({ ...options, settings: { APP_WORKERS: workers } });
      await expect.poll(told, { timeout: 20_000 }).toBe('/run/x READY=1\n');
      expect(server.log.filter(line => line.msg === 'ready').length).toBe(Number(workers));
      await server.stop();
      expect(await told()).toBe('/run/x READY=1\n');
    });
  }

  test('that cannot be told is a warning, and nothing else', async ({ program }) => {
    const server = await program.start({
      before: "process.env.NOTIFY_SOCKET = '/run/x'; process.env.PATH = '/nowhere';",
    });
    expect((await server.logged(/systemd is not told/)).level).toBe(40);
    expect((await server.request('GET', '/readyz')).status).toBe(200);
  });
});
