/**
 * A client that writes without a pause and remembers what was acknowledged. What got no answer, or a 503, may have happened or
 * not, and may even happen later: such a key, client or account is checked for either outcome and never used again.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from '../support/request.ts';

/** Sends a request to a server of the test's choice. Rejects when no answer comes. */
export type Send = (method: string, path: string, body?: unknown) => Promise<Answer>;

/** What may be there: a text, or undefined for nothing. One possibility: it was acknowledged. */
type Possible = ReadonlySet<string | undefined>;

const POOL = 60;
const CLIENTS = 4;
const PASSWORD = 's3cret';
/** Milliseconds before a writer goes on after something that was not answered. */
const PAUSE = 20;

/** No answer came, or one that says nothing about what happened. */
class Unanswered extends Error {}

/** One client with an account of its own, doing one thing after another. */
export class Writer {
  readonly name: string;
  /** Acknowledged operations. */
  done = 0;
  readonly #entries = new Map<string, Possible>();
  /** The keys in use, of a pool that is filled up when one must not be used again. */
  readonly #keys: string[] = [];
  /** Client id to the live token; absent: none. */
  readonly #tokens = new Map<string, string>();
  readonly #dead: string[] = [];
  readonly #clients: string[] = [];
  /** Account name to whether it is there; undefined: not known. */
  readonly #accounts = new Map<string, boolean | undefined>();
  #send: Send = () => Promise.reject(new Error('not sent'));
  #token = '';
  #count = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Makes the account and the token the writer works with. */
  async begin(send: Send): Promise<void> {
    this.#send = send;
    await this.#ask('POST', '/register', { username: this.name, password: PASSWORD });
    this.#token = await this.#login(this.name, 'main');
  }

  /** Writes until `until` says so or, with `stopWhenUnanswered`, until an answer fails to come. Throws on a wrong answer. */
  async write(send: Send, until: () => boolean, stopWhenUnanswered: boolean): Promise<void> {
    this.#send = send;
    while (!until()) {
      try {
        await this.#step();
        this.done++;
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
        if (stopWhenUnanswered) return;
        await pause(PAUSE);
      }
    }
  }

  /** Everything that contradicts what was acknowledged. */
  async check(send: Send): Promise<string[]> {
    this.#send = send;
    const wrong: string[] = [];
    const listed = new Set<string>((await this.#ask('GET', `/user/${this.#token}/keys`)).json.keys);
    for (const key of listed) if (!this.#entries.has(key)) wrong.push(`${key} is listed and was never written`);
    for (const [key, possible] of this.#entries) {
      const value = await this.#read(key);
      if (!possible.has(value)) wrong.push(`${key} is ${brief(value)}, not ${[...possible].map(brief).join(' or ')}`);
      if (listed.has(key) !== (value !== undefined))
        wrong.push(`${key} is ${brief(value)}, listed: ${listed.has(key)}`);
    }
    for (const [client, token] of this.#tokens) {
      const { status, json } = await this.#ask('GET', `/user/${token}`, undefined, [200, 403]);
      if (status !== 200 || json.client_id !== client) wrong.push(`the token of ${client} is refused`);
    }
    for (const token of this.#dead) {
      const { status } = await this.#ask('GET', `/user/${token}`, undefined, [200, 403]);
      if (status !== 403) wrong.push('a token that was replaced or revoked is taken');
    }
    for (const [username, there] of this.#accounts) {
      const { status } = await this.#ask('POST', '/token', { username, password: PASSWORD }, [200, 403]);
      if (there !== undefined && (status === 200) !== there)
        wrong.push(`${username}: login ${status}, there: ${there}`);
    }
    this.#dead.length = 0;
    this.#accounts.clear();
    return wrong.map(text => `${this.name}: ${text}`);
  }

  async #step(): Promise<void> {
    const dice = Math.random();
    if (dice < 0.8) return this.#writeEntry();
    if (dice < 0.95) return this.#replaceToken();
    return this.#changeAccounts();
  }

  async #writeEntry(): Promise<void> {
    while (this.#keys.length < POOL) this.#keys.push(`key${this.#count++}`);
    const index = Math.floor(Math.random() * POOL);
    const key = this.#keys[index] ?? '';
    const [before] = this.#entries.get(key) ?? new Set([undefined]);
    const removes = before !== undefined && Math.random() < 0.3;
    const after = removes ? undefined : newValue(this.#count++);
    this.#entries.set(key, new Set([before, after]));
    const path = `/user/${this.#token}/store/${key}`;
    try {
      await (removes ? this.#ask('DELETE', path) : this.#ask('POST', path, { value: after }));
      this.#entries.set(key, new Set([after]));
    } catch (error) {
      this.#keys.splice(index, 1);
      throw error;
    }
  }

  async #replaceToken(): Promise<void> {
    while (this.#clients.length < CLIENTS) this.#clients.push(`client${this.#count++}`);
    const index = Math.floor(Math.random() * CLIENTS);
    const client = this.#clients[index] ?? '';
    const before = this.#tokens.get(client);
    try {
      this.#tokens.delete(client);
      if (before !== undefined && Math.random() < 0.3) await this.#ask('DELETE', `/user/${before}`);
      else this.#tokens.set(client, await this.#login(this.name, client));
      if (before !== undefined) this.#dead.push(before);
    } catch (error) {
      this.#clients.splice(index, 1);
      throw error;
    }
  }

  async #changeAccounts(): Promise<void> {
    const ended = [...this.#accounts].find(([, there]) => there)?.[0];
    const username = ended ?? `${this.name}-${this.#count++}`;
    this.#accounts.set(username, undefined);
    const credentials = { username, password: PASSWORD };
    await (ended ? this.#ask('DELETE', '/unregister', credentials) : this.#ask('POST', '/register', credentials));
    this.#accounts.set(username, ended === undefined);
  }

  async #read(key: string): Promise<string | undefined> {
    const answer = await this.#ask('GET', `/user/${this.#token}/store/${key}`, undefined, [200, 404]);
    return answer.json.value;
  }

  async #login(username: string, client_id: string): Promise<string> {
    return (await this.#ask('POST', '/token', { username, password: PASSWORD, client_id })).json.token.token;
  }

  /** The answer. Throws `Unanswered`, and `Error` when the status is none of those that can be right. */
  async #ask(method: string, path: string, body?: unknown, right: readonly number[] = [200]): Promise<Answer> {
    const answer = await this.#send(method, path, body).catch(error => {
      throw new Unanswered(String(error));
    });
    if (right.includes(answer.status)) return answer;
    if (answer.status === 503) throw new Unanswered(answer.text);
    throw new Error(`${this.name}: ${method} ${path} was answered with ${answer.status} ${answer.text}`);
  }
}

/** Mostly short texts, some longer than a page of the disk, a few much longer. */
function newValue(count: number): string {
  const dice = Math.random();
  return `${count}:${'x'.repeat(dice < 0.8 ? dice * 100 : dice < 0.97 ? dice * 10_000 : dice * 100_000)}`;
}

function brief(value: string | undefined): string {
  return value === undefined ? 'absent' : `${JSON.stringify(value.slice(0, 12))}… (${value.length})`;
}
