/** A server with much stored on it, and how long it keeps a client waiting while it answers another. */

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { collections } from '../../src/app.ts';
import { systemClock } from '../../src/base/clock.ts';
import { openStorage } from '../../src/storage/open.ts';
import type { Storage } from '../../src/storage/port.ts';
import type { Engine } from '../support/engines.ts';
import type { Program, ServerProcess, Settings } from '../support/process.ts';
import { Watcher } from '../support/stalls.ts';

/**
 * How long a request may hold another client here, in milliseconds. The goal is 100 on a machine of its own. Beside all that
 * runs in CI a collection of garbage takes longer; what this is to find takes seconds.
 */
const MOST_MS = 500;
/** How long it is looked how others wait beside no request, in milliseconds. */
const IDLE_MS = 100;

/** What is stored in one commit, at most. */
const COMMIT = { documents: 500, characters: 4_194_304 };

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** The headers of one who sends. */
export type Sender = Readonly<Record<string, string>>;

/** A stranger: no credential. */
export const STRANGER: Sender = {};

/** Where a request goes. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  /** What is neither text nor bytes goes as JSON. */
  readonly body?: unknown;
}

/** Has figures printed beside a test: `annotate` of its context. */
export type Annotate = (text: string) => Promise<unknown>;

/** A server that a client watches. */
export class WatchedServer {
  readonly server: ServerProcess;
  readonly #watcher: Watcher;
  readonly #place: Settings;
  readonly #folder: string;
  readonly #annotate: Annotate;

  private constructor(server: ServerProcess, program: Program, place: Settings, annotate: Annotate) {
    this.server = server;
    this.#watcher = new Watcher(server);
    this.#place = place;
    this.#folder = join(program.folder, 'data');
    this.#annotate = annotate;
    program.atEnd(() => this.#watcher.stop());
  }

  static async start(
    program: Program,
    engine: Engine,
    annotate: Annotate,
    more: Settings = {},
  ): Promise<WatchedServer> {
    const place = program.place(engine);
    return new WatchedServer(await program.start({ settings: { ...place, ...more } }), program, place, annotate);
  }

  /** Registers an account, and returns what it sends with its requests. */
  async account(username: string): Promise<Sender> {
    await this.server.register(username);
    return { Authorization: `Bearer ${await this.server.token(username)}` };
  }

  /**
   * Sends a request, reads its answer to the end, and returns the status. Fails when another client was held too long meanwhile,
   * longer than beside no request, or while the server computed for longer than `most` milliseconds.
   */
  async hold(what: string, { method, path, body }: Sent, sender: Sender, most = MOST_MS): Promise<number> {
    const bytes = bytesOf(body);
    await this.#watcher.longest();
    await pause(IDLE_MS);
    const idle = await this.#watcher.longest();
    const begun = performance.now();
    const answer = await fetch(this.server.url + path, { method, headers: sender, ...(bytes && { body: bytes }) });
    let size = 0;
    for await (const piece of answer.body ?? []) size += piece.length;
    const took = performance.now() - begun;
    const { held, waited, worked } = await this.#watcher.longest();
    const sizes = `${answer.status}, ${bytes?.byteLength ?? 0} bytes in, ${size} out, ${Math.round(took)} ms`;
    const waits = [held, waited, idle.held, idle.waited].map(Math.round);
    const figures = `${what}: ${sizes}; others were held ${waits[0]} ms (waited ${waits[1]}; before ${waits[2]}, ${waits[3]}), it computed for ${Math.round(worked)}`;
    await this.#annotate(figures);
    expect(held, figures).toBeLessThan(MOST_MS + idle.held);
    expect(worked, figures).toBeLessThan(most + idle.worked);
    return answer.status;
  }

  /** Stores copies of a document, the first of its collection in which `like` holds, as no request could in so short a time. */
  async copy(
    name: string,
    count: number,
    // biome-ignore lint/suspicious/noExplicitAny: documents of any collection
    change: (i: number) => any,
    // biome-ignore lint/suspicious/noExplicitAny: as above
    like: (doc: any) => boolean = () => true,
  ): Promise<void> {
    const spec = collections.find(spec => spec.name === name);
    if (spec === undefined) throw new Error(`no collection ${name}`);
    await this.#seed(async storage => {
      const { items } = await storage.collection<object>(spec).scan({ limit: 1000 });
      const first = items.find(like);
      if (first === undefined) throw new Error(`nothing to copy in ${name}`);
      const length = JSON.stringify({ ...first, ...change(0) }).length;
      const atOnce = Math.ceil(Math.min(COMMIT.documents, COMMIT.characters / length));
      for (let from = 0; from < count; from += atOnce) {
        const some = Array.from({ length: Math.min(atOnce, count - from) }, (_, i) => from + i);
        await storage.commit(some.map(i => ({ in: spec, put: { ...first, ...change(i) } })));
      }
    });
  }

  async #seed(work: (storage: Storage) => Promise<void>): Promise<void> {
    const { STORE_HOST: host = `file:${this.#folder}`, STORE_DATABASE: database = '' } = this.#place;
    const storage = await openStorage({ host, database, names: {}, specs: collections }, systemClock, silent);
    await storage.ready;
    await work(storage);
    await storage.close();
  }
}

function bytesOf(body: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (body === undefined || body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer> | undefined;
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
}
