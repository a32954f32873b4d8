#!/usr/bin/env node
/**
 * `keybin-server`. Signals are heard first: loading the program takes a while, and SIGHUP is not to end it meanwhile. With
 * `cli/main.ts` the only file that ends a process.
 */

import { canEnd } from './base/ending.ts';
import { hearSignals } from './process/signals.ts';

// What the process makes, of whatever kind, is for its own user: data, secrets, mails.
process.umask(0o077);

const end = async (code: number) => ((await canEnd()) ? process.exit(code) : process.kill(process.pid, 'SIGKILL'));
// A server that is to end before it began has nothing left to do; a command did not do its work.
const isCommand = /^[a-z]/.test(process.argv[2] ?? '');
const signals = hearSignals(() => end(isCommand ? 130 : 0));
const { run } = await import('./process/command.ts');
await end(await run(process.argv.slice(2), signals, end));
