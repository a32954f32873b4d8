import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { test } from '../support/process.ts';
import { build, execForm, instructions } from './dockerfile.ts';
import { freePort } from './proxy.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const dockerfile = read('deploy/Dockerfile');
const lines = instructions(dockerfile);

/** An ordinary user, for tests that root runs. */
const NOBODY = 65_534;

describe('the Dockerfile', () => {
  test('installs from the manifest alone, so that a change of the source installs nothing anew', () => {
    const at = (pattern: RegExp) => dockerfile.search(pattern);
    expect(at(/^RUN npm ci$/m)).toBeGreaterThan(at(/^COPY package\.json package-lock\.json/m));
    expect(at(/^RUN npm ci$/m)).toBeLessThan(at(/^COPY src/m));
  });

  test('copies only what .dockerignore lets through, and that is all', () => {
    const copied = lines
      .filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from'))
      .flatMap(({ rest }) => rest.split(' ').slice(0, -1));
    const patterns = read('.dockerignore')
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'));
    expect(patterns[0]).toBe('*');
    expect(patterns.slice(1).sort()).toEqual(copied.map(path => `!${path}`).sort());
  });

  test('runs as an ordinary user, starts the server without a shell, and asks it at its configured port', () => {
    expect(lines.find(({ name }) => name === 'USER')?.rest).toBe('node');
    expect(execForm(dockerfile.match(/^CMD .*$/m)?.[0] ?? '')).toEqual(['node', '/app/dist/main.js']);
    const health = lines.find(({ name }) => name === 'HEALTHCHECK')?.rest ?? '';
    expect(execForm(health)).toEqual(['node', '/app/dist/main.js', '--check-health']);
  });
});

describe('what the Dockerfile builds', () => {
  let folder = '';
  let image = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keybin-image-'));
    await chmod(folder, 0o755);
    image = await build(dockerfile, ROOT, folder);
  }, 400_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('is the program and what it needs, nothing more', async () => {
    expect((await readdir(join(image, 'app'))).sort()).toEqual([
      'deploy',
      'dist',
      'node_modules',
      'package-lock.json',
      'package.json',
    ]);
    const installed = readdirSync(join(image, 'app/node_modules'));
    expect(installed).toContain('lmdb');
    for (const name of ['typescript', 'vitest', 'mongodb-memory-server']) expect(installed).not.toContain(name);
  });

  test('works where only its volume can be written to: answers, is healthy, backs up, stops on SIGTERM', async ({
    program,
  }) => {
    const uid = process.getuid?.() === 0 ? NOBODY : undefined;
    if (uid !== undefined) await chown(program.folder, uid, uid);
    const main = join(image, 'app/dist/main.js');
    const settings = { APP_PORT: String(await freePort()), APP_HOST: '0.0.0.0' };
    const as = uid === undefined ? {} : { uid };
    const before = "process.env.TMPDIR = '/nowhere'; process.env.HOME = '/nowhere';";
    const server = await program.start({ main, settings, before, ...as });
    await server.register('ann');
    const health = program.spawn({ main, settings, args: ['--check-health'], before, ...as });
    expect(await health.end()).toEqual({ code: 0, signal: null });
    const backup = [join(image, 'app/deploy/backup.mjs'), 'data', 'backup'];
    const made = spawnSync(process.execPath, backup, { cwd: program.folder, encoding: 'utf8', ...as });
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });
});

describe('the files for docker compose', () => {
  const files = ['compose.yaml', 'compose.mongodb.yaml'] as const;

  test('name options that there are, a volume for each folder, and limit the logs', () => {
    const all = files.map(file => read(`deploy/${file}`)).join('\n');
    const volumes = [...all.matchAll(/volumes: \["(\w+):/g)].map(([, name]) => name);
    for (const name of volumes) expect(all).toMatch(new RegExp(`^  ${name}:$`, 'm'));
    expect([...all.matchAll(/max-size: 10m/g)].length).toBe(2);
    expect(all).toMatch(/read_only: true/);
  });

  test('are right, as far as docker compose says', ({ skip }) => {
    skip(spawnSync('docker', ['compose', 'version']).status !== 0, 'there is no docker compose here');
    for (const given of [files.slice(0, 1), files]) {
      const args = given.flatMap(file => ['-f', join(ROOT, 'deploy', file)]);
      expect(spawnSync('docker', ['compose', ...args, 'config', '--quiet'], { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
    }
  });
});
