/** Random histories of an account, and those who follow it: whatever happens, each of them ends at what is there. */

import { expect, test } from 'vitest';
import { type AccountDoc, entriesSpec } from '../../src/core/collections.ts';
import { changeEntries } from '../../src/core/entries/change/change.ts';
import { cursorOf, remove, store } from '../dialects/v2/following.ts';
import { forEachEngine, needs } from '../support/engines.ts';
import { openStream, type Stream, type Told } from '../support/events.ts';
import { anotherServer, newUser, openServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';

/** Numbers from 0 to 1 that are the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Somebody who follows by a stream or by asking, at a server that may be another one each time, and who is cut off now and then. */
class Follower {
  /** Each key's etag as it was told last; null: it is gone. */
  readonly known = new Map<string, string | null>();
  readonly histories = new Map<string, string[]>();
  readonly #servers: readonly TestServer[];
  readonly #headers: Record<string, string>;
  readonly #random: () => number;
  #cursor: string;
  #stream: Stream | undefined;
  #read = 0;

  constructor(servers: readonly TestServer[], headers: Record<string, string>, cursor: string, random: () => number) {
    this.#servers = servers;
    this.#headers = headers;
    this.#cursor = cursor;
    this.#random = random;
  }

  #server(): TestServer {
    return this.#servers[Math.floor(this.#random() * this.#servers.length)] as TestServer;
  }

  /** Takes in what has come, and does one of what followers do. */
  async step(): Promise<void> {
    this.#take();
    const dice = this.#random();
    if (this.#stream === undefined) {
      if (dice < 0.5) await this.ask();
      else await this.#connect();
    } else if (dice < 0.3) this.#hangUp();
  }

  /** Reads what there is by asking, page by page, to the end. */
  async ask(): Promise<void> {
    this.#hangUp();
    for (;;) {
      const path = `/v2/changes?limit=${1 + Math.floor(this.#random() * 5)}&since=${this.#cursor}`;
      const { status, json } = await this.#server().request('GET', path, undefined, this.#headers);
      expect(status).toBe(200);
      for (const change of json.changes) this.#hear(change);
      this.#cursor = json.cursor;
      if (json.changes.length === 0) return;
    }
  }

  async #connect(): Promise<void> {
    const headers = { ...this.#headers, 'Last-Event-ID': this.#cursor };
    this.#stream = await openStream(`${this.#server().url}/v2/changes`, headers);
    expect(this.#stream.status).toBe(200);
    this.#read = 0;
  }

  #hangUp(): void {
    if (this.#stream === undefined) return;
    this.#take();
    this.#stream.close();
    this.#stream = undefined;
  }

  #take(): void {
    const events = this.#stream?.events ?? [];
    for (const { data, id } of events.slice(this.#read) as Told[]) {
      this.#hear(data);
      this.#cursor = id;
    }
    this.#read = events.length;
  }

  #hear({ type, key, etag }: { type: string; key: string; etag: string | null }): void {
    this.known.set(key, type === 'put' ? etag : null);
    const history = this.histories.get(key) ?? [];
    history.push(etag ?? type);
    this.histories.set(key, history);
  }
}

/** An account whose values change, through two servers. */
interface Scene {
  readonly servers: readonly [TestServer, TestServer];
  readonly account: AccountDoc;
  readonly token: string;
  readonly random: () => number;
}

const KEYS = Array.from({ length: 8 }, (_, i) => `k${i}`);

/** One change of those that there are. */
async function change({ servers, account, token, random }: Scene, value: string): Promise<void> {
  const server = servers[Math.floor(random() * 2)] as TestServer;
  const [key = '', other = ''] = [0, 0].map(() => KEYS[Math.floor(random() * KEYS.length)]);
  const deeds: (() => Promise<unknown>)[] = [
    () => server.request('POST', `/user/${token}/store/${key}`, { value }),
    () => server.request('DELETE', `/user/${token}/store/${key}`),
    () => store(server, account, key, value),
    () => store(server, account, key, value, 1000 + Math.floor(random() * 5000)),
    () => remove(server, account, key),
    () => batch(server, account, [...new Set([key, other])], value),
    async () => server.clock.advance(1500),
    () => server.expire(),
  ];
  await deeds[Math.floor(random() * deeds.length)]?.();
}

/** Stores the first key and removes the others, all or nothing. */
async function batch({ core }: TestServer, { user_id }: AccountDoc, keys: readonly string[], value: string) {
  const content = { value, size: value.length };
  const steps = keys.map((key, i) => ({
    key,
    decide: () => ({ fate: i === 0 ? { content } : ('removed' as const), result: undefined }),
  }));
  await changeEntries(core, user_id, steps);
}

/** The etags that each key had, in order; null where it had no value. */
class Truth {
  readonly #histories = new Map<string, (string | null)[]>(KEYS.map(key => [key, []]));

  of(key: string): (string | null)[] {
    return this.#histories.get(key) ?? [];
  }

  async look({ servers: [{ core }], account: { user_id } }: Scene): Promise<void> {
    for (const key of KEYS) {
      const etag = (await core.storage.collection(entriesSpec).get([user_id, key]))?.etag;
      const now = etag === undefined ? null : `"${etag}"`;
      if (this.of(key).at(-1) !== now) this.of(key).push(now);
    }
  }
}

/** What a follower knows is what is there, and what it was told of a key had its order. */
function demandTrue(follower: Follower, truth: Truth): void {
  for (const key of KEYS) {
    const history = truth.of(key);
    expect([key, follower.known.get(key) ?? null]).toEqual([key, history.at(-1) ?? null]);
    const told = (follower.histories.get(key) ?? []).filter(one => one.startsWith('"'));
    const order = told.map(etag => history.indexOf(etag));
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }
}

forEachEngine('followers of random histories', engine => {
  test.for([1, 2, 3, 4])('end at what is there, each key in its order (seed %i)', async (seed, context) => {
    needs(context, engine, 'transactions');
    const first = await openServer(engine);
    const servers = [first.server, await anotherServer(first)] as const;
    const { account, token, headers } = await newUser(first.server);
    const scene: Scene = { servers, account, token, random: randomOf(seed) };
    const start = await cursorOf(first.server, headers);
    const followers = [1, 2, 3, 4].map(i => new Follower(servers, headers, start, randomOf(seed * 100 + i)));
    const truth = new Truth();
    for (let step = 0; step < 60; step++) {
      await change(scene, `${step}`);
      await truth.look(scene);
      await Promise.all(followers.map(follower => follower.step()));
    }
    first.opened.clock.advance(10_000);
    await first.server.expire();
    await truth.look(scene);
    for (const follower of followers) {
      await follower.ask();
      demandTrue(follower, truth);
    }
  });
});
