/** Does by hand, without an engine for containers, what a Dockerfile says: each stage becomes a folder. */

import { execFileSync } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** One line of a Dockerfile: `COPY`, and what stands behind it. */
export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

export function instructions(text: string): Instruction[] {
  return text
    .split('\n')
    .filter(line => /^[A-Z]/.test(line))
    .map(line => ({ name: line.slice(0, line.indexOf(' ')), rest: line.slice(line.indexOf(' ') + 1).trim() }));
}

/** The list in a `CMD` that starts without a shell. Throws when it is none. */
export function execForm(text: string): string[] {
  return JSON.parse(text.replace(/^.*?\bCMD /, ''));
}

const COPY = { recursive: true, verbatimSymlinks: true };

/**
 * Builds in `folder` from what `source` holds; returns the folder of the last stage. `RUN npm …` is run, other programs are of
 * the image and are not.
 */
export async function build(text: string, source: string, folder: string): Promise<string> {
  const stages = new Map<string, string>();
  let [stage, directory] = ['', '/'];
  for (const { name, rest } of instructions(text)) {
    const words = rest.split(/\s+/);
    if (name === 'FROM') {
      const [image = '', , called = 'last'] = words;
      stage = join(folder, called);
      stages.set(called, await begin(stage, stages.get(image)));
    } else if (name === 'WORKDIR') {
      directory = rest;
      await mkdir(join(stage, directory), { recursive: true });
    } else if (name === 'RUN' && words[0] === 'npm') {
      npm(words.slice(1), join(stage, directory));
    } else if (name === 'COPY') {
      const from = /^--from=(\S+)/.exec(rest)?.[1];
      if (from === undefined) await copy(words, source, stage, directory);
      else await copy(words.slice(1), stages.get(from) ?? '', stage, directory);
    }
  }
  return stage;
}

async function begin(stage: string, base: string | undefined): Promise<string> {
  if (base === undefined) await mkdir(stage);
  else await cp(base, stage, COPY);
  return stage;
}

function npm(args: readonly string[], cwd: string): void {
  const { PATH, HOME } = process.env;
  execFileSync('npm', args, { cwd, env: { PATH, HOME, npm_config_prefer_offline: 'true' }, stdio: 'pipe' });
}

/** Copies into a folder when the last of the paths ends with a slash, else to that name. */
async function copy(paths: readonly string[], root: string, stage: string, directory: string): Promise<void> {
  const target = paths.at(-1) ?? '';
  const place = target.startsWith('/') ? stage : join(stage, directory);
  for (const path of paths.slice(0, -1)) {
    await cp(join(root, path), join(place, target, target.endsWith('/') ? basename(path) : ''), COPY);
  }
}
