/** `keybin` as a process of its own, as its users have it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built program. */
export const KEYBIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** How to run it. */
export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Its standard input, empty when absent. */
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
}

/** How it ended, and what it wrote. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Buffer;
}

/** Runs it to its end. It sees nothing of the environment of the tests but `PATH`. */
export function keybin(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return runProgram(process.execPath, [KEYBIN, ...args], options);
}

/** Runs a line of a shell in which `keybin` is the program. */
export function shell(line: string, options: RunOptions = {}): Promise<Ran> {
  const alias = `keybin() { '${process.execPath}' '${KEYBIN}' "$@"; }`;
  // Without the user's start file: where its input is a socket, as Node's pipes are, bash takes itself for a remote shell and reads that.
  return runProgram('bash', ['--norc', '-c', `${alias}\n${line}`], options);
}

/** One that runs until it is stopped. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** What it wrote so far. */
  stdout(): string;
}

/** Starts it, and leaves it running. */
export function startKeybin(args: readonly string[], options: RunOptions = {}): Running {
  return startProgram(process.execPath, [KEYBIN, ...args], options);
}

function runProgram(program: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  return startProgram(program, args, options).ended;
}

function startProgram(program: string, args: readonly string[], { environment = {}, input, cwd }: RunOptions): Running {
  const { PATH = '' } = process.env;
  const child = spawn(program, [...args], { cwd, env: { PATH, ...environment } });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', chunk => out.push(chunk));
  child.stderr.on('data', chunk => err.push(chunk));
  child.stdin.on('error', () => {}).end(input); // it may end before it has read that
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => {
      const bytes = Buffer.concat(out);
      resolve({ code, bytes, stdout: bytes.toString(), stderr: Buffer.concat(err).toString() });
    });
  });
  return { child, ended, stdout: () => Buffer.concat(out).toString() };
}
