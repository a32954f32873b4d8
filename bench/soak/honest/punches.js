/** A time tracker: uploads punches, edits and deletes some. */

import { randomInt, randomUUID } from 'node:crypto';
import { bearer, login, register } from '../http.js';
import { Account } from './account.js';

const PUNCHES = 500;

export class Punches extends Account {
  /** `updated` and project of what was acknowledged; a deletion has none. @type {Map<string, { updated: number, project: string } | undefined>} */
  #there = new Map();
  #token = '';
  #time = 1_767_225_600_000;

  async begin() {
    await register(this.client, this.name, this.password);
    this.#token = await login(this.client, this.name, this.password);
  }

  async step() {
    const known = [...this.#there].filter(([, punch]) => punch !== undefined).map(([id]) => id);
    const some = known[randomInt(Math.max(1, known.length))];
    if (some !== undefined && randomInt(10) === 0) {
      await this.#post('delete', { ids: [some] }, [204]);
      this.#there.set(some, undefined);
      this.client.tally.acknowledged++;
      return;
    }
    const id = some !== undefined && (known.length >= PUNCHES || randomInt(3) === 0) ? some : randomUUID();
    const updated = ++this.#time;
    const project = `project ${randomInt(1000)}`;
    await this.#post('upload', { punches: [{ id, project, in: 1_767_225_600_000, updated }] }, [204]);
    this.#there.set(id, { updated, project });
    this.client.tally.acknowledged++;
  }

  async check() {
    const path = '/api/v1/punches/manifest?deleted=1';
    const manifest = (await this.client.json('GET', path, undefined, bearer(this.#token))).json;
    const ids = [...this.#there.keys()];
    const { punches } = (await this.#post('download', { ids }, [200])).json;
    const projects = new Map(punches.map((/** @type {{ id: string, project: string }} */ p) => [p.id, p.project]));
    for (const [id, punch] of this.#there) {
      const there = manifest[id] === (punch?.updated ?? null) && projects.get(id) === punch?.project;
      this.client.tally.check(there, `punch ${this.name}/${id}`);
    }
  }

  /**
   * @param {string} action
   * @param {unknown} body
   * @param {readonly number[]} meant
   */
  #post(action, body, meant) {
    return this.client.json('POST', `/api/v1/punches/${action}`, body, bearer(this.#token), meant);
  }
}
