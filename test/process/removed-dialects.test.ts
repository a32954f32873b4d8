import { execFile } from 'node:child_process';
import { cp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import { type Program, test } from '../support/process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

const entries = await readdir(join(ROOT, 'src/dialects'), { withFileTypes: true });
const folders = entries.filter(entry => entry.isDirectory()).map(entry => entry.name);

/** Takes a dialect out of the sources: its folder, its import, its line in the registry. */
async function remove(dialect: string, src: string): Promise<void> {
  const registry = join(src, 'dialects/index.ts');
  await rm(join(src, 'dialects', dialect), { recursive: true });
  const lines = (await readFile(registry, 'utf8')).split('\n');
  const name = lines
    .map(line => new RegExp(`^import \\{ (\\w+) \\} from './${dialect}/`).exec(line)?.[1])
    .find(Boolean);
  const left = lines.filter(line => !line.includes(`'./${dialect}/`) && !line.includes(`registered(${name},`));
  expect(left).toHaveLength(lines.length - 2);
  await writeFile(registry, left.join('\n'));
}

/** A folder with the program without these dialects, which is removed with the rest of what is of the test. */
async function without(removed: readonly string[], program: Program): Promise<string> {
  const folder = join(program.folder, 'program');
  for (const part of ['src', 'dist/web', 'bundle.js', 'package.json', 'tsconfig.json']) {
    await cp(join(ROOT, part), join(folder, part), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const dialect of removed) await remove(dialect, join(folder, 'src'));
  return folder;
}

async function serves(folder: string, program: Program): Promise<void> {
  await run(process.execPath, ['bundle.js'], { cwd: folder });
  const server = await program.start({ main: join(folder, 'dist/main.js') });
  expect((await server.request('GET', '/readyz')).status).toBe(200);
  expect((await server.stop()).code).toBe(0);
}

describe.concurrent('without the folder and the registry line of a dialect', () => {
  test.for(folders)('the program serves: %s', async (dialect, { program }) => {
    await serves(await without([dialect], program), program);
  });

  // No dialect imports another, so that each can be missed where all can.
  test('the program can be compiled, and serves: without all of them', async ({ program }) => {
    const folder = await without(folders, program);
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [compiler, '-p', 'src', '--noUnusedLocals', 'false'], { cwd: folder });
    await serves(folder, program);
  });
});
