import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { serveInstalled } from '../support/registry.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

describe('the package', () => {
  let folder = '';
  let archive = '';
  let files: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keybin-package-'));
    // The build is there, and other tests use it: `prepack` would make it anew.
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: ROOT,
    });
    const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
    archive = join(folder, packed.filename);
    files = packed.files.map(({ path }) => path);
    return () => rm(folder, { recursive: true, force: true });
  });

  it('has the programs, what they load, and what their users read', () => {
    const top = new Set(files.map(file => file.split('/')[0]));
    expect([...top].sort()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'deploy', 'dist', 'docs', 'package.json', 'store.cfg.example'].filter(
        name => name !== 'CHANGELOG.md' || top.has(name),
      ),
    );
    for (const file of [
      ...Object.values(packageJson.bin),
      'dist/client/index.js',
      'docs/cli.md',
      'docs/dialects/v2.md',
    ]) {
      expect(files).toContain(file);
    }
    expect(files.filter(file => /\.(ts|tsbuildinfo|png)$/.test(file) && !file.endsWith('.d.ts'))).toEqual([]);
    expect(files.filter(file => /(^|\/)(test|bench|src|decisions|write-docs)\b/.test(file))).toEqual([]);
    expect(packageJson.scripts.prepack).toContain('build');
    expect(Object.keys(packageJson.scripts).filter(name => /^(pre|post)?install$/.test(name))).toEqual([]);
  });

  it('installs for all users of a machine, runs, and goes again', { timeout: 300_000 }, async () => {
    const registry = await serveInstalled(ROOT);
    onTestFinished(() => registry.close());
    const prefix = join(folder, 'prefix');
    const flags = ['-g', '--prefix', prefix, '--no-audit', '--no-fund', '--ignore-scripts', '--no-update-notifier'];
    const where = ['--registry', registry.url, '--cache', join(folder, 'cache')];
    await run('npm', ['install', ...flags, ...where, archive], { cwd: folder });
    for (const program of ['keybin', 'keybin-server']) {
      const { stdout } = await run(join(prefix, 'bin', program), ['--version'], { cwd: folder });
      expect(stdout).toBe(`${program} ${packageJson.version}\n`);
    }
    const help = await run(join(prefix, 'bin', 'keybin'), ['lock', '--help'], { cwd: folder });
    expect(help.stdout).toContain('Usage: keybin lock');
    const config = await run(join(prefix, 'bin', 'keybin-server'), ['--check-config'], { cwd: folder });
    expect(config.stdout).toContain('[APP]');
    await run('npm', ['uninstall', ...flags, packageJson.name], { cwd: folder });
    expect(existsSync(join(prefix, 'bin', 'keybin'))).toBe(false);
    expect(existsSync(join(prefix, 'lib', 'node_modules', 'keybin'))).toBe(false);
  });
});
