import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import { embedded } from '../support/engines.ts';
import { sharedServer } from '../support/served.ts';
import { proofOf } from './type-proof.ts';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A page's program: types of browsers, none of Node. */
const STRICT = {
  target: 'ES2022',
  lib: ['ES2022', 'DOM', 'DOM.Iterable'],
  types: [],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  strict: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  skipLibCheck: false,
};

describe('the package keybin/client', () => {
  const served = sharedServer(embedded);
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keybin-client-'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    // As npm would have installed it.
    await mkdir(join(folder, 'node_modules'));
    await symlink(ROOT, join(folder, 'node_modules', 'keybin'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** What the compiler says of programs, by the names of their files. */
  async function compiled(files: Readonly<Record<string, string>>, options: object = {}): Promise<string> {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const config = { compilerOptions: { ...STRICT, ...options }, files: Object.keys(files) };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    try {
      return (await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder])).stdout;
    } catch (error) {
      return String((error as { stdout?: string }).stdout ?? error);
    }
  }

  it('has less than 8 KB: bundled, minified, and compressed by gzip', async () => {
    const bundle = await rolldown({ input: join(ROOT, 'dist/client/index.js'), platform: 'browser' });
    const { output } = await bundle.generate({ format: 'esm', minify: true });
    await bundle.close();
    expect(output.length).toBe(1);
    expect(output[0].imports).toEqual([]);
    expect(gzipSync(output[0].code, { level: 9 }).length).toBeLessThan(8192);
  });

  it('has the types of the server: those of its document, in the spelling of JavaScript, and not one more', async () => {
    const { json } = await served.server.request('GET', '/openapi.json');
    const proof = proofOf(json);
    // What is wrong would be seen: a field that may be missing, one of another type, and one more.
    const wrong = [
      proof.replace('atomicBatch: boolean', 'atomicBatch?: boolean'),
      proof.replace('usesLeft: number | null', 'usesLeft: string | null'),
      proof.replace('historySeconds: number', 'historySeconds: number; historyHours?: number'),
    ];
    const files = Object.fromEntries(wrong.map((text, i) => [`wrong-${i}.ts`, text]));
    const said = await compiled({ 'proof.ts': proof, ...files }, { skipLibCheck: true });
    const places = said.split('\n').flatMap(line => /([\w-]+\.ts)\(.*TS2322/.exec(line)?.[1] ?? []);
    expect([...new Set(places)].sort()).toEqual(Object.keys(files));
    expect(wrong).not.toContain(proof);
  });

  it('compiles for browsers from its source, which needs nothing of Node', async () => {
    const options = { skipLibCheck: true, allowImportingTsExtensions: true, lib: [...STRICT.lib, 'DOM.AsyncIterable'] };
    const text = `export * from '${join(ROOT, 'src/client/index.ts')}';`;
    expect(await compiled({ 'source.ts': text }, options)).toBe('');
  });

  it('does what its document shows', async () => {
    const { url, core } = served.server;
    await createAccount(core, { username: 'ann', password: 's3cret-s3cret' });
    const page = await readFile(join(ROOT, 'docs/client.md'), 'utf8');
    const [first = '', ...others] = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code);
    expect(others.length).toBe(9);
    const start = first.replace('https://keybin.example.org', url);
    const program = `${start}${others.map(code => `{\n${code}}\n`).join('')}`;
    expect(await compiled({ 'examples.ts': program })).toBe('');
    await writeFile(join(folder, 'examples.js'), program);
    const { stdout: shown } = await run(process.execPath, ['examples.js'], { cwd: folder });
    expect(shown).toMatch(/buy milk ann \d{4}-/);
    expect(shown).toContain('put notes/new');
    expect(shown).toContain('409 not_an_integer');
  });
});
