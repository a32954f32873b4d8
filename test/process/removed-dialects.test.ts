import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import { test } from '../support/process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

const entries = await readdir(join(ROOT, 'src/dialects'), { withFileTypes: true });
const folders = entries.filter(entry => entry.isDirectory()).map(entry => entry.name);

/** A copy of what the program is built from, without one dialect: its folder, its import, its line in the registry. */
async function without(dialect: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keybin-without-'));
  await cp(join(ROOT, 'src'), join(folder, 'src'), { recursive: true });
  for (const file of ['package.json', 'tsconfig.json']) await cp(join(ROOT, file), join(folder, file));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await rm(join(folder, 'src/dialects', dialect), { recursive: true });
  const registry = join(folder, 'src/dialects/index.ts');
  const lines = (await readFile(registry, 'utf8')).split('\n');
  const name = lines
    .map(line => new RegExp(`^import \\{ (\\w+) \\} from './${dialect}/`).exec(line)?.[1])
    .find(Boolean);
  const left = lines.filter(line => !line.includes(`'./${dialect}/`) && !line.includes(`registered(${name},`));
  expect(left).toHaveLength(lines.length - 2);
  await writeFile(registry, left.join('\n'));
  return folder;
}

describe.concurrent('without the folder and the registry line of a dialect', () => {
  test.for(folders)('the program builds and serves: %s', async (dialect, { program }) => {
    const folder = await without(dialect);
    program.atEnd(() => rm(folder, { recursive: true }));
    await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'src'], { cwd: folder });
    const server = await program.start({ main: join(folder, 'dist/main.js') });
    expect((await server.request('GET', '/readyz')).status).toBe(200);
    expect((await server.stop()).code).toBe(0);
  });
});
