/** Members, tokens and events for the tests of the simple-sync API. */

import { createHmac } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import { collections } from '../../../src/app.ts';
import { createAccount, type NewAccount } from '../../../src/core/accounts/accounts.ts';
import type { Collection } from '../../../src/storage/port.ts';
import type { Answer } from '../../support/request.ts';
import { newName } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';

/** Signs the tokens of a server that is started with it. */
export const SECRET = 'a secret of more than 32 characters';
export const WITH_SECRET = { options: { SIMPLE_SYNC_JWT_SECRET: SECRET } };

export const AUTHORIZATION_REQUIRED = { error: 'Authorization header required', code: 'authorization_required' };
export const TOKEN_REFUSED = { error: 'Invalid or expired token', code: 'session_token_invalid' };
export const LOGIN_REFUSED = { error: 'Invalid username or password', code: 'login_refused' };
export const ADMIN_REQUIRED = { error: 'Admin permission required', code: 'admin_required' };
export const EVENTS_INVALID = { error: 'Invalid JSON format', code: 'events_invalid' };

/** An account that uses the API, with a session token. */
export interface Member {
  readonly user_id: string;
  readonly uuid: string;
  readonly username: string;
  readonly password: string;
  readonly token: string;
  readonly headers: { Authorization: string };
}

/** The header that a token is sent in. */
export function bearer(token: string): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}

/** A member, logged in. Throws unless the server gives a token. */
export async function newMember(server: TestServer, given: Partial<NewAccount> = {}): Promise<Member> {
  const login = { username: newName(), password: 'right' };
  const account = await createAccount(server.core, { ...login, simple_sync: true, ...given });
  const { username } = account;
  const { password } = { ...login, ...given };
  const token = await login200(server, { username: username ?? '', password });
  const uuid = account.uuid ?? account.user_id;
  return { user_id: account.user_id, uuid, username: username ?? '', password, token, headers: bearer(token) };
}

/** An admin, logged in. */
export function newAdmin(server: TestServer): Promise<Member> {
  return newMember(server, { admin: true });
}

/** A session token. Throws unless the server gives one. */
export async function login200(server: TestServer, login: { username: string; password: string }): Promise<string> {
  const { username, password } = login;
  const answer = await server.request('POST', '/api/v1/auth/token', { username, password });
  return demand(answer, 200).json.token;
}

/** An event as clients send and get it. */
export interface Event {
  readonly uuid: string;
  readonly timestamp: number;
  readonly userUuid: string;
  readonly itemUuid: string;
  readonly action: string;
  readonly payload: string;
}

let events = 0;

/** An event of this second by the server's clock, under a uuid of its own. */
export function newEvent(server: TestServer, given: Partial<Event> = {}): Event {
  return {
    uuid: `event-${++events}`,
    timestamp: seconds(server),
    userUuid: 'somebody',
    itemUuid: 'item',
    action: 'create',
    payload: '{}',
    ...given,
  };
}

/** The server's time, in Unix seconds. */
export function seconds({ clock }: TestServer): number {
  return Math.floor(clock.now() / 1000);
}

export function push(server: TestServer, { headers }: Member, body: unknown): Promise<Answer> {
  return server.request('POST', '/api/v1/events', body, headers);
}

export function pull(server: TestServer, { headers }: Member, query = ''): Promise<Answer> {
  return server.request('GET', `/api/v1/events${query}`, undefined, headers);
}

/** The whole history. Throws unless it is answered with 200. */
export async function historyOf(server: TestServer, member: Member): Promise<Event[]> {
  return demand(await pull(server, member), 200).json;
}

/** Where the server keeps events: to see how it reads them, or to break it. Throws when there is no such collection. */
export function storedIn({ core }: TestServer, name: string): Collection<object> {
  const spec = collections.find(spec => spec.name === name);
  if (spec === undefined) throw new Error(`no collection ${name}`);
  return core.storage.collection<object>(spec);
}

/** A rule as `user/item/action +` (allows) or `-` (denies). */
export function rule(text: string): { user: string; item: string; action: string; allow: boolean } {
  const [user = '', item = '', action = ''] = text.slice(0, -2).split('/');
  return { user, item, action, allow: text.endsWith('+') };
}

/** Puts rules in place of all others. Throws unless the server takes them. */
export async function setRules(server: TestServer, admin: Member, rules: readonly string[]): Promise<void> {
  demand(await server.request('PUT', '/api/v1/acl', { rules: rules.map(rule) }, admin.headers), 204);
}

/** Claims as the server makes them for the member. */
export function claimsOf(server: TestServer, member: Member): JWTPayload & { iat: number; exp: number } {
  const iat = seconds(server);
  return {
    user_uuid: member.uuid,
    username: member.username,
    is_admin: false,
    account: member.user_id,
    sub: member.uuid,
    iat,
    exp: iat + 604_800,
  };
}

/** A token that somebody else signs. Claims that are undefined are left out. */
export function sign(claims: JWTPayload, secret = SECRET, header = { alg: 'HS256' }): Promise<string> {
  const given = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  return new SignJWT(given).setProtectedHeader(header).sign(Buffer.from(secret));
}

/** A token of these very parts with an HMAC as HS256 has it, whatever the header says. Claims may be any text. */
export function handSigned(header: object, claims: object | string, secret = SECRET): string {
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims);
  const parts = [JSON.stringify(header), payload].map(part => Buffer.from(part).toString('base64url')).join('.');
  return `${parts}.${createHmac('sha256', secret).update(parts).digest('base64url')}`;
}

/** What is in a token. */
export function claimsIn(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

/** The answer, if it has this status. Throws when it has another. */
export function demand(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status} ${answer.text}`);
  return answer;
}
