import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };
import { test } from '../support/process.ts';

/** The first `sh` block below a heading of the README, without the `$ ` of a prompt. Throws when there is none. */
function block(heading: string): string {
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').replaceAll('\r\n', '\n');
  const begin = `\n${text}`.indexOf(`\n${heading}\n`);
  if (begin < 0) throw new Error(`README.md has no heading "${heading}"`);
  const found = /^```sh\n(.*?)^```$/ms.exec(text.slice(begin))?.[1];
  if (found === undefined) throw new Error(`README.md has no block of sh below "${heading}"`);
  return found.replace(/^\$ /gm, '');
}

/** A way to run the block that ends at the first command that fails, also in the middle of a pipe. */
function script(lines: string, url: string): string {
  const text = lines.replaceAll(/(http:\/\/)?(localhost|127\.0\.0\.1):5000/g, url);
  // Where the reader is to copy the token by hand, the script does.
  const copied = /^\s*(export )?T(OKEN)?=/m.test(text)
    ? text
    : text.replace(/^(curl\b.*\/token\b.*)$/m, `T=$($1 | sed 's/.*"token":"\\([^"]*\\)".*/\\1/'); TOKEN=$T`);
  return `set -euo pipefail\ncurl() { command curl --silent --show-error --fail-with-body "$@"; }\n${copied}\n`;
}

function has(command: string): boolean {
  return spawnSync(command, ['--version']).status === 0;
}

describe('the commands of the README', () => {
  test('install and start the program', () => {
    const commands = block('## Start');
    expect(commands).toContain('git clone');
    const names = [...commands.matchAll(/\bnpm (?:run )?(\S+)/g)].map(([, name = '']) => name);
    expect(names).toEqual(expect.arrayContaining(['ci', 'start']));
    const scripts: Readonly<Record<string, string>> = pkg.scripts;
    for (const name of names.filter(name => name !== 'ci' && name !== 'install')) expect(scripts[name]).toBeDefined();
  });

  test('store a first value and read it', async ({ program, skip }) => {
    skip(!has('curl') || !has('bash'), 'there is no curl here, or no bash');
    const server = await program.start();
    const commands = block('### First value');
    expect(commands).toMatch(/curl\b.*\/register\b.*\/token\b.*\/store\//s);
    const output = execFileSync('bash', ['-c', script(commands, server.url)], {
      cwd: program.folder,
      encoding: 'utf8',
    });
    expect(output.trimEnd().endsWith('{"value":"hello"}'), output).toBe(true);
  });
});
