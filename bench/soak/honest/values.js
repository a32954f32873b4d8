/** A client of the Keybin API: writes, reads and deletes values, lists its keys, logs in anew now and then. */

import { randomInt } from 'node:crypto';
import { bearer, login, register } from '../http.js';
import { Account } from './account.js';

const KEYS = 300;
const STEPS_A_LOGIN = 150;

export class Values extends Account {
  /** What was acknowledged, by key. @type {Map<string, string>} */
  #there = new Map();
  /** Keys that were deleted last. @type {Set<string>} */
  #gone = new Set();
  #token = '';
  #steps = 0;

  async begin() {
    await register(this.client, this.name, this.password);
    this.#token = await login(this.client, this.name, this.password);
  }

  async step() {
    if (++this.#steps % STEPS_A_LOGIN === 0) this.#token = '';
    const key = `k${randomInt(KEYS)}`;
    const kept = this.#there.get(key);
    if (randomInt(10) === 0 && kept !== undefined) await this.#remove(key);
    else if (randomInt(3) === 0) this.client.tally.check((await this.#read(key)) === kept, `value ${this.name}/${key}`);
    else await this.#write(key, `${this.#steps}:${'v'.repeat(randomInt(randomInt(20) === 0 ? 20_000 : 200))}`);
  }

  async check() {
    const { keys } = (await this.client.json('GET', '/user/me/keys', undefined, await this.#credential())).json;
    const listed = new Set(keys);
    for (const key of this.#gone) this.client.tally.check(!listed.has(key), `deletion ${this.name}/${key}`);
    for (const [key, value] of this.#there) {
      this.client.tally.check(listed.has(key) && (await this.#read(key)) === value, `value ${this.name}/${key}`);
    }
  }

  /** A login without an answer may have ended the token before: so it is forgotten until there is a new one. */
  async #credential() {
    if (this.#token === '') this.#token = await login(this.client, this.name, this.password);
    return bearer(this.#token);
  }

  /** @param {string} key */
  async #read(key) {
    const path = `/user/me/store/${key}`;
    const answer = await this.client.json('GET', path, undefined, await this.#credential(), [200, 404]);
    return answer.status === 404 ? undefined : answer.json.value;
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  async #write(key, value) {
    await this.client.json('POST', `/user/me/store/${key}`, { value }, await this.#credential());
    this.#there.set(key, value);
    this.client.tally.acknowledged++;
    this.#gone.delete(key);
  }

  /** @param {string} key */
  async #remove(key) {
    // A repeated deletion may find that the first attempt did it.
    await this.client.json('DELETE', `/user/me/store/${key}`, undefined, await this.#credential(), [200, 404]);
    this.#there.delete(key);
    this.client.tally.acknowledged++;
    this.#gone.add(key);
  }
}
