/** Devices that follow the log of a vault as the desktop does, for the tests of the Verstak API. */

import { collections } from '../../../../src/app.ts';
import type { Collection } from '../../../../src/storage/port.ts';
import type { Answer } from '../../../support/request.ts';
import { newUser } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import { type Device, demand, newOperation, type Operation, PASSWORD, pull, push } from '../open-verstak.ts';

/** An operation as devices get it. */
export interface Pulled {
  readonly op_id: string;
  readonly server_sequence: number;
  readonly device_id: string;
  readonly entity_type: string;
  readonly entity_id: string;
  readonly op_type: string;
  readonly payload_json: string;
  readonly created_at: string;
}

/** Operations nobody has sent yet. */
export function newOperations(count: number, given: Partial<Operation> = {}): Operation[] {
  return Array.from({ length: count }, () => newOperation(given));
}

/** What an operation is pulled as, once a device has stored it under this number. */
export function asPulled(operation: Operation, { deviceId }: Device, server_sequence: number): Pulled {
  const { op_id, entity_type, entity_id, op_type, payload_json, created_at } = operation;
  return { op_id, server_sequence, device_id: deviceId, entity_type, entity_id, op_type, payload_json, created_at };
}

/** Pushes, and returns the answer. Throws unless it is 200. */
export async function pushed(
  server: TestServer,
  device: Device,
  ops: readonly unknown[],
  more: Record<string, unknown> = {},
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
): Promise<any> {
  return demand(await push(server, device, ops, more), 200).json;
}

/**
 * What is behind `since`, page by page to the end. Throws where the desktop stops with an error: numbers that do not ascend, a
 * `page_last_sequence` that is not that of the last operation, or of the cursor, a page without any that says there is more.
 */
export async function readLog(server: TestServer, device: Device, since = 0, pageLimit = 0): Promise<Pulled[]> {
  const found: Pulled[] = [];
  for (let cursor = since; ; ) {
    const { json } = demand(await pull(server, device, cursor, { page_limit: pageLimit }), 200);
    for (const operation of json.ops as Pulled[]) {
      if (operation.server_sequence <= cursor) throw new Error(`${operation.server_sequence} comes after ${cursor}`);
      cursor = operation.server_sequence;
      found.push(operation);
    }
    if (json.page_last_sequence !== cursor)
      throw new Error(`the page ends at ${cursor}, not ${json.page_last_sequence}`);
    if (!json.has_more) return found;
    if (json.ops.length === 0) throw new Error('there is more, and the page is empty');
  }
}

/** Ids in their order. */
export function idsOf(operations: readonly { readonly op_id: string }[]): string[] {
  return operations.map(({ op_id }) => op_id);
}

/** Status and code, which is all that the desktop looks at. Throws when it could not: it parses the first 500 bytes. */
export function refusalOf({ status, json, text }: Answer): [status: number, code: string] {
  if (Buffer.byteLength(text) >= 500) throw new Error(`${Buffer.byteLength(text)} bytes: ${text}`);
  if (typeof json?.error !== 'string') throw new Error(`no error text: ${text}`);
  return [status, json.code];
}

/** A collection of the server: to see what is left in it, or to break it. Throws when there is none of that name. */
// biome-ignore lint/suspicious/noExplicitAny: documents of any shape
export function storedIn({ core }: TestServer, name: string): Collection<any> {
  const spec = collections.find(spec => spec.name === name);
  if (spec === undefined) throw new Error(`no collection ${name}`);
  return core.storage.collection(spec);
}

/** The numbers that an admin sees. */
export async function statisticsOf(server: TestServer): Promise<Record<string, number>> {
  const { account } = await newUser(server, { password: PASSWORD, admin: true });
  const login = { username: account.username, password: PASSWORD };
  const type = { 'Content-Type': 'application/json' };
  const { headers } = demand(await server.request('POST', '/admin/login', login, type), 200);
  const Cookie = headers
    .getSetCookie()
    .map(cookie => cookie.split(';')[0])
    .join('; ');
  return demand(await server.request('GET', '/admin/api/stats', undefined, { Cookie }), 200).json;
}
