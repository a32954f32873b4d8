/** What all attackers have: addresses without end, accounts of their own, and sockets that say anything. */

import { randomInt, randomUUID } from 'node:crypto';
import net from 'node:net';
import { pair } from '../honest/desktop.js';
import { makeMember, session } from '../honest/events.js';
import { bearer, Client, login, register } from '../http.js';
import { ADMIN } from '../server.js';

/** Milliseconds after which a socket of an attacker is closed. */
const LONGEST = 20_000;

/** Rules that are dear to look through, refuse the foe one item, and let everybody else do anything. */
const RULES = [
  ...Array.from({ length: 2000 }, (_, i) => ({ user: 'mallory-member', item: `no-${i}*`, action: '*', allow: true })),
  { user: 'mallory-member', item: 'forbidden', action: '*', allow: false },
  { user: '*', item: '*', action: '*', allow: true },
];

export const PASSWORD = 'a foe has passwords too';

export class Foe {
  tally;
  port;
  /** Names of honest accounts. */
  victims;
  /** Credentials that every stranger can get, and those of a member. */
  tokens = { free: '', device: '', member: '' };
  #home;
  #longest;

  /**
   * @param {number} port
   * @param {import('../tally.js').Tally} tally
   * @param {readonly string[]} victims
   * @param {number} longest milliseconds that a connection is held at most
   */
  constructor(port, tally, victims, longest) {
    this.#longest = Math.min(LONGEST, longest);
    this.port = port;
    this.tally = tally;
    this.victims = victims;
    this.#home = new Client(port, tally, '10.66.0.1', 4);
  }

  async begin() {
    await register(this.#home, 'mallory', PASSWORD);
    await makeMember(this.#home, 'mallory-member', PASSWORD);
    const admin = bearer(await session(this.#home, ADMIN.username, ADMIN.password));
    await this.#home.json('PUT', '/api/v1/acl', { rules: RULES }, admin, [204]);
    this.tokens.free = await login(this.#home, 'mallory', PASSWORD);
    this.tokens.device = await pair(this.#home, 'mallory', PASSWORD);
    this.tokens.member = await session(this.#home, 'mallory-member', PASSWORD);
  }

  /** A client from an address nobody had before. */
  stranger(connections = 16) {
    return new Client(this.port, this.tally, `10.66.${1 + randomInt(250)}.${randomInt(256)}`, connections);
  }

  /**
   * One request whose answer must be one of those meant; 429 and 503 always are, and so is no answer.
   * @param {string} kind
   * @param {import('../http.js').Request} request
   * @param {readonly number[]} meant
   * @param {Client} [client]
   */
  async send(kind, request, meant, client = this.#home) {
    this.tally.attacked(kind);
    const answer = await client.send(request).catch(() => undefined);
    if (answer && ![...meant, 429, 503].includes(answer.status) && answer.status < 500) {
      const what = `${request.method ?? 'GET'} ${request.path}`;
      this.tally.fault(`${kind} got ${answer.status}`, `${what}: ${answer.body.subarray(0, 200)}`);
    }
    return answer;
  }

  /**
   * Bytes on a socket of their own, then silence, an end or a hang-up; resolves with what came back.
   * @param {string} kind
   * @param {string} text
   * @param {{ hangUp?: number, drip?: string }} [how] milliseconds until it hangs up; text that is sent byte by byte, one a second
   * @returns {Promise<string>}
   */
  raw(kind, text, { hangUp = this.#longest, drip = '' } = {}) {
    this.tally.attacked(kind);
    return new Promise(resolve => {
      let answer = '';
      let next = 0;
      const socket = net.connect(this.port, '127.0.0.1', () => socket.write(text));
      const dripping = setInterval(() => {
        if (next < drip.length) socket.write(drip[next++] ?? '');
      }, 1000);
      const timer = setTimeout(() => socket.destroy(), hangUp);
      socket.setEncoding('latin1').on('data', data => {
        answer += answer.length < 2000 ? data : '';
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        clearInterval(dripping);
        clearTimeout(timer);
        const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
        if (status > 0) this.tally.answered(status, `${text.slice(0, 150)} ${answer.slice(-200)}`);
        resolve(answer);
      });
    });
  }

  /** Headers of the free account. */
  get free() {
    return bearer(this.tokens.free);
  }

  newName() {
    return `m-${randomUUID()}`;
  }

  close() {
    this.#home.close();
  }
}
