/** Commands of the user, as child processes that share the terminal. */

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';

/** Exit codes of shells. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;
const SIGNALLED = 128;

/** Runs a line of a shell to its end; gives its exit code. A signal is passed on, and its reason thrown at the end. */
export async function runShell(
  { environment, signal }: Context,
  line: string,
  more: Record<string, string>,
): Promise<number> {
  const child = spawn('/bin/sh', ['-c', line], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...environment, ...more },
  });
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    const code = await endOf(child, line);
    signal.throwIfAborted();
    return code;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Starts a command, without a shell. */
export function start(command: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess {
  const [program = '', ...args] = command;
  return spawn(program, args, { stdio: 'inherit', env: environment });
}

/** The exit code of a child; of one that a signal ended, 128 and its number. Throws `Failure`, with a shell's codes, when it cannot be started. */
export function endOf(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT';
      reject(
        new Failure(
          isMissing ? NOT_FOUND : NOT_RUNNABLE,
          `${name} ${isMissing ? 'was not found' : `cannot be run: ${error.message}`}`,
        ),
      );
    });
    child.on('close', (code, name) => resolve(code ?? SIGNALLED + (name ? constants.signals[name] : 0)));
  });
}

/** Has a file edited, by a command as shells read it. Throws `Failure` when that fails. */
export async function runEditor({ environment }: Context, editor: string, file: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit', env: environment });
  const code = await endOf(child, editor);
  if (code !== 0)
    throw new Failure(
      1,
      `${editor} ended with ${code}, and nothing was stored; set EDITOR to another one, or try again`,
    );
}
