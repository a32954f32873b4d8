/** People who register with an e-mail, and the browsers they use, for the tests of the Verstak API. */

import { openSession } from '../../../../src/core/access/sessions.ts';
import { createAccount, type NewAccount } from '../../../../src/core/accounts/accounts.ts';
import type { AccountDoc } from '../../../../src/core/collections.ts';
import type { ReadMail } from '../../../support/mails.ts';
import type { Answer } from '../../../support/request.ts';
import { newName } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { demand, PASSWORD } from '../open-verstak.ts';

/** What a browser says it would like. */
export const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

/** A moment as the API writes it. */
export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** Somebody with an e-mail. */
export interface Person {
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

/** Somebody whom no server knows yet. */
export function newPerson(given: Partial<Person> = {}): Person {
  const username = newName();
  return { username, email: `${username}@example.org`, password: PASSWORD, ...given };
}

/** Registers over HTTP. */
export function register(server: TestServer, person: unknown, headers?: Record<string, string>): Promise<Answer> {
  return server.request('POST', '/api/v1/auth/register', person, headers);
}

/** Somebody who registered over HTTP, with the token of the mail. The e-mail is not confirmed. */
export async function newcomer(
  server: TestServer,
  given: Partial<Person> = {},
): Promise<{ person: Person; token: string }> {
  const person = newPerson(given);
  demand(await register(server, person), 200);
  return { person, token: tokenIn(await lastMail(server, person.email.toLowerCase())) };
}

/** Somebody who registered and confirmed over HTTP. */
export async function confirmedPerson(server: TestServer, given: Partial<Person> = {}): Promise<Person> {
  const { person, token } = await newcomer(server, given);
  demand(await server.request('POST', '/api/v1/auth/confirm', { token }), 200);
  return person;
}

/** The mails to an address, oldest first. */
export async function mailsTo(server: TestServer, email: string): Promise<ReadMail[]> {
  return (await server.mails()).filter(({ to }) => to === email);
}

/** The newest mail to an address. Throws when there is none. */
export async function lastMail(server: TestServer, email: string): Promise<ReadMail> {
  const mail = (await mailsTo(server, email)).at(-1);
  if (mail === undefined) throw new Error(`no mail to ${email}`);
  return mail;
}

/** The link in a mail. Throws when there is not exactly one. */
export function linkIn({ text }: ReadMail): URL {
  const links = text.match(/https?:\S+/g) ?? [];
  if (links.length !== 1 || links[0] === undefined) throw new Error(`no one link in: ${text}`);
  return new URL(links[0]);
}

/** The token in the link of a mail. */
export function tokenIn(mail: ReadMail): string {
  return linkIn(mail).searchParams.get('token') ?? '';
}

/** Asks for a new password, and gives the token of the mail. */
export async function resetToken(server: TestServer, email: string): Promise<string> {
  demand(await server.request('POST', '/api/v1/auth/forgot', { email }), 200);
  const mail = (await mailsTo(server, email)).filter(mail => linkIn(mail).pathname === '/reset').at(-1);
  if (mail === undefined) throw new Error(`no mail with a link to /reset to ${email}`);
  return tokenIn(mail);
}

/** Logs in over HTTP. */
export function login(server: TestServer, username: string, password = PASSWORD): Promise<Answer> {
  return server.request('POST', '/api/v1/auth/login', { username, password });
}

/** Somebody signed in at a browser: as the login page does it. */
export interface SignedIn {
  readonly account: AccountDoc;
  readonly token: string;
  readonly csrf: string;
  /** The cookies alone. */
  readonly cookies: { readonly Cookie: string };
  /** The cookies, and the header that changes need. */
  readonly headers: { readonly Cookie: string; readonly 'X-CSRF-Token': string };
}

/** A session as pages have it, of this account or a new one. */
export async function signIn(server: TestServer, given: Partial<NewAccount> | AccountDoc = {}): Promise<SignedIn> {
  const account =
    'user_id' in given
      ? given
      : await createAccount(server.core, { username: newName(), password: PASSWORD, ...given });
  const { token, csrf = '' } = await openSession(server.core, account, 'user', { withCsrf: true });
  const cookies = { Cookie: `user_session=${token}; csrf_token=${csrf}` };
  return { account, token, csrf, cookies, headers: { ...cookies, 'X-CSRF-Token': csrf } };
}

/** What a browser gets, redirects not followed. A `form` is sent as pages send it. */
export async function browse(
  server: TestServer,
  path: string,
  { form, headers = {} }: { form?: Record<string, string>; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method: form ? 'POST' : 'GET',
    redirect: 'manual',
    headers: { ...BROWSER, ...headers },
    ...(form && { body: new URLSearchParams(form) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text(), json: undefined };
}
