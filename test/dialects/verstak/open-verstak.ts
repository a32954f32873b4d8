/** Devices of the Verstak API, as its tests use them. */

import { randomUUID } from 'node:crypto';
import type { AccountDoc } from '../../../src/core/collections.ts';
import type { Answer } from '../../support/request.ts';
import { newUser } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';

/** The password of every account made here. */
export const PASSWORD = 'correct horse';

/** A paired device and its account. */
export interface Device {
  readonly account: AccountDoc;
  readonly deviceId: string;
  readonly token: string;
  readonly vault: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Limits that no test meets by accident; those about limits give their own. */
export const ROOMY = Object.fromEntries(
  ['pair', 'test', 'login', 'register', 'forgot', 'reset'].map(kind => [
    `VERSTAK_${kind.toUpperCase()}_ATTEMPTS`,
    '100000',
  ]),
);

/** An account that can log in with {@link PASSWORD}. */
export async function newAccount(server: TestServer): Promise<AccountDoc> {
  return (await newUser(server, { password: PASSWORD })).account;
}

/** A device paired over HTTP: of a new account and with a vault of its own unless they are given. */
export async function pairedDevice(
  server: TestServer,
  given: { account?: AccountDoc; vault?: string; name?: string } = {},
): Promise<Device> {
  const account = given.account ?? (await newAccount(server));
  const vault = given.vault ?? `vault-${randomUUID()}`;
  const { json } = demand(
    await server.request('POST', '/api/client/pair', {
      login: account.username,
      password: PASSWORD,
      device_name: given.name ?? 'desk',
      client_version: '1.0',
      vault_id: vault,
    }),
    200,
  );
  const headers = { Authorization: `Bearer ${json.device_token}` };
  return { account, deviceId: json.device_id, token: json.device_token, vault, headers };
}

/** An operation as clients send them. */
export interface Operation {
  op_id: string;
  entity_type: string;
  entity_id: string;
  op_type: string;
  payload_json: string;
  client_sequence: number;
  last_seen_server_seq: number;
  created_at: string;
}

/** An operation nobody has sent yet. */
export function newOperation(given: Partial<Operation> = {}): Operation {
  return {
    op_id: randomUUID(),
    entity_type: 'note',
    entity_id: `Docs/${randomUUID()}.md`,
    op_type: 'update',
    payload_json: '{"title":"a"}',
    client_sequence: 1,
    last_seen_server_seq: 0,
    created_at: '2026-01-02T03:04:05Z',
    ...given,
  };
}

/** Sends operations. */
export function push(
  server: TestServer,
  { headers }: Device,
  ops: readonly unknown[],
  more: Record<string, unknown> = {},
): Promise<Answer> {
  return server.request('POST', '/api/v1/sync/push', { device_id: 'ignored', ops, ...more }, headers);
}

/** Asks for operations behind a sequence number. */
export function pull(
  server: TestServer,
  { headers }: Device,
  since = 0,
  more: Record<string, unknown> = {},
): Promise<Answer> {
  return server.request('POST', '/api/v1/sync/pull', { since_sequence: since, ...more }, headers);
}

/** Uploads a blob as the desktop does: one part `file`, streamed. */
export async function upload(
  server: TestServer,
  { headers }: Device,
  content: Uint8Array<ArrayBuffer> | string,
): Promise<Answer> {
  const form = new FormData();
  form.set('file', new Blob([content]), 'blob.bin');
  const response = await fetch(`${server.url}/api/v1/blobs/`, { method: 'POST', headers, body: form });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
}

/** The answer, if it has this status. Throws when it has another. */
export function demand(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status} ${answer.text}`);
  return answer;
}
