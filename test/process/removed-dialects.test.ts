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

/** Takes a dialect out of what is built, or of what it is built from: its folder, its import, its line in the registry. */
async function remove(dialect: string, root: string, registry: string): Promise<void> {
  await rm(join(root, 'dialects', dialect), { recursive: true });
  const lines = (await readFile(join(root, registry), 'utf8')).split('\n');
  const name = lines
    .map(line => new RegExp(`^import \\{ (\\w+) \\} from './${dialect}/`).exec(line)?.[1])
    .find(Boolean);
  const left = lines.filter(line => !line.includes(`'./${dialect}/`) && !line.includes(`registered(${name},`));
  expect(left).toHaveLength(lines.length - 2);
  await writeFile(join(root, registry), left.join('\n'));
}

/** A folder with a part of the program, which is removed with the rest of what is of the test. */
async function copyOf(program: Program, part: 'src' | 'dist'): Promise<string> {
  const folder = join(program.folder, 'program');
  await cp(join(ROOT, part), join(folder, part), { recursive: true });
  for (const file of ['package.json', 'tsconfig.json']) await cp(join(ROOT, file), join(folder, file));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

describe.concurrent('without the folder and the registry line of a dialect', () => {
  test.for(folders)('the program serves: %s', async (dialect, { program }) => {
    const folder = await copyOf(program, 'dist');
    await remove(dialect, join(folder, 'dist'), 'dialects/index.js');
    const server = await program.start({ main: join(folder, 'dist/main.js') });
    expect((await server.request('GET', '/readyz')).status).toBe(200);
    expect((await server.stop()).code).toBe(0);
  });

  // No dialect imports another, so that each can be missed where all can.
  test('the program can be built: without all of them', async ({ program }) => {
    const folder = await copyOf(program, 'src');
    for (const dialect of folders) await remove(dialect, join(folder, 'src'), 'dialects/index.ts');
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [compiler, '-p', 'src', '--noUnusedLocals', 'false'], { cwd: folder });
    const server = await program.start({ main: join(folder, 'dist/main.js') });
    expect((await server.request('GET', '/readyz')).status).toBe(200);
    expect((await server.stop()).code).toBe(0);
  });
});
