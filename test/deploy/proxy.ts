/** Proxies that run with the files of `deploy/` in front of a server, and a client that speaks to them over TLS. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { selfSigned } from '../support/certificate.ts';
import { accepts, type Program } from '../support/process.ts';

/** A proxy that listens. Paths of the server lie below `prefix`. */
export interface Entrance {
  readonly port: number;
  readonly prefix: string;
}

/** The text of a file in `deploy/`, with some of it replaced. Throws when a part to be replaced is not there. */
export function deployed(file: string, replacements: Readonly<Record<string, string>>): string {
  let text = readFileSync(new URL(`../../deploy/${file}`, import.meta.url), 'utf8');
  for (const [part, other] of Object.entries(replacements)) {
    if (!text.includes(part)) throw new Error(`${file} has no ${part}`);
    text = text.replaceAll(part, other);
  }
  return text;
}

/** Skips the test where a program is not installed; in CI, which installs it, that is a failure. */
export function need(program: string, argument: string, skip: (condition: boolean, note: string) => void): void {
  const missing = spawnSync(program, [argument]).status !== 0;
  if (missing && process.env.CI) throw new Error(`${program} is not installed, and .ci/run is to install it`);
  skip(missing, `there is no ${program} here`);
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** Writes a self-signed certificate; returns the paths of it and its key. */
export async function certificateFiles(folder: string): Promise<{ cert: string; key: string }> {
  const made = selfSigned();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(cert, made.cert);
  await writeFile(key, made.key);
  return { cert, key };
}

/** Starts a program that is to listen on `port`, and ends it after the test. Returns what it has said so far. */
export async function listening(program: Program, port: number, command: readonly string[], folder: string) {
  const [name = '', ...args] = command;
  const child: ChildProcess = spawn(name, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', text => (said += text));
  const ended = once(child, 'exit');
  program.atEnd(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  while (!(await accepts(`https://127.0.0.1:${port}`))) {
    if (child.exitCode !== null) throw new Error(`${name} does not start: ${said}`);
    await pause(20);
  }
  return () => said;
}

/** Starts nginx with something inside its `http` block. */
export async function startNginx(program: Program, port: number, site: string): Promise<void> {
  const folder = join(program.folder, 'nginx');
  await mkdir(folder);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    kind => `${kind}_temp_path ${folder}/${kind};`,
  );
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const main = `daemon off; ${user} pid ${folder}/pid; error_log ${folder}/error.log; events {}`;
  const log = `access_log ${folder}/access.log;`;
  await writeFile(join(folder, 'conf'), `${main}\nhttp {\n${log}\n${paths.join('\n')}\n${site}\n}\n`);
  await listening(
    program,
    port,
    ['nginx', '-p', folder, '-e', `${folder}/error.log`, '-c', join(folder, 'conf')],
    folder,
  );
}

/** What a client sends. */
export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string | number>;
  readonly body?: string | Buffer | Readable;
  /** The address it comes from. */
  readonly from?: string;
}

/** Sends a request through a proxy; resolves when the head of the answer is there. */
export async function open(
  { port, prefix }: Entrance,
  { method, path, headers, body, from }: Sent,
): Promise<IncomingMessage> {
  const sending = httpsRequest({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    path: prefix + path,
    headers: { Host: 'localhost', ...headers },
    rejectUnauthorized: false,
    ...(from !== undefined && { localAddress: from }),
  });
  const answered = once(sending, 'response');
  const source = typeof body === 'string' || Buffer.isBuffer(body) ? [body] : (body ?? []);
  // Who refuses a body closes before all of it is sent: what counts is the answer.
  pipeline(Readable.from(source, { objectMode: false }), sending).catch(() => {});
  const [answer] = await answered;
  return answer;
}

/** Sends a request and reads the answer. */
export async function send(proxy: Entrance, sent: Sent) {
  const answer = await open(proxy, sent);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return { status: answer.statusCode, headers: answer.headers, text: Buffer.concat(chunks).toString() };
}
