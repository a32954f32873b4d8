/** The real program as a child process, spoken to as its users do: command line, signals, HTTP, log. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { test as base } from 'vitest';
import { type Engine, mongoUri } from './engines.ts';
import { type Answer, request } from './request.ts';

/** The built program. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What a server says once it can answer. */
export const READY = /^ready$/;

/** How long to wait for a line or for an end, in milliseconds: far longer than it takes on a busy machine. */
const PATIENCE = 60_000;

/** Option values by environment name without `KEYBIN_`. */
export type Settings = Readonly<Record<string, string>>;

/** Cheap passwords, any free port. */
const SETTINGS: Settings = {
  APP_PORT: '0',
  SECURITY_BCRYPT_COST: '4',
  SECURITY_HASH_THREADS: '1',
  SECURITY_REGISTRATIONS_PER_ADDRESS: '0',
};

/** One line of the log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a process ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that is over. */
export interface Finished extends End {
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start the program. */
export interface StartOptions {
  readonly settings?: Settings;
  readonly args?: readonly string[];
  /** Leaves out what tests set by default: port 0 and cheap passwords. */
  readonly bare?: boolean;
  /** Ends the wait at this line of the log; {@link READY} when absent. */
  readonly until?: RegExp;
  /** Starts it as the leader of a process group, as a shell does. */
  readonly group?: boolean;
  /** Text of its standard input, which is empty otherwise. */
  readonly input?: string;
  /** Runs it as this user: for tests that root runs. */
  readonly uid?: number;
  /** Another build of the program. */
  readonly main?: string;
  /** Source of a module that runs in each of its processes before the program does. */
  readonly before?: string;
}

/** The program as it runs. */
export class ServerProcess {
  readonly pid: number;
  readonly ended: Promise<End>;
  stdout = '';
  stderr = '';
  readonly #lines: LogLine[] = [];
  /** Characters of the output that are in `#lines`. */
  #parsed = 0;
  #end: End | undefined;
  #url: string | undefined;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    // Not 0: a signal to process 0 goes to the tests themselves and all that runs with them.
    this.pid = child.pid ?? Number.NaN;
    child.stdout?.setEncoding('utf8').on('data', text => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', text => {
      this.stderr += text;
    });
    child.on('error', error => {
      this.stderr += String(error);
    });
    this.ended = once(child, 'close').then(([code, signal]) => {
      this.#end = { code, signal };
      return this.#end;
    });
  }

  /** Every complete line of the log so far. Throws when one is not JSON. */
  get log(): readonly LogLine[] {
    const end = this.stdout.lastIndexOf('\n') + 1;
    if (end > this.#parsed) {
      const lines = this.stdout.slice(this.#parsed, end - 1).split('\n');
      for (const line of lines) this.#lines.push(JSON.parse(line));
      this.#parsed = end;
    }
    return this.#lines;
  }

  /** The address its log names. */
  get url(): string {
    this.#url ??= this.log.find(line => /listens on/.test(line.msg))?.url as string | undefined;
    return String(this.#url);
  }

  /** The first line of the log whose message matches, from the `after`th line on. Throws when it does not come. */
  async logged(message: RegExp, after = 0): Promise<LogLine> {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const line = this.log.slice(after).find(({ msg }) => message.test(msg));
      if (line) return line;
      const over = this.#end
        ? `it ended with ${JSON.stringify(this.#end)}`
        : performance.now() > deadline && 'time is up';
      if (over) throw new Error(`no line ${message}: ${over}\n${this.stdout}\n${this.stderr}`);
      await pause(5);
    }
  }

  /** Sends a request; a body that is not a string goes as JSON. Rejects when no answer comes. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return request(this.url, method, path, body, headers);
  }

  /** Registers an account. Throws unless it is answered with 200. */
  async register(username: string, password = 's3cret'): Promise<void> {
    demand(await this.request('POST', '/register', { username, password }));
  }

  /** A token for an account. Throws unless it is answered with 200. */
  async token(username: string, client_id?: string, password = 's3cret'): Promise<string> {
    const answer = demand(await this.request('POST', '/token', { username, password, client_id }));
    return answer.json.token.token;
  }

  /** Reads its output no longer, as when a log reader dies. */
  closeLog(): void {
    this.#child.stdout?.destroy();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Sends a signal and waits for the end. Throws when it does not come. */
  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<End> {
    this.signal(name);
    return this.end();
  }

  /** Waits for the end, by itself or after a signal. Throws when it does not come. */
  async end(patience = PATIENCE): Promise<End> {
    const timer = new AbortController();
    const late = pause(patience, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`still running\n${this.stdout}\n${this.stderr}`);
    });
    try {
      return await Promise.race([this.ended, late]);
    } finally {
      timer.abort();
      late.catch(() => {});
    }
  }
}

