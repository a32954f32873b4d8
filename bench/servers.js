/** Starts what is measured, each in a process of its own. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pinned } from './pinning.js';

const REPORT = path.join(import.meta.dirname, 'report.js');
const FLOOR = path.join(import.meta.dirname, 'floor.js');
const KEYBIN = path.join(import.meta.dirname, '..', 'dist', 'main.js');

/** A server that uses less, in microseconds, in that many milliseconds is idle. */
const IDLE_CPU = 25_000;
const IDLE_TIME = 500;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
// A scenario that failed leaves nothing behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * @typedef {{ cpu: number, rss: number, peak: number }} Usage microseconds of CPU so far, bytes, most bytes so far
 * @typedef {{ url: string, usage(): Promise<Usage>, stop(): Promise<void> }} Server
 */

/**
 * A bare server that answers the same bytes: see `floor.js`.
 * @param {string} kind
 * @param {Record<string, string>} [environment]
 * @returns {Promise<Server>}
 */
export function startFloor(kind, environment = {}) {
  return start(FLOOR, [kind], environment);
}

/**
 * Keybin as it is by default, logging to a file that is thrown away; `environment` overrides options. It has one core, like
 * every server, unless it is to run `everywhere`.
 * @param {Record<string, string>} environment
 * @param {{ everywhere?: boolean }} [options]
 * @returns {Promise<Server>}
 */
export async function startKeybin(environment, options) {
  const server = await start(KEYBIN, [], { KEYBIN_APP_PORT: '0', ...environment }, options);
  while ((await fetch(`${server.url}/readyz`)).status !== 200) await new Promise(resolve => setTimeout(resolve, 20));
  return server;
}

/**
 * Waits until a server has nothing to do any more: what it does after its answers is not to be counted with the next ones.
 * @param {Server} server
 */
export async function untilIdle(server) {
  let before = Number.NEGATIVE_INFINITY;
  for (;;) {
    const { cpu } = await server.usage();
    if (cpu - before < IDLE_CPU) return;
    before = cpu;
    await new Promise(resolve => setTimeout(resolve, IDLE_TIME));
  }
}

/** A folder for data; removed by the second element. */
export function temporaryFolder() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'keybin-bench-'));
  return /** @type {const} */ ([folder, () => rmSync(folder, { recursive: true, force: true })]);
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} environment
 * @param {{ everywhere?: boolean }} [options]
 * @returns {Promise<Server>}
 */
async function start(program, args, environment, options = {}) {
  const [folder, remove] = temporaryFolder();
  const log = path.join(folder, 'log');
  const [command, rest] = pinned([process.execPath, '--import', REPORT, program, ...args], options);
  const child = spawn(command, rest, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', openSync(log, 'w'), 'inherit', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const url = await address(child, log);
  return {
    url,
    async usage() {
      child.send('usage');
      const [usage] = await once(child, 'message');
      return usage;
    },
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      remove();
    },
  };
}

/**
 * The address, from the log.
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} log
 * @returns {Promise<string>}
 */
async function address(child, log) {
  for (;;) {
    const url = /http:\/\/[^\s"]+:\d+/.exec(readFileSync(log, 'utf8'))?.[0];
    if (url !== undefined) return url;
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
