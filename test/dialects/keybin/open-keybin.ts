/** Servers and accounts for the tests of the Keybin API. */

import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { collections } from '../../../src/app.ts';
import { type AccountDoc, accountsSpec } from '../../../src/core/collections.ts';
import type { Engine, OpenedEngine } from '../../support/engines.ts';
import type { Answer } from '../../support/request.ts';
import { type ServerOptions, startServer, type TestServer } from '../../support/server.ts';

/** A running server and the engine below it. */
export interface Keybin {
  readonly server: TestServer;
  readonly opened: OpenedEngine;
}

/** Name and password of an account. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The answer to every bad token. */
export const TOKEN_REFUSED = { error: 'the token is not valid', code: 'token_invalid' };

/** One server for all tests of the surrounding `describe`: they keep apart by accounts of their own. */
export function sharedKeybin(engine: Engine, options: ServerOptions = {}): Keybin {
  let running: Keybin | undefined;
  const keybin = () => {
    if (running === undefined) throw new Error('the server runs only while tests do');
    return running;
  };
  beforeAll(async () => {
    running = await start(engine, options);
  });
  afterAll(() => stop(running));
  return {
    get server() {
      return keybin().server;
    },
    get opened() {
      return keybin().opened;
    },
  };
}

/** A server on fresh data for the running test alone. */
export async function openKeybin(engine: Engine, options: ServerOptions = {}): Promise<Keybin> {
  const keybin = await start(engine, options);
  onTestFinished(() => stop(keybin));
  return keybin;
}

/** One more server on the same data, for the running test. */
export async function anotherServer({ opened }: Keybin, options: ServerOptions = {}): Promise<TestServer> {
  const server = await startServer(opened, options);
  onTestFinished(() => server.stop());
  return server;
}

async function start(engine: Engine, options: ServerOptions): Promise<Keybin> {
  const opened = await engine.open({ specs: collections });
  try {
    return { opened, server: await startServer(opened, options) };
  } catch (error) {
    await opened.cleanup();
    throw error;
  }
}

async function stop(keybin: Keybin | undefined): Promise<void> {
  await keybin?.server.stop();
  await keybin?.opened.cleanup();
}

let accounts = 0;

/** A name nobody has yet. */
export function newName(): string {
  return `account-${++accounts}`;
}

/** Registers an account. Throws unless the server takes it. */
export async function newAccount(server: TestServer, given: Partial<Login> = {}): Promise<Login> {
  const login = { username: newName(), password: 'right', ...given };
  demand200(await server.request('POST', '/register', login));
  return login;
}

/** A token for the account. Throws unless the server gives one. */
export async function newToken(server: TestServer, login: Login, client_id?: string): Promise<string> {
  const answer = await server.request('POST', '/token', { ...login, ...(client_id !== undefined && { client_id }) });
  demand200(answer);
  return answer.json.token.token;
}

/** A token of a new account. */
export async function newUser(server: TestServer): Promise<{ login: Login; token: string; path: string }> {
  const login = await newAccount(server);
  const token = await newToken(server, login);
  return { login, token, path: `/user/${token}` };
}

/** One account and token for all tests of the surrounding `describe`: registering is what takes long. */
export function sharedUser(keybin: Keybin): { readonly path: string; readonly login: Login } {
  let user: { path: string; login: Login } | undefined;
  const ready = () => {
    if (user === undefined) throw new Error('the account is there only while tests run');
    return user;
  };
  beforeAll(async () => {
    user = await newUser(keybin.server);
  });
  return {
    get path() {
      return ready().path;
    },
    get login() {
      return ready().login;
    },
  };
}

/** The account's document. Throws when there is none. */
export async function accountOf({ server }: Pick<Keybin, 'server'>, username: string): Promise<AccountDoc> {
  const account = await server.core.storage.collection(accountsSpec).find('username', [username]);
  if (account === undefined) throw new Error(`no account ${username}`);
  return account;
}

/** Statuses of the answers, in order. */
export async function statuses(answers: readonly Promise<Answer>[]): Promise<number[]> {
  return (await Promise.all(answers)).map(answer => answer.status);
}

/** How often each value occurs. */
export function tally(values: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** `body` with spaces behind it, so that it has exactly `bytes` bytes. */
export function padded(body: unknown, bytes: number): string {
  const text = JSON.stringify(body);
  return text + ' '.repeat(bytes - Buffer.byteLength(text));
}

function demand200({ status, text }: Answer): void {
  if (status !== 200) throw new Error(`expected 200, got ${status} ${text}`);
}
