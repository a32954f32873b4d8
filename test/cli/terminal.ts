/** `keybin` at a pseudo terminal, of util-linux's `script`. */

import { spawn } from 'node:child_process';
import { KEYBIN, type RunOptions } from './keybin.ts';

/** What is waited for on the screen, and what is typed then. */
export type Typed = readonly [awaited: string, text: string];

/** How it ended, and all that the terminal showed. */
export interface Shown {
  readonly code: number | null;
  readonly screen: string;
}

/** Runs a command line of a shell, in which `keybin` is the program, at a terminal, and types what belongs to what it shows. */
export function atTerminal(
  line: string,
  typed: readonly Typed[],
  { environment = {}, cwd }: RunOptions = {},
): Promise<Shown> {
  const { PATH = '' } = process.env;
  const script = `keybin() { '${process.execPath}' '${KEYBIN}' "$@"; }; ${line}`;
  const child = spawn('script', ['-qec', script, '/dev/null'], {
    cwd,
    env: { PATH, SHELL: '/bin/bash', TERM: 'xterm', COLUMNS: '100', ...environment },
  });
  const left = [...typed];
  let screen = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    for (let next = left[0]; next; next = left[0]) {
      const found = screen.indexOf(next[0], seen);
      if (found < 0) return;
      seen = found + next[0].length;
      child.stdin.write(next[1]);
      left.shift();
    }
  });
  child.stdin.on('error', () => {}); // it may end before it has read that
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => resolve({ code, screen }));
  });
}
