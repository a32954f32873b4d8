/** Requests of a soak: one attempt for attackers, repeated ones for honest clients. */

import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * @typedef {{ method?: string, path: string, headers?: Record<string, string>, body?: string | Buffer }} Request
 * @typedef {{ status: number, headers: http.IncomingHttpHeaders, body: Buffer, repeated: boolean }} Answer
 */

/** Milliseconds after which an attempt is over, and after which a client no longer repeats. */
const ATTEMPT = 30_000;
const PATIENCE = 90_000;
/** Milliseconds that are waited at most, whatever Retry-After says. */
const LONGEST_WAIT = 10_000;

/** What an honest client cannot make sense of. */
export class Unexpected extends Error {}

/** A client with an address of its own. */
export class Client {
  #agent;

  /**
   * @param {number} port
   * @param {import('./tally.js').Tally} tally
   * @param {string} address what the proxy in front would say
   * @param {number} [connections] open at most at once
   */
  constructor(port, tally, address, connections = 8) {
    this.port = port;
    this.tally = tally;
    this.address = address;
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  }

  /**
   * One attempt. Rejects when no whole answer comes.
   * @param {Request} request
   * @param {AbortSignal} [signal] hangs up
   * @returns {Promise<Answer>}
   */
  send({ method = 'GET', path, headers = {}, body }, signal) {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const sent = http.request(
        {
          port: this.port,
          host: '127.0.0.1',
          agent: this.#agent,
          method,
          path,
          headers: { 'X-Forwarded-For': this.address, ...length, ...headers },
          timeout: ATTEMPT,
          ...(signal && { signal }),
        },
        received => {
          /** @type {Buffer[]} */
          const pieces = [];
          received.on('data', piece => pieces.push(piece));
          received.on('error', reject);
          received.on('end', () => {
            const status = received.statusCode ?? 0;
            const answer = Buffer.concat(pieces);
            this.tally.answered(status, `${method} ${path} ${answer.subarray(0, 200)}`);
            resolve({ status, headers: received.headers, body: answer, repeated: false });
          });
        },
      );
      sent.on('timeout', () => sent.destroy(new Error(`no answer in ${ATTEMPT / 1000} s`)));
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /**
   * Repeats as honest clients do: after connection errors, 429 and 503. Throws {@link Unexpected} at another answer than those meant.
   * @param {Request} request
   * @param {readonly number[]} [meant]
   * @returns {Promise<Answer>}
   */
  async persist(request, meant = [200]) {
    const until = performance.now() + PATIENCE;
    const what = `${request.method ?? 'GET'} ${request.path}`;
    for (let repeated = false; ; repeated = true) {
      const answer = await this.send(request).catch(error => String(error));
      if (typeof answer === 'object') {
        if (meant.includes(answer.status)) return { ...answer, repeated };
        if (answer.status !== 429 && answer.status !== 503) {
          throw new Unexpected(`${answer.status} for ${what}: ${answer.body.subarray(0, 200)}`);
        }
      }
      if (performance.now() > until) {
        const last = typeof answer === 'string' ? answer : answer.status;
        throw new Unexpected(`${what} got nothing better than ${last} in ${PATIENCE / 1000} s`);
      }
      await pause(waitOf(answer));
    }
  }

  /**
   * As {@link persist}, with JSON in both directions.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [headers]
   * @param {readonly number[]} [meant]
   */
  async json(method, path, body, headers = {}, meant = [200]) {
    const request = { method, path, headers: { ...headers, 'Content-Type': 'application/json' } };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await this.persist({ ...request, ...text }, meant);
    const json = answer.body.length > 0 ? JSON.parse(answer.body.toString()) : undefined;
    return { status: answer.status, repeated: answer.repeated, json };
  }

  close() {
    this.#agent.destroy();
  }
}

/** @param {Answer | string} answer */
function waitOf(answer) {
  if (typeof answer === 'string') return 150;
  return Math.min(LONGEST_WAIT, Math.max(0.2, Number(answer.headers['retry-after'] ?? 1)) * 1000);
}

/** @param {string} token */
export const bearer = token => ({ Authorization: `Bearer ${token}` });

/**
 * An account of its own for a client, or the one it has already. Repeated registrations may find the name taken by themselves.
 * @param {Client} client
 * @param {string} username
 * @param {string} password
 */
export async function register(client, username, password) {
  await client.json('POST', '/register', { username, password }, {}, [200, 409]);
}

/**
 * @param {Client} client
 * @param {string} username
 * @param {string} password
 * @param {string} [client_id]
 * @returns {Promise<string>}
 */
export async function login(client, username, password, client_id = 'soak') {
  return (await client.json('POST', '/token', { username, password, client_id })).json.token.token;
}
