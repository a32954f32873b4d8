/** Accounts and their punches for the tests of the Punch API. */

import { randomUUID } from 'node:crypto';
import { collections } from '../../../src/app.ts';
import type { Collection, CollectionSpec } from '../../../src/storage/port.ts';
import type { Answer } from '../../support/request.ts';
import { newUser, type Served } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';

/** A punch as clients write it; fields of their own may be beside these. */
export interface Punch {
  readonly id: string;
  readonly project: string;
  readonly in: number;
  readonly out: number | null;
  readonly rate: number;
  readonly comments: readonly unknown[];
  readonly created: number;
  readonly updated: number;
  readonly [field: string]: unknown;
}

/** A valid punch with an id of its own. */
export function punchOf(given: Partial<Punch> = {}): Punch {
  return {
    id: randomUUID(),
    project: 'garden',
    in: 1_000,
    out: 2_000,
    rate: 50,
    comments: [{ comment: 'weeds', timestamp: 1_500 }],
    created: 1_000,
    updated: 3_000,
    ...given,
  };
}

/** The body of every 401. */
export const REFUSED = { error: 'a valid key or token is needed', code: 'unauthorized' };

/** The four calls as one account makes them. Those that return no answer throw unless it is the usual one. */
export interface Api {
  readonly headers: Record<string, string>;
  send(method: string, name: string, body?: unknown): Promise<Answer>;
  manifest(query?: string): Promise<Record<string, number | null>>;
  upload(...punches: readonly unknown[]): Promise<void>;
  download(...ids: readonly string[]): Promise<Punch[]>;
  remove(...ids: readonly string[]): Promise<void>;
}

/** The calls with these headers at a server. */
export function apiOf(server: Pick<TestServer, 'request'>, headers: Record<string, string>): Api {
  const send = (method: string, name: string, body?: unknown) =>
    server.request(method, `/api/v1/punches/${name}`, body, headers);
  return {
    headers,
    send,
    manifest: async (query = '') => demand(200, await send('GET', `manifest${query}`)).json,
    upload: async (...punches) => void demand(204, await send('POST', 'upload', { punches })),
    download: async (...ids) => demand(200, await send('POST', 'download', { ids })).json.punches,
    remove: async (...ids) => void demand(204, await send('POST', 'delete', { ids })),
  };
}

/** The calls of a new account. */
export async function newApi(server: TestServer): Promise<Api> {
  return apiOf(server, (await newUser(server)).headers);
}

/** What the server stores of punches. */
export interface StoredPunch {
  user_id: string;
  id: string;
  updated?: number;
  body?: string;
  mark?: number;
}

/** The collection of the punches, to look at what is stored or to stand in the way of calls of this server. */
export function punchesOf({ core }: TestServer): Collection<StoredPunch> {
  const spec = collections.find(({ name }) => name === 'punches') as CollectionSpec<StoredPunch>;
  return core.storage.collection(spec);
}

/** How many punches and tombstones the account has. */
export function leftOf({ server }: Pick<Served, 'server'>, accountId: string): Promise<number> {
  return punchesOf(server).count({ prefix: [accountId] });
}

function demand(status: number, answer: Answer): Answer {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status} ${answer.text}`);
  return answer;
}
