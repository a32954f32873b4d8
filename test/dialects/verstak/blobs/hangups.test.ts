import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import http from 'node:http';
import { expect, test } from 'vitest';
import { rawRequest } from '../../../http/raw-request.ts';
import { slowClient } from '../../../process/slow-client.ts';
import { type Engine, forEachEngine } from '../../../support/engines.ts';
import { openServer, type Served } from '../../../support/served.ts';
import { type Device, demand, pairedDevice, ROOMY, upload } from '../open-verstak.ts';
import { BOUNDARY, chunkOf, download, formOf, headOf, KIB, PART, sha256 } from './form.ts';

interface Line {
  readonly level: 'warn' | 'error' | 'info';
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** A server that remembers what it logs. */
async function openLogged(engine: Engine): Promise<Served & { lines: Line[]; device: Device }> {
  const lines: Line[] = [];
  const note = (level: Line['level']) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Line['fields'], message });
  const log = { debug() {}, info: note('info'), warn: note('warn'), error: note('error') };
  const served = await openServer(engine, { options: ROOMY, log });
  const device = await pairedDevice(served.server);
  lines.length = 0; // what was said at the start
  return { ...served, lines, device };
}

/** The request's own lines of the log, once there are so many. */
async function requests(lines: readonly Line[], route: string, count: number): Promise<Line[]> {
  const found = () => lines.filter(({ message, fields }) => message === 'request' && fields.route === route);
  await expect.poll(() => found().length, { timeout: 10_000 }).toBe(count);
  return found();
}

/** Files of the blob store that this process holds open. */
async function openFiles(): Promise<string[]> {
  const links = await readdir('/proc/self/fd');
  const targets = await Promise.all(links.map(link => readlink(`/proc/self/fd/${link}`).catch(() => '')));
  return targets.filter(target => target.includes('/blobs/'));
}

const text = randomBytes(200 * KIB).toString('hex');

/** What was sent when the client goes away; `headOf` was before. */
const moments: [string, string[]][] = [
  ['the headers of the request', []],
  ['the half of a line', [chunkOf(`--${BOUNDARY}\r\nContent-`)]],
  ['the headers of the part', [chunkOf(`--${BOUNDARY}\r\n${PART}\r\n\r\n`)]],
  ['the begin of a piece', [chunkOf(`--${BOUNDARY}\r\n${PART}\r\n\r\nabc`), 'ff\r\nabc']],
  ['much of the file', [chunkOf(`--${BOUNDARY}\r\n${PART}\r\n\r\n`), ...Array(5).fill(chunkOf(text))]],
  ['the whole form but not the end of the body', [chunkOf(formOf(text).toString())]],
  ['a form that is refused', [chunkOf(formOf(text, PART.replace('file', 'blob')).toString())]],
];

forEachEngine('a client that goes away', engine => {
  test.each(moments)('after %s leaves nothing, and is no failure of the server', async (_, sent) => {
    const { server, lines, device } = await openLogged(engine);
    for (const wait of [false, true]) {
      const client = await slowClient(server.url);
      client.send(headOf(device) + sent.join(''));
      // The server has read what was sent, or has not even begun.
      if (wait) demand(await server.request('GET', '/livez'), 200);
      if (wait && sent.length > 1) {
        await expect.poll(async () => (await server.core.storage.blobs.sweep()).unfinished).toBe(1);
      }
      client.close();
    }
    const gone = await requests(lines, '/api/v1/blobs/', 2);
    for (const { fields } of gone) expect(fields.status).toBe(400);
    expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
    expect(await server.core.storage.blobs.list()).toEqual({ items: [] });
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
    if (existsSync('/proc/self/fd')) expect(await openFiles()).toEqual([]);
    demand(await upload(server, device, 'next'), 200);
  });

  test('while its upload is stored finds it stored, or not at all', async () => {
    const { server, lines, device } = await openLogged(engine);
    const contents = Array.from({ length: 10 }, () => randomBytes(1000).toString('hex'));
    for (const content of contents) {
      const client = await slowClient(server.url);
      client.send(`${headOf(device)}${chunkOf(formOf(content).toString())}0\r\n\r\n`);
      for (let i = 0; i < contents.indexOf(content); i++) await new Promise(resolve => setImmediate(resolve));
      client.close();
    }
    await requests(lines, '/api/v1/blobs/', contents.length);
    const kept = (await server.core.storage.blobs.list()).items.map(blob => blob.sha256);
    for (const content of contents) {
      const { status } = await download(server, device, sha256(content));
      expect(status).toBe(kept.includes(sha256(content)) ? 200 : 404);
    }
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(await server.core.storage.blobs.sweep()).toEqual({ unfinished: 0 });
  });

  test('in the middle of a download leaves no file open', async () => {
    const { server, lines, device } = await openLogged(engine);
    const content = randomBytes(engine.name === 'embedded' ? 12_000 * KIB : 900 * KIB);
    const address = sha256(content);
    demand(await upload(server, device, content), 200);
    const path = `/api/v1/blobs/${address}`;
    for (const moment of ['socket', 'finish', 'response', 'data', 'socket', 'finish', 'response', 'data']) {
      await new Promise<void>(resolve => {
        const request = http.get(server.url + path, { headers: { ...device.headers }, agent: false });
        request.on('error', () => {}).on('close', () => resolve());
        if (moment !== 'data') request.on(moment, () => setImmediate(() => request.destroy()));
        else request.on('response', response => response.once('data', () => request.destroy()));
      });
    }
    const answered = await rawRequest(server.url, { path, headers: { ...device.headers, Range: 'bytes=5-9' } });
    expect(answered.status).toBe(206);
    if (existsSync('/proc/self/fd')) await expect.poll(openFiles).toEqual([]);
    expect(lines.filter(({ level, fields }) => level === 'error' || Number(fields.status) >= 500)).toEqual([]);
    expect((await download(server, device, address)).bytes.equals(content)).toBe(true);
  });
});