/** Starts the program in a folder of its own; whatever still runs after the test is killed. */
export class Program {
  /** The working directory; the embedded engine's data is in `data` below it. */
  readonly folder: string;
  readonly #processes: ServerProcess[] = [];
  readonly #databases: string[] = [];
  readonly #atEnd: (() => Promise<unknown>)[] = [];

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Settings of an engine on data of this test: all processes started with them share it. */
  place(engine: Engine): Settings {
    if (engine.name === 'embedded') return {};
    return { STORE_HOST: mongoUri(), STORE_DATABASE: this.database() };
  }

  /** The name of a MongoDB database that is dropped after the test. */
  database(): string {
    const name = `keybin_test_${randomBytes(6).toString('hex')}`;
    this.#databases.push(name);
    return name;
  }

  /** Has something done after the test, when nothing runs any more and the folder is still there. */
  atEnd(work: () => Promise<unknown>): void {
    this.#atEnd.push(work);
  }

  /** Starts the program and waits until it is ready, with all its processes. */
  async start(options: StartOptions = {}): Promise<ServerProcess> {
    const server = this.spawn(options);
    await server.logged(options.until ?? READY);
    if (options.until) return server;
    const workers = Number(options.settings?.APP_WORKERS ?? 1);
    for (let ready = 1, at = 0; ready < workers; ready++) {
      at = server.log.findIndex(({ msg }, i) => i >= at && READY.test(msg)) + 1;
      await server.logged(READY, at);
    }
    return server;
  }

  /** Starts the program and waits for its end. */
  async run(args: readonly string[], settings: Settings = {}, uid?: number): Promise<Finished> {
    const finished = this.spawn({ args, settings, ...(uid === undefined ? {} : { uid }) });
    const end = await finished.end();
    return { ...end, stdout: finished.stdout, stderr: finished.stderr };
  }

  /** Starts the program and waits for nothing. */
  spawn({
    settings = {},
    args = [],
    bare = false,
    group = false,
    input,
    uid,
    main = MAIN,
    before,
  }: StartOptions): ServerProcess {
    const given = Object.entries({ ...(bare ? {} : SETTINGS), ...settings });
    const { PATH, HOME } = process.env;
    const first = before === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(before)}`];
    const child = spawn(process.execPath, [...first, main, ...args], {
      cwd: this.folder,
      env: { PATH, HOME, ...Object.fromEntries(given.map(([name, value]) => [`KEYBIN_${name}`, value])) },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: group,
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    child.stdin?.on('error', () => {}).end(input); // it may end before it has read that
    const server = new ServerProcess(child);
    this.#processes.push(server);
    return server;
  }

  /** Kills what runs, removes the data. */
  async cleanup(): Promise<void> {
    for (const server of this.#processes) server.signal('SIGKILL');
    await Promise.all(this.#processes.map(server => server.ended));
    for (const work of this.#atEnd) await work();
    await rm(this.folder, { recursive: true, force: true });
    if (this.#databases.length === 0) return;
    const client = new MongoClient(mongoUri());
    for (const name of this.#databases) await client.db(name).dropDatabase();
    await client.close();
  }
}

/** `test` with a `program` in a folder of its own. */
export const test = base.extend('program', async ({ task: _ }, { onCleanup }) => {
  const program = new Program(await mkdtemp(join(tmpdir(), 'keybin-process-')));
  onCleanup(() => program.cleanup());
  return program;
});

/** The answer, if its status is 200. Throws when it is another. */
export function demand(answer: Answer): Answer {
  if (answer.status !== 200) throw new Error(`status ${answer.status}: ${answer.text}`);
  return answer;
}

/** Asks again and again until the answer is as wanted. Throws when it never is; attempts without an answer do not count. */
export async function eventually<T = Answer>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  patience = PATIENCE,
): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer && wanted(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`at last ${JSON.stringify(answer)}`);
    await pause(25);
  }
}

/** Whether somebody listens at a server's address. */
export function accepts(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise(resolve => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
