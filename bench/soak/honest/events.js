/** A member of simple-sync, and the admin who made it: both push events and read what the other one pushed. */

import { randomUUID } from 'node:crypto';
import { bearer } from '../http.js';
import { ADMIN } from '../server.js';
import { Account } from './account.js';

const EVENTS = 600;
const STEPS_A_LOGIN = 100;

export class Events extends Account {
  /** @type {Map<string, string>} payload by event */
  #there = new Map();
  #tokens = { admin: '', member: '' };
  #steps = 0;

  async begin() {
    await makeMember(this.client, this.name, this.password);
    await this.#login();
  }

  async step() {
    if (++this.#steps % STEPS_A_LOGIN === 0) await this.#login();
    if (this.#there.size >= EVENTS) return this.#read();
    const uuid = randomUUID();
    const payload = JSON.stringify({ step: this.#steps });
    const event = {
      uuid,
      timestamp: Math.floor(Date.now() / 1000),
      itemUuid: `note-${this.#steps % 9}`,
      action: 'edit',
      payload,
    };
    const token = this.#steps % 5 === 0 ? this.#tokens.admin : this.#tokens.member;
    await this.client.json('POST', '/api/v1/events', [event], bearer(token));
    this.#there.set(uuid, payload);
    this.client.tally.acknowledged++;
  }

  async check() {
    const history = await this.#read();
    const payloads = new Map(history.map((/** @type {{ uuid: string, payload: string }} */ e) => [e.uuid, e.payload]));
    for (const [uuid, payload] of this.#there) {
      this.client.tally.check(payloads.get(uuid) === payload, `event ${this.name}/${uuid}`);
    }
  }

  async #read() {
    return (await this.client.json('GET', '/api/v1/events', undefined, bearer(this.#tokens.member))).json;
  }

  async #login() {
    this.#tokens.admin = await session(this.client, ADMIN.username, ADMIN.password);
    this.#tokens.member = await session(this.client, this.name, this.password);
  }
}

/**
 * The admin makes a member; a repeated call may find it there.
 * @param {import('../http.js').Client} client
 * @param {string} username
 * @param {string} password
 */
export async function makeMember(client, username, password) {
  const headers = bearer(await session(client, ADMIN.username, ADMIN.password));
  await client.json('POST', '/api/v1/admin/users', { uuid: username, username, password }, headers, [201, 400]);
}

/**
 * @param {import('../http.js').Client} client
 * @param {string} username
 * @param {string} password
 * @returns {Promise<string>}
 */
export async function session(client, username, password) {
  return (await client.json('POST', '/api/v1/auth/token', { username, password })).json.token;
}
