/** Accounts and tokens for the tests of tokens. */

import { createAccount } from '../../../src/core/accounts/accounts.ts';
import type { Answer } from '../../support/request.ts';
import { newName } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';

/** Headers of a request. */
export type Headers = Record<string, string>;

/** A token that was made, and the headers of who has it. */
export interface Held {
  readonly id: string;
  readonly secret: string;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly info: any;
}

export const PASSWORD = 'right';

export const bearer = (secret: string): Headers => ({ Authorization: `Bearer ${secret}` });

export const basic = (username: string, password = PASSWORD): Headers => ({
  Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
});

/** An account that its password opens. */
export async function newHolder(server: TestServer) {
  const username = newName();
  const account = await createAccount(server.core, { username, password: PASSWORD });
  return { username, account, headers: basic(username) };
}

/** A token of the original API. Throws unless the server gives one. */
export async function plainToken(server: TestServer, username: string, client_id?: string): Promise<Headers> {
  const answer = await server.request('POST', '/token', { username, password: PASSWORD, client_id: client_id ?? null });
  return bearer(demand(answer, 200).json.token.token);
}

/** A token made by whom the headers name. Throws unless the server makes it. */
export async function made(server: TestServer, by: Headers, wish: object = {}): Promise<Held> {
  const { json } = demand(await server.request('POST', '/v2/tokens', wish, by), 201);
  return { id: json.id, secret: json.token, headers: bearer(json.token), info: json };
}

/** The status of a look at the token in use: 200 while it lives. */
export async function look(server: TestServer, headers: Headers): Promise<number> {
  return (await server.request('GET', '/v2/tokens/self', undefined, headers)).status;
}

/** The same answer. Throws when it has another status. */
export function demand(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status} ${answer.text}`);
  return answer;
}
