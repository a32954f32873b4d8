/** A load generator that costs little and measures microseconds: prebuilt requests over raw keep-alive connections. */

import net from 'node:net';

/**
 * @typedef {{ method?: string, path: string, headers?: Record<string, string>, body?: string }} Request
 * @typedef {{ connections: number, count: number, rate?: number }} Load `rate`: requests per second of all connections
 * @typedef {{ seconds: number, latencies: Float64Array, failures: number }} Result latencies in milliseconds, sorted
 */

/**
 * Sends `count` requests, each connection one after another; with `rate` at fixed times, otherwise as fast as it goes.
 * @param {string} url
 * @param {Request | Request[]} request several: in turn
 * @param {Load} load
 * @returns {Promise<Result>}
 */
export async function run(url, request, { connections, count, rate }) {
  const { hostname, port } = new URL(url);
  const all = [request].flat().map(encode);
  const latencies = new Float64Array(count);
  let sent = 0;
  let done = 0;
  let failures = 0;
  const started = performance.now();

  /** @param {net.Socket} socket */
  async function drive(socket) {
    const answer = answers(socket);
    while (sent < count) {
      const turn = sent++;
      if (rate !== undefined) await sleepUntil(started + (turn * 1000) / rate);
      const begun = performance.now();
      socket.write(all[turn % all.length] ?? '');
      if (!(await answer()).startsWith('HTTP/1.1 2')) failures++;
      latencies[done++] = performance.now() - begun;
    }
    socket.destroy();
  }

  await Promise.all(Array.from({ length: connections }, async () => drive(await connect(hostname, Number(port)))));
  return { seconds: (performance.now() - started) / 1000, latencies: latencies.sort(), failures };
}

/**
 * @param {Float64Array} sorted
 * @param {number} p 0 to 1
 */
export function percentile(sorted, p) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

/** @param {Request} request */
function encode({ method = 'GET', path, headers = {}, body }) {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: bench', ...Object.entries(headers).map(([n, v]) => `${n}: ${v}`)];
  if (body !== undefined) lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`);
}

/**
 * @param {string} host
 * @param {number} port
 * @returns {Promise<net.Socket>}
 */
function connect(host, port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host, () => resolve(socket.setNoDelay(true)));
    socket.once('error', reject);
  });
}

/**
 * Reads whole answers, one at a time.
 * @param {net.Socket} socket
 * @returns {() => Promise<string>}
 */
function answers(socket) {
  let text = '';
  /** @type {((answer: string) => void) | undefined} */
  let waiting;
  socket.setEncoding('latin1');
  socket.on('data', chunk => {
    text += chunk;
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
    if (text.length < end + 4 + length) return;
    const answer = text;
    text = '';
    waiting?.(answer);
  });
  return () =>
    new Promise(resolve => {
      waiting = resolve;
    });
}

/** @param {number} moment of `performance.now()` */
async function sleepUntil(moment) {
  const pause = moment - performance.now();
  if (pause > 1) await new Promise(resolve => setTimeout(resolve, pause));
}
