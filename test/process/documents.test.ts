import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import { freePort } from '../deploy/proxy.ts';
import { type Program, type ServerProcess, test } from '../support/process.ts';

/** What a reader does with a page, in its order: runs commands, or changes the configuration and restarts. */
interface Step {
  readonly language: 'sh' | 'ini';
  readonly text: string;
}

/** The pages that can be followed, and the refusals that they show. */
const pages: Readonly<Record<string, readonly number[]>> = {
  'README.md': [],
  'docs/dialects/keybin.md': [],
  'docs/dialects/v2.md': [412, 412],
  'docs/dialects/punch.md': [400],
  'docs/dialects/dotsync.md': [],
  'docs/dialects/simple-sync.md': [403],
  'docs/dialects/verstak.md': [],
};

/** Of the README the sections that speak to a server that runs; elsewhere it installs programs. */
const FOLLOWED =
  /^### First value$.*?(?=^## Routes$)|^## v2$.*?(?=^## Sync APIs$)|^## Sync APIs$.*?(?=^## Configuration$)/gms;

function stepsOf(page: string): Step[] {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
  const followed = page === 'README.md' ? (text.match(FOLLOWED) ?? []).join('') : text;
  return [...followed.matchAll(/^```(sh|ini)\n(.*?)^```$/gms)].flatMap(([, language, block = '']) =>
    // Other settings than those that make accounts are examples for another place.
    language === 'ini' && !/\[(ADMIN|PUNCH_KEYS)\]/.test(block)
      ? []
      : [{ language: language as Step['language'], text: block }],
  );
}

/** Adds what a page says to a configuration in which it may stand already. */
function merged(config: string, block: string): string {
  const sections = new Map<string, Set<string>>();
  let section = '';
  for (const line of `${config}\n${block}`.split('\n').filter(line => line !== '')) {
    if (line.startsWith('[')) section = line;
    else sections.set(section, (sections.get(section) ?? new Set()).add(line));
  }
  return [...sections].map(([name, lines]) => [name, ...lines, ''].join('\n')).join('\n');
}

const VARIABLES = ['T', 'R', 'C', 'K', 'A', 'B', 'ID', 'GONE', 'NOW', 'S', 'D', 'X', 'E'];

/** Runs the commands with the variables that earlier ones have set. Returns the statuses of all answers. */
async function run({ folder }: Program, { url }: ServerProcess, commands: string): Promise<number[]> {
  const script = `set -euo pipefail
    . ./variables
    curl() { command curl --silent --show-error --write-out '%{stderr}%{http_code}\\n' "$@" 2>>statuses; }
    ${commands.replaceAll('localhost:5000', url)}
    for name in ${VARIABLES.join(' ')}; do [ -z "\${!name+x}" ] || declare -p "$name"; done > variables`;
  await writeFile(join(folder, 'statuses'), '');
  await promisify(execFile)('bash', ['-c', script], { cwd: folder });
  const variables = await readFile(join(folder, 'variables'), 'utf8');
  expect(variables, 'every token and cursor was found in an answer').not.toMatch(/=""$/m);
  return (await readFile(join(folder, 'statuses'), 'utf8')).trim().split('\n').filter(Boolean).map(Number);
}

describe.concurrent('the commands of the pages', () => {
  const names = Object.keys(pages);
  for (const [order, list] of [
    ['in this order', names],
    ['in the opposite order', names.toReversed()],
  ] as const) {
    test(`work on one server, one page after the other ${order}`, { timeout: 180_000 }, async ({ program, skip }) => {
      skip(spawnSync('curl', ['--version']).status !== 0, 'there is no curl here');
      const settings = { APP_PORT: String(await freePort()) };
      await writeFile(join(program.folder, 'README.md'), 'a file to upload');
      let config = '';
      let server = await program.start({ settings });
      for (const page of list) {
        await writeFile(join(program.folder, 'variables'), '');
        const statuses: number[] = [];
        for (const { language, text } of stepsOf(page)) {
          if (language === 'sh') {
            statuses.push(...(await run(program, server, text)));
            continue;
          }
          config = merged(config, text);
          await writeFile(join(program.folder, 'store.cfg'), config);
          await server.stop();
          server = await program.start({ settings });
        }
        expect(statuses.length, page).toBeGreaterThan(3);
        expect(
          statuses.filter(status => status >= 400),
          page,
        ).toEqual(pages[page]);
      }
    });
  }
});
