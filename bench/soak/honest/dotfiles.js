/** Two machines of one account whose files are synced; each adds lines, and merges what the other one added. */

import { createHash, randomInt } from 'node:crypto';
import { bearer, login, register } from '../http.js';
import { Account } from './account.js';

const PATHS = Array.from({ length: 6 }, (_, i) => `~/.file${i}`);

/** @param {string} text */
const sha256 = text => createHash('sha256').update(text).digest('hex');

/** @typedef {{ token: string, files: Map<string, string>, bases: Map<string, string> }} Machine */

export class Dotfiles extends Account {
  /** Lines that the server said it stored. @type {Map<string, Set<string>>} */
  #there = new Map(PATHS.map(path => [path, new Set()]));
  /** @type {Machine[]} */
  #machines = [];
  #config = '';
  #lines = 0;

  async begin() {
    await register(this.client, this.name, this.password);
    for (const machine of ['desk', 'laptop']) {
      const token = await login(this.client, this.name, this.password, machine);
      this.#machines.push({ token, files: new Map(), bases: new Map() });
    }
    const headers = bearer(this.#machines[0]?.token ?? '');
    this.#config = (await this.client.json('POST', '/v1/config', { files: PATHS }, headers, [201])).json.id;
  }

  async step() {
    const machine = this.#machines[randomInt(this.#machines.length)];
    const path = PATHS[randomInt(PATHS.length)];
    if (!machine || path === undefined) return;
    machine.files.set(path, merged(machine.files.get(path) ?? '', `line ${this.#lines++}`));
    await Promise.all(this.#machines.map(each => this.#sync(each)));
  }

  async check() {
    const lines = await this.#send(this.#machines[0]?.token ?? '', {});
    const contents = new Map(lines.map(line => [line.path, decoded(line.content)]));
    for (const [path, kept] of this.#there) {
      const now = new Set((contents.get(path) ?? '').split('\n'));
      for (const line of kept) this.client.tally.check(now.has(line), `dotfile ${this.name}${path} ${line}`);
    }
  }

  /** @param {Machine} machine */
  async #sync(machine) {
    const sent = new Map(machine.files);
    const files = [...sent].map(([path, text]) => {
      const base = machine.bases.get(path) ?? null;
      return base === sha256(text) ? { path, base } : { path, base, content: Buffer.from(text).toString('base64') };
    });
    for (const { path, status, sha256: hash, content } of await this.#send(machine.token, { files })) {
      if (status === 'missing' || status === 'refused') continue;
      machine.bases.set(path, hash);
      const mine = sent.get(path) ?? '';
      if (status === 'stored') {
        for (const line of mine.split('\n')) this.#there.get(path)?.add(line);
        this.client.tally.acknowledged++;
      }
      if (status === 'updated') machine.files.set(path, decoded(content));
      if (status === 'conflict') machine.files.set(path, merged(decoded(content), mine));
    }
  }

  /**
   * Repeats until the answer is whole: a server that was killed cuts it off.
   * @param {string} token
   * @param {unknown} body
   * @returns {Promise<{ path: string, status: string, sha256: string, content?: string }[]>}
   */
  async #send(token, body) {
    const request = {
      method: 'POST',
      path: `/v1/sync/${this.#config}`,
      headers: bearer(token),
      body: JSON.stringify(body),
    };
    for (;;) {
      const answer = await this.client.persist(request);
      const lines = answer.body
        .toString()
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line));
      if (lines.at(-1)?.event === 'done') return lines.filter(line => line.event === 'file');
    }
  }
}

/** @param {string | undefined} content */
const decoded = content => Buffer.from(content ?? '', 'base64').toString();

/**
 * The lines of both, each once.
 * @param {string} one
 * @param {string} other
 */
function merged(one, other) {
  return [...new Set([...one.split('\n'), ...other.split('\n')])].filter(line => line !== '').join('\n');
}
