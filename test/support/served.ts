/** Servers on fresh data, and accounts on them, for the tests of every API. */

import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { collections } from '../../src/app.ts';
import { issueToken } from '../../src/core/access/tokens.ts';
import { createAccount, type NewAccount } from '../../src/core/accounts/accounts.ts';
import type { AccountDoc } from '../../src/core/collections.ts';
import type { Engine, OpenedEngine } from './engines.ts';
import { type ServerOptions, startServer, type TestServer } from './server.ts';

/** A running server and the engine below it. */
export interface Served {
  readonly server: TestServer;
  readonly opened: OpenedEngine;
}

/** One server for all tests of the surrounding `describe`: they keep apart by accounts of their own. */
export function sharedServer(engine: Engine, options: ServerOptions = {}): Served {
  let running: Served | undefined;
  const served = () => {
    if (running === undefined) throw new Error('the server runs only while tests do');
    return running;
  };
  beforeAll(async () => {
    running = await start(engine, options);
  });
  afterAll(() => stop(running));
  return {
    get server() {
      return served().server;
    },
    get opened() {
      return served().opened;
    },
  };
}

/** A server on fresh data for the running test alone. */
export async function openServer(engine: Engine, options: ServerOptions = {}): Promise<Served> {
  const served = await start(engine, options);
  onTestFinished(() => stop(served));
  return served;
}

/** One more server on the same data, for the running test: as another process sees it. */
export async function anotherServer({ opened }: Served, options: ServerOptions = {}): Promise<TestServer> {
  const server = await startServer(opened, options);
  onTestFinished(() => server.stop());
  return server;
}

async function start(engine: Engine, options: ServerOptions): Promise<Served> {
  const opened = await engine.open({ specs: collections });
  try {
    return { opened, server: await startServer(opened, options) };
  } catch (error) {
    await opened.cleanup();
    throw error;
  }
}

async function stop(served: Served | undefined): Promise<void> {
  await served?.server.stop();
  await served?.opened.cleanup();
}

let names = 0;

/** A name nobody has yet. */
export function newName(): string {
  return `account-${++names}`;
}

/** An account and a token for it, made without HTTP: for APIs that neither register nor log in. */
export async function newUser(
  { core }: TestServer,
  given: Partial<NewAccount> = {},
): Promise<{ account: AccountDoc; token: string; headers: Record<string, string> }> {
  const account = await createAccount(core, { username: newName(), password: 'right', ...given });
  const { token } = await issueToken(core, account);
  return { account, token, headers: { Authorization: `Bearer ${token}` } };
}
