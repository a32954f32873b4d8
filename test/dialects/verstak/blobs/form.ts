/** Uploads and downloads of blobs, byte by byte. */

import { createHash } from 'node:crypto';
import { type RawAnswer, rawRequest } from '../../../http/raw-request.ts';
import { type SlowClient, slowClient } from '../../../process/slow-client.ts';
import type { TestServer } from '../../../support/server.ts';
import type { Device } from '../open-verstak.ts';

export const BOUNDARY = 'Boundary7';

/** The headers of a part as the desktop sends it. */
export const PART =
  'Content-Disposition: form-data; name="file"; filename="blob.bin"\r\nContent-Type: application/octet-stream';

export const KIB = 1024;

type Content = Uint8Array | string;

/** A form of one part. */
export function formOf(content: Content, part = PART): Buffer {
  return Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\n${part}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
}

/** The address of a content. */
export function sha256(content: Content): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Bytes cut into pieces of this length. */
export function cut(bytes: Uint8Array, length: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += length) pieces.push(bytes.subarray(at, at + length));
  return pieces;
}

/** Sends pieces as they are, in chunks without a Content-Length, as the body of an upload; a header that is undefined is left out. */
export function sendForm(
  { url }: Pick<TestServer, 'url'>,
  { headers }: Pick<Device, 'headers'>,
  pieces: readonly Uint8Array[],
  { path = '/api/v1/blobs/', more = {} }: { path?: string; more?: Record<string, string | undefined> } = {},
): Promise<RawAnswer> {
  const type = `multipart/form-data; boundary=${BOUNDARY}`;
  const all = Object.entries({ 'Content-Type': type, Connection: 'keep-alive', ...headers, ...more });
  const given = Object.fromEntries(all.filter(([, value]) => value !== undefined));
  return rawRequest(url, { method: 'POST', path, headers: given, body: pieces });
}

/** The head of an upload in chunks. */
export function headOf({ headers }: Pick<Device, 'headers'>, more = ''): string {
  const type = `multipart/form-data; boundary=${BOUNDARY}`;
  const { Authorization } = headers;
  return `POST /api/v1/blobs/ HTTP/1.1\r\nHost: x\r\nAuthorization: ${Authorization}\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n${more}\r\n`;
}

/** One chunk. */
export function chunkOf(bytes: Uint8Array | string): string {
  const text = Buffer.from(bytes).toString('latin1');
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

/** The end of a body in chunks. */
export const LAST_CHUNK = '0\r\n\r\n';

/** A connection on which the head of an upload was sent, and the beginning of its file. */
export async function beginUpload(
  server: Pick<TestServer, 'url'>,
  device: Pick<Device, 'headers'>,
  beginning = 'x'.repeat(10_000),
): Promise<SlowClient> {
  const client = await slowClient(server.url);
  client.send(headOf(device, 'Connection: close\r\n'));
  client.send(chunkOf(`--${BOUNDARY}\r\n${PART}\r\n\r\n${beginning}`));
  return client;
}

/** Sends the end of a form that {@link beginUpload} began; resolves with status and JSON of the answer. */
export async function endUpload(client: SlowClient, rest = ''): Promise<{ status: number; json: unknown }> {
  client.send(chunkOf(`${rest}\r\n--${BOUNDARY}--\r\n`) + LAST_CHUNK);
  await client.ended;
  const [head = '', body = ''] = client.answered.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), json: JSON.parse(body) };
}

/** Asks for a blob, and reads it as bytes. */
export async function download(
  server: Pick<TestServer, 'url'>,
  { headers }: Pick<Device, 'headers'>,
  address: string,
  more: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; headers: Headers; bytes: Buffer }> {
  const response = await fetch(`${server.url}/api/v1/blobs/${address}`, { method, headers: { ...headers, ...more } });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes };
}
