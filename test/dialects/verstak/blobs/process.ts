/** Devices and streams for tests of blobs against whole server processes. */

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { ServerProcess, Settings } from '../../../support/process.ts';
import { BOUNDARY, PART } from './form.ts';

const LOGIN = { login: 'root', password: 'correct horse' };

/** A server with an account that devices can be paired with. */
export const WITH_ACCOUNT: Settings = { ADMIN_USERNAME: LOGIN.login, ADMIN_PASSWORD: LOGIN.password };

/** The headers of a new device. Throws unless it is paired. */
export async function pair(server: ServerProcess): Promise<{ headers: { Authorization: string } }> {
  const answer = await server.request('POST', '/api/client/pair', { ...LOGIN, vault_id: 'vault' });
  if (answer.status !== 200) throw new Error(answer.text);
  return { headers: { Authorization: `Bearer ${answer.json.device_token}` } };
}

/** What a stream of bytes was. */
export interface Seen {
  readonly sha256: string;
  readonly size: number;
}

/** Uploads so many bytes that are made on the fly, as fast as they are taken; also resolves with what was sent. */
export async function uploadMade(
  { url }: ServerProcess,
  headers: Record<string, string>,
  size: number,
): Promise<{ status: number; text: string; sent: Seen }> {
  const type = `multipart/form-data; boundary=${BOUNDARY}`;
  const request = http.request(`${url}/api/v1/blobs/`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': type },
    agent: false,
  });
  const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
  const hash = createHash('sha256');
  const piece = randomBytes(65_536);
  request.write(`--${BOUNDARY}\r\n${PART}\r\n\r\n`);
  for (let at = 0; at < size; at += piece.length) {
    piece.writeDoubleLE(at); // no two pieces alike
    const part = Buffer.from(piece.subarray(0, size - at));
    hash.update(part);
    if (!request.write(part)) await once(request, 'drain');
  }
  request.end(`\r\n--${BOUNDARY}--\r\n`);
  const [response] = await answered;
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode ?? 0, text, sent: { sha256: hash.digest('hex'), size } };
}

/** Downloads a blob without keeping it. */
export async function downloadSeen(
  { url }: ServerProcess,
  headers: Record<string, string>,
  address: string,
): Promise<Seen> {
  const request = http.get(`${url}/api/v1/blobs/${address}`, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of response) {
    hash.update(piece);
    size += piece.length;
  }
  return { sha256: hash.digest('hex'), size };
}
