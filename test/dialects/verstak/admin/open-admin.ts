/** Admins and what they do, for the tests of the Verstak API. */

import { collections } from '../../../../src/app.ts';
import { createAccount } from '../../../../src/core/accounts/accounts.ts';
import type { AccountDoc } from '../../../../src/core/collections.ts';
import type { Collection } from '../../../../src/storage/port.ts';
import type { Answer } from '../../../support/request.ts';
import { newName } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { demand, PASSWORD } from '../open-verstak.ts';

/** What programs say of their bodies. */
export const JSON_BODY = { 'Content-Type': 'application/json' };

/** An admin who is signed in. */
export interface Admin {
  readonly account: AccountDoc;
  readonly token: string;
  readonly csrf: string;
  /** The cookies alone. */
  readonly cookies: { readonly Cookie: string };
  /** The cookies, and the header that changes need. */
  readonly headers: { readonly Cookie: string; readonly 'X-CSRF-Token': string };
  /** Looks, and demands 200. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  look(path: string): Promise<any>;
  /** Changes something. */
  change(method: string, path: string, body?: unknown): Promise<Answer>;
}

/** An account that is an admin's, with {@link PASSWORD}. */
export function newAdmin({ core }: TestServer, given: { email?: string } = {}): Promise<AccountDoc> {
  return createAccount(core, { username: newName(), password: PASSWORD, admin: true, ...given });
}

/** Logs in as a program does. */
export function logInAdmin(
  server: TestServer,
  username = '',
  password = PASSWORD,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return server.request('POST', '/admin/login', { username, password }, { ...JSON_BODY, ...headers });
}

/** An admin signed in over HTTP: a new one unless an account is given. */
export async function signInAdmin(server: TestServer, given?: AccountDoc): Promise<Admin> {
  const account = given ?? (await newAdmin(server));
  const answer = demand(await logInAdmin(server, account.username), 200);
  const token = cookieOf(answer, 'admin_session') ?? '';
  const csrf: string = answer.json.csrf_token;
  const cookies = { Cookie: `admin_session=${token}; csrf_token=${csrf}` };
  const headers = { ...cookies, 'X-CSRF-Token': csrf };
  return {
    account,
    token,
    csrf,
    cookies,
    headers,
    look: async path => demand(await server.request('GET', path, undefined, cookies), 200).json,
    change: (method, path, body) => server.request(method, path, body, headers),
  };
}

/** The value a cookie was given by an answer. */
export function cookieOf({ headers }: Answer, name: string): string | undefined {
  const cookie = headers.getSetCookie().find(text => text.startsWith(`${name}=`));
  return cookie?.slice(name.length + 1).split(';')[0];
}

/** A collection by its name: tests know no spec of a dialect. */
// biome-ignore lint/suspicious/noExplicitAny: documents of any shape
export function collectionNamed({ core }: TestServer, name: string): Collection<any> {
  const spec = collections.find(known => known.name === name);
  if (spec === undefined) throw new Error(`there is no collection ${name}`);
  return core.storage.collection(spec);
}

/** An entry of the audit log as it is stored. */
export interface AuditEntry {
  readonly id: string;
  readonly at: Date;
  readonly event: string;
  readonly severity: string;
  readonly user_id?: string;
  readonly device_id?: string;
  readonly address?: string;
  readonly message: string;
}

/** The audit log, oldest entry first. */
export async function auditLog(server: TestServer): Promise<AuditEntry[]> {
  const { items } = await collectionNamed(server, 'verstak_audit').scan({ index: 'time', limit: 1000 });
  return items;
}
