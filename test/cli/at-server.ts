/** A server for `keybin`, and accounts on it. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { Engine } from '../support/engines.ts';
import { demand, Program, type ServerProcess } from '../support/process.ts';
import { newName } from '../support/served.ts';
import { keybin, type Ran, type RunOptions, shell } from './keybin.ts';

/** The server of a suite. */
export interface AtServer {
  readonly url: string;
  readonly server: ServerProcess;
  /** The first one who has an account: who they are, and what runs `keybin` for them. */
  account(): Promise<Person>;
}

/** Somebody with an account and a token in the environment, and a folder to work in. */
export interface Person {
  readonly name: string;
  readonly folder: string;
  readonly token: string;
  readonly environment: Readonly<Record<string, string>>;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same, of what has to go well: gives what it wrote. */
  done(...args: readonly string[]): Promise<string>;
  shell(line: string, options?: RunOptions): Promise<Ran>;
  /** A request with the token. */
  request: ServerProcess['request'];
}

/** The password of every account. */
export const PASSWORD = 's3cret';

/** A server process on an engine, for all tests of the surrounding `describe`. */
export function atServer(engine: Engine): AtServer {
  let program: Program | undefined;
  let server: ServerProcess | undefined;
  beforeAll(async () => {
    program = new Program(await mkdtemp(join(tmpdir(), 'keybin-cli-')));
    server = await program.start({ settings: program.place(engine) });
  });
  afterAll(() => program?.cleanup());
  const running = () => {
    if (!server) throw new Error('the server runs only while tests do');
    return server;
  };
  return {
    get url() {
      return running().url;
    },
    get server() {
      return running();
    },
    account: () => person(running()),
  };
}

/** Somebody with an account on a server, for the running test. */
export async function person(server: ServerProcess): Promise<Person> {
  const name = newName();
  await server.register(name, PASSWORD);
  const Authorization = `Basic ${Buffer.from(`${name}:${PASSWORD}`).toString('base64')}`;
  const answer = await server.request('POST', '/v2/tokens', { name: 'test' }, { Authorization });
  if (answer.status !== 201) demand(answer);
  const token = String(answer.json.token);
  const folder = await newFolder();
  const environment = { ...homeIn(folder), KEYBIN_URL: server.url, KEYBIN_TOKEN: token };
  const options = (given: RunOptions = {}) => ({
    cwd: folder,
    ...given,
    environment: { ...environment, ...given.environment },
  });
  const run: Person['run'] = (args, given) => keybin(args, options(given));
  return {
    name,
    folder,
    token,
    environment,
    run,
    async done(...args) {
      const ran = await run(args);
      if (ran.code !== 0) throw new Error(`keybin ${args.join(' ')}: ${JSON.stringify(ran)}`);
      return ran.stdout;
    },
    shell: (line, given) => shell(line, options(given)),
    request: (method, path, body, headers) =>
      server.request(method, path, body, { Authorization: `Bearer ${token}`, ...headers }),
  };
}

/** A home in which nobody is signed in. */
export function homeIn(folder: string): Record<string, string> {
  return { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config') };
}

/** A folder for the running test. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keybin-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What is kept of sign-ins in a home. */
export async function kept(folder: string): Promise<Kept> {
  return JSON.parse(await readFile(join(folder, 'config', 'keybin', 'config.json'), 'utf8'));
}

interface Kept {
  readonly current: string;
  readonly profiles: Record<string, Record<string, string>>;
}
