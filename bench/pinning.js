/** Servers on one core, the client on another: without that a figure depends on who has to be woken for each answer. */

import { spawnSync } from 'node:child_process';
import os from 'node:os';

const SERVER_CORE = '0';
const CLIENT_CORE = '1';

/** Whether this machine has what it takes: Linux's `taskset`, and two cores. */
const possible = os.cpus().length >= 2 && spawnSync('taskset', ['--version']).status === 0;

/** Puts this process on the client's core; false where that cannot be done. */
export function pinSelf() {
  return possible && spawnSync('taskset', ['-a', '-c', '-p', CLIENT_CORE, String(process.pid)]).status === 0;
}

/**
 * A command that runs a program on the server's core, or with `everywhere` on all of them.
 * @param {string[]} command
 * @param {{ everywhere?: boolean }} options
 * @returns {[string, string[]]}
 */
export function pinned(command, { everywhere = false }) {
  const all = `0-${os.cpus().length - 1}`;
  const whole = possible ? ['taskset', '-c', everywhere ? all : SERVER_CORE, ...command] : command;
  const [program = '', ...args] = whole;
  return [program, args];
}
