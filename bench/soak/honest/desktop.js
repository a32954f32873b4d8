/** A Verstak desktop: pushes operations and blobs, pulls the log of its vault. */

import { createHash, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { bearer, register } from '../http.js';
import { Account } from './account.js';

const OPERATIONS = 3000;
const BLOBS = 25;
const STEPS_A_BLOB = 10;

export class Desktop extends Account {
  /** @type {Map<string, string>} payload by operation */
  #there = new Map();
  /** @type {Set<string>} hashes */
  #blobs = new Set();
  #token = '';
  #steps = 0;

  async begin() {
    await register(this.client, this.name, this.password);
    this.#token = await pair(this.client, this.name, this.password);
  }

  async step() {
    this.#steps++;
    if (this.#steps % STEPS_A_BLOB === 0 && this.#blobs.size < BLOBS) return this.#upload();
    if (this.#there.size >= OPERATIONS) return this.#pull();
    const ops = Array.from({ length: 1 + randomInt(4) }, () => ({
      op_id: randomUUID(),
      entity_type: 'note',
      entity_id: `Docs/${randomInt(20)}.md`,
      op_type: 'update',
      payload_json: JSON.stringify({ step: this.#steps, text: 'x'.repeat(randomInt(200)) }),
      client_sequence: this.#steps,
      last_seen_server_seq: 0,
      created_at: new Date().toISOString(),
    }));
    const { json } = await this.client.json('POST', '/api/v1/sync/push', { ops }, bearer(this.#token));
    const known = new Set([...json.accepted, ...json.duplicates]);
    for (const op of ops) if (known.has(op.op_id)) this.#there.set(op.op_id, op.payload_json);
    this.client.tally.acknowledged += known.size;
  }

  async check() {
    const log = await this.#pull();
    for (const [id, payload] of this.#there)
      this.client.tally.check(log.get(id) === payload, `operation ${this.name}/${id}`);
    for (const hash of this.#blobs) {
      const blob = await this.client.persist(
        { path: `/api/v1/blobs/${hash}`, headers: bearer(this.#token) },
        [200, 404],
      );
      this.client.tally.check(sha256(blob.body) === hash, `blob ${this.name}/${hash}`);
    }
  }

  async #upload() {
    const blob = randomBytes(1 + randomInt(400_000));
    const answer = await this.client.persist({ method: 'POST', path: '/api/v1/blobs/', ...form(blob, this.#token) });
    this.client.tally.check(JSON.parse(answer.body.toString()).sha256 === sha256(blob), `blob ${this.name} upload`);
    this.#blobs.add(sha256(blob));
    this.client.tally.acknowledged++;
  }

  /** The whole log; its numbers have no holes. */
  async #pull() {
    /** @type {Map<string, string>} */
    const log = new Map();
    for (let since_sequence = 0; ; ) {
      const { json } = await this.client.json('POST', '/api/v1/sync/pull', { since_sequence }, bearer(this.#token));
      for (const op of json.ops) {
        if (op.server_sequence !== log.size + 1) {
          this.client.tally.fault('a hole in a log', `${this.name}: ${op.server_sequence} in place of ${log.size + 1}`);
        }
        log.set(op.op_id, op.payload_json);
      }
      if (!json.has_more) return log;
      since_sequence = json.page_last_sequence;
    }
  }
}

/**
 * A device of a vault.
 * @param {import('../http.js').Client} client
 * @param {string} login
 * @param {string} password
 * @returns {Promise<string>}
 */
export async function pair(client, login, password) {
  const body = { login, password, device_name: 'desk', client_version: '1', vault_id: 'notes' };
  return (await client.json('POST', '/api/client/pair', body)).json.device_token;
}

/** @param {Buffer} bytes */
const sha256 = bytes => createHash('sha256').update(bytes).digest('hex');

/**
 * Headers and body of an upload.
 * @param {Buffer} blob
 * @param {string} token
 */
export function form(blob, token) {
  const before = '--soak\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
  const body = Buffer.concat([Buffer.from(before), blob, Buffer.from('\r\n--soak--\r\n')]);
  return { headers: { ...bearer(token), 'Content-Type': 'multipart/form-data; boundary=soak' }, body };
}
