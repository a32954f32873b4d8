import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../../../base/log.ts';
import { Follows } from '../../follows.ts';
import type { Changes, Tellings } from '../../port.ts';
import { behind, type Position, positionOf, textOf } from './position.ts';
import { isLost, readSince, toldOf } from './read.ts';
import { Ring } from './ring.ts';
import type { Source, Stream } from './source.ts';

/** Changes that are remembered for those who are woken. */
const REMEMBERED = 8192;

/** Milliseconds before the shared stream is opened again. */
const RETRY_MS = 1000;

/** Streams of single readers that may be open at once: each looks through the oplog. */
const READERS = 8;

/** What is needed beside the source. */
export interface ChangesOptions {
  readonly now: () => number;
  readonly log: Log;
  readonly retryMs?: number;
  readonly remembered?: number;
}

/**
 * What change streams tell. Those who follow are woken by one stream of the process, and read what it has brought; whoever comes with
 * an older position reads a stream of his own.
 */
export class MongoChanges implements Changes {
  readonly #source: Source;
  readonly #options: ChangesOptions;
  readonly #ring: Ring;
  readonly #follows = new Follows(any => this.#watch(any));
  readonly #readers: (() => void)[] = [];
  #reading = 0;
  /** The shared stream while somebody follows; another object each time that it begins. */
  #run: { stream?: Stream } | undefined;

  constructor(source: Source, options: ChangesOptions) {
    this.#source = source;
    this.#options = options;
    this.#ring = new Ring(options.remembered ?? REMEMBERED);
  }

  async position(): Promise<string> {
    return textOf({ time: await this.#source.now() });
  }

  async since(owner: string, text: string, limit: number, woken?: 'woken'): Promise<Tellings> {
    const position = positionOf(text);
    const known = woken && this.#ring.since(owner, position, limit);
    return known ?? this.#inTurn(() => readSince(this.#source, owner, position, { limit, now: this.#options.now }));
  }

  follow(owner: string, wake: () => void): () => void {
    return this.#follows.add(owner, wake);
  }

  /** Nobody is woken any more. */
  close(): void {
    this.#watch(false);
  }

  #watch(any: boolean): void {
    const { stream } = this.#run ?? {};
    this.#run = undefined;
    this.#ring.clear();
    stream?.close().catch(() => {});
    if (!any) return;
    this.#run = {};
    void this.#follow(this.#run);
  }

  /** Keeps the shared stream going until another one is, or nobody follows. Never rejects. */
  async #follow(run: { stream?: Stream }): Promise<void> {
    const { log, retryMs = RETRY_MS } = this.#options;
    while (this.#run === run) {
      try {
        await this.#read(run);
      } catch (error) {
        if (this.#run !== run) return;
        this.#ring.reached(behind(run.stream?.resumeToken));
        run.stream?.close().catch(() => {});
        // Then it begins anew at the present; those who follow read what was in between by themselves, or learn that it is gone.
        if (isLost(error)) this.#ring.clear();
        log.warn({ err: error }, 'the change stream of MongoDB broke off; it goes on soon');
      }
      await pause(retryMs, undefined, { ref: false });
    }
  }

  /** Reads the shared stream to its end, which is an error. */
  async #read(run: { stream?: Stream }): Promise<void> {
    const resumed = this.#ring.end;
    const start: Position = resumed ?? { time: await this.#source.now() };
    if (this.#run !== run) return;
    const stream = this.#source.open(start);
    run.stream = stream;
    if (resumed === undefined) this.#ring.begin(start);
    this.#follows.wakeAll(); // for what was written before it began
    for (;;) {
      const change = await stream.next();
      if (this.#run !== run) return;
      const told = toldOf(this.#source, change, this.#options.now());
      if (told === undefined) continue;
      // Whoever has heard nothing for long goes on from here, while it is still known what he missed.
      const isNearlyFull = this.#ring.push(told);
      if (isNearlyFull) this.#follows.wakeAll();
      else this.#follows.wake([told.owner]);
    }
  }

  /** Reads when fewer than so many do. */
  async #inTurn<T>(read: () => Promise<T>): Promise<T> {
    if (this.#reading >= READERS) await new Promise<void>(resolve => this.#readers.push(resolve));
    else this.#reading++;
    try {
      return await read();
    } finally {
      const next = this.#readers.shift();
      if (next === undefined) this.#reading--;
      else next();
    }
  }
}
