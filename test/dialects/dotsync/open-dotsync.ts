/** Configs and syncs for the tests of the dotsync API. */

import { createHash, randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { collections } from '../../../src/app.ts';
import type { Answer } from '../../support/request.ts';
import { newUser, type Served } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';

/** The header with a user's token. */
export type Headers = Record<string, string>;

/** What a machine says about a file. */
export interface Entry {
  readonly path: string;
  readonly config?: string;
  readonly content?: string | null;
  readonly base?: string | null;
  readonly mode?: string;
}

/** The answer to a sync, line by line. */
export interface Synced {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into lines of any shape
  readonly lines: any[];
  /** The lines of files: all but the last one. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into lines of any shape
  readonly files: any[];
  /** The last line. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into lines of any shape
  readonly last: any;
}

/** SHA-256 in lower-case hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export function base64(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64');
}

/** Copies the first config of an account, in the storage: to make a thousand by requests would take long. */
export async function copyConfig({ opened }: Served, accountId: string, copies: number): Promise<void> {
  const spec = specOf('dotsync_configs');
  const configs = opened.storage.collection(spec);
  const { items } = await configs.scan({ prefix: [accountId], limit: 1 });
  // Inserts at once share commands; the writes of a commit do not, where there are no transactions.
  const insert = (_: unknown, i: number) => configs.insert({ ...items[0], id: randomUUID(), seq: 1_000_000 + i });
  await Promise.all(Array.from({ length: copies }, insert));
}

/** A machine that has this content. */
export function has(path: string, content: string, more: Partial<Entry> = {}): Entry {
  return { path, content: base64(content), ...more };
}

/** Makes a config of an account; returns its id. */
export async function newConfig(
  server: TestServer,
  headers: Headers,
  files: readonly string[],
  git?: unknown,
): Promise<string> {
  const answer = await server.request('POST', '/v1/config', { files, ...(git !== undefined && { git }) }, headers);
  expect([answer.status, answer.json]).toEqual([201, { id: expect.any(String) }]);
  return answer.json.id;
}

/** A new account with one config. */
export async function userWith(server: TestServer, files: readonly string[]) {
  const user = await newUser(server);
  return { ...user, id: await newConfig(server, user.headers, files) };
}

/** Syncs one config, or all without `id`; without `files` it is a plain pull. Fails unless the answer is complete. */
export async function sync(
  server: TestServer,
  headers: Headers,
  { id, files }: { id?: string; files?: readonly Entry[] } = {},
): Promise<Synced> {
  const answer = await server.request('POST', pathOf(id), files && { files }, headers);
  expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
  const synced = linesOf(answer);
  expect(synced.last.event).toBe('done');
  return synced;
}

/** Puts contents by path into a config, on top of whatever is there. Fails unless all of them are stored. */
export async function store(
  server: TestServer,
  headers: Headers,
  id: string,
  contents: Readonly<Record<string, string>>,
): Promise<void> {
  const files = Object.entries(contents).map(([path, content]) => has(path, content));
  const { last } = await sync(server, headers, { id, files });
  expect(last.stored).toBe(files.length);
}

/** Says something about one file of a config; returns the line about it. */
export async function offer(server: TestServer, headers: Headers, id: string, entry: Entry) {
  return (await sync(server, headers, { id, files: [entry] })).files[0];
}

/** Replaces the files of a config. */
export function put(server: TestServer, headers: Headers, id: string, files: readonly string[]): Promise<Answer> {
  return server.request('PUT', `/v1/config/${id}`, { files }, headers);
}

/** What a config has stored, by path. */
export async function contentsOf(server: TestServer, headers: Headers, id: string): Promise<Record<string, string>> {
  const { files } = await sync(server, headers, { id });
  const held = files.filter(({ status }) => status === 'updated');
  return Object.fromEntries(held.map(({ path, content }) => [path, Buffer.from(content, 'base64').toString()]));
}

/** Status of each line of a file, in order. */
export function statusesOf({ files }: Synced): string[] {
  return files.map(({ status }) => status);
}

/** The lines of an answer. */
export function linesOf({ status, text }: Answer): Synced {
  const lines = text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  return { status, lines, files: lines.slice(0, -1), last: lines.at(-1) };
}

export function pathOf(id?: string): string {
  return id === undefined ? '/v1/sync' : `/v1/sync/${id}`;
}

/** How many documents an account has in a collection of this API. */
export function stored({ opened }: Served, name: 'dotsync_configs' | 'dotsync_files', ...prefix: string[]) {
  return collectionOf(opened.storage, name).count({ prefix });
}

/** A collection of this API, as a server or a test has it. */
export function collectionOf(storage: Served['opened']['storage'], name: 'dotsync_configs' | 'dotsync_files') {
  return storage.collection(specOf(name));
}

function specOf(name: string) {
  const spec = collections.find(candidate => candidate.name === name);
  if (spec === undefined) throw new Error(`there is no collection ${name}`);
  return spec;
}

/** Something to wait for, until somebody gives it. */
export function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give = () => {};
  const given = new Promise<void>(resolve => {
    give = resolve;
  });
  return { given, give: () => give() };
}
