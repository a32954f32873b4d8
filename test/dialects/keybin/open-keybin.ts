/** Servers and accounts for the tests of the Keybin API. */

import { beforeAll } from 'vitest';
import { type AccountDoc, accountsSpec } from '../../../src/core/collections.ts';
import type { Answer } from '../../support/request.ts';
import { newName, type Served } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';

/** Name and password of an account. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The answer to every bad token. */
export const TOKEN_REFUSED = { error: 'the token is not valid', code: 'token_invalid' };

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
export function sharedUser(keybin: Served): { readonly path: string; readonly login: Login } {
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
export async function accountOf({ server }: Pick<Served, 'server'>, username: string): Promise<AccountDoc> {
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
