/** The server under the soak: a real process on a folder or database of its own, killed, stopped and started again. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { optionList } from '../../dist/config/options.js';

const MAIN = path.join(import.meta.dirname, '..', '..', 'dist', 'main.js');
/** Milliseconds for a start, and the contract's for a stop. */
const START = 30_000;
const STOP = 20_000;
const SLACK = 1000;

export const ADMIN = { username: 'root', password: 'the soak administers' };
/** Bytes an account may hold: the honest ones stay far below. */
export const ACCOUNT_BYTES = 33_554_432;

/** Whether this build knows an option, as `[SECTION] name`. @param {string} name */
export const knows = name => optionList.some(option => option.name === name);

export class Server {
  port = 0;
  /** Most bytes of memory of any of the processes. */
  peak = 0;
  starts = 0;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  #folder;
  #tally;

  /**
   * @param {string} folder for everything it writes
   * @param {string} host as `[STORE] host`
   * @param {string} database
   * @param {import('./tally.js').Tally} tally
   * @param {string} [cost] of password hashes, unless it is to be the server's own
   */
  constructor(folder, host, database, tally, cost) {
    this.#folder = folder;
    this.#tally = tally;
    const quota = knows('[LIMITS] account_bytes') ? `[LIMITS]\naccount_bytes=${ACCOUNT_BYTES}\n` : '';
    this.configuration = `[APP]
trusted_proxies=127.0.0.1
public_url=http://keybin.example
[STORE]
host=${host}
${host.startsWith('file:') ? '' : `database=${database}\n`}token_expiration=86400
[ADMIN]
username=${ADMIN.username}
password=${ADMIN.password}
${cost === undefined ? '' : `[SECURITY]\nbcrypt_cost=${cost}\n`}${quota}`;
  }

  /** Starts it and waits until it is ready. Throws when it is not within 30 s. */
  async start() {
    this.port ||= await freePort();
    const config = path.join(this.#folder, 'store.cfg');
    writeFileSync(config, this.configuration);
    const log = openSync(path.join(this.#folder, 'log'), 'a');
    const child = spawn(process.execPath, [MAIN, '--config', config, '--port', String(this.port)], {
      cwd: this.#folder,
      env: { PATH: process.env.PATH ?? '' },
      stdio: ['ignore', log, log],
    });
    this.#child = child;
    this.starts++;
    child.on('exit', (code, signal) => {
      if (!this.#tally.down) this.#tally.fault('the server ended by itself', `code ${code}, signal ${signal}`);
      this.#tally.down = true;
    });
    const until = performance.now() + START;
    while ((await readiness(this.port)) !== 200) {
      if (child.exitCode !== null || performance.now() > until) throw new Error(`no start:\n${this.lastLines()}`);
      await pause(25);
    }
    this.#tally.down = false;
  }

  get running() {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Kills it as a power cut would. */
  async kill() {
    this.#tally.down = true;
    await this.#end('SIGKILL', START);
  }

  /** Stops it; code and milliseconds it took. A fault unless it is 0 within 20 s. */
  async stop() {
    this.#tally.down = true;
    const begun = performance.now();
    const code = await this.#end('SIGTERM', STOP + 5000);
    const took = Math.round(performance.now() - begun);
    if (code !== 0 || took > STOP + SLACK) this.#tally.fault('SIGTERM', `exit code ${code} after ${took} ms`);
    return { code, took };
  }

  reload() {
    if (this.running) this.#child?.kill('SIGHUP');
  }

  /** Resident bytes; 0 when it does not run. */
  rss() {
    if (!this.running) return 0;
    try {
      const status = readFileSync(`/proc/${this.#child?.pid}/status`, 'utf8');
      const bytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
      this.peak = Math.max(this.peak, bytes);
      return bytes;
    } catch {
      return 0;
    }
  }

  /** The last lines of its log that are errors, or just the last ones. */
  lastLines() {
    const lines = readFileSync(path.join(this.#folder, 'log'), 'utf8').trimEnd().split('\n');
    const errors = lines.filter(line => /"level":(50|60)/.test(line) || !line.startsWith('{'));
    return (errors.length > 0 ? errors : lines)
      .slice(-10)
      .map(line => line.slice(0, 600))
      .join('\n');
  }

  /**
   * @param {NodeJS.Signals} signal
   * @param {number} patience
   */
  async #end(signal, patience) {
    const child = this.#child;
    if (!child || !this.running) return child?.exitCode;
    const gone = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), patience);
    await gone;
    clearTimeout(timer);
    return child.exitCode;
  }
}

/** @param {number} port @returns {Promise<number>} */
function readiness(port) {
  return new Promise(resolve => {
    const asked = http.get({ port, host: '127.0.0.1', path: '/readyz', agent: false, timeout: 2000 }, answer => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(0));
  });
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}
