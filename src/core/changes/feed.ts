/** The followers of one account in this process: what they are told is read once for all who are at the same position. */

import { AppError, GoneError, InvalidInputError } from '../../base/errors.ts';
import { inSlices } from '../../base/slices.ts';
import type { Tellings } from '../../storage/port.ts';
import type { Core } from '../context.ts';
import { type ChangeEvent, eventOf, isFor } from './events.ts';
import type { End, Follower } from './followers.ts';
import type { LiveTokens } from './live-tokens.ts';

/** How many changes are told at once: what a follower who does not read can hold up. */
const PAGE = 100;

/** Milliseconds before it is tried again to read what could not be read. */
const RETRY_MS = 1000;

/** What all feeds of a process share. */
export interface Shared {
  readonly tokens: LiveTokens;
  /** Those who can take no more at the moment. */
  readonly busy: Set<Follower>;
  readonly end: (follower: Follower, why: End) => void;
}

/** What a feed tells, to those who follow it. */
export class Feed {
  readonly followers = new Set<Follower>();
  readonly #core: Core;
  readonly #accountId: string;
  readonly #shared: Shared;
  /** Who is to be told what is behind his position: everybody, or only those. */
  #isAllDue = false;
  #due = new Set<Follower>();
  #running = false;

  constructor(core: Core, accountId: string, shared: Shared) {
    this.#core = core;
    this.#accountId = accountId;
    this.#shared = shared;
  }

  /** Something may have happened. What is answered at this moment leaves first. */
  wake(): void {
    this.#isAllDue = true;
    this.#start();
  }

  /** The same for one of them, who came just now or can take more: a thousand who come one after another are not told each time. */
  wakeOne(follower: Follower): void {
    this.#due.add(follower);
    this.#start();
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    try {
      while (this.#isAllDue || this.#due.size > 0) {
        await this.#round();
        await new Promise(setImmediate); // others have their turn
      }
    } catch (err) {
      this.#isAllDue = false;
      this.#due.clear();
      this.#core.log.debug({ err }, 'changes could not be read; it is tried again');
      setTimeout(() => this.wake(), RETRY_MS).unref();
    } finally {
      this.#running = false;
    }
  }

  /** Tells those for whom it is time what is behind their positions. Throws what keeps it from being read. */
  async #round(): Promise<void> {
    const [isAll, some] = [this.#isAllDue, this.#due];
    this.#isAllDue = false;
    this.#due = new Set();
    if (some.size > 0) await this.#shared.tokens.endDead(some, 'some');
    if (isAll) await this.#shared.tokens.endDead(this.followers, 'all');
    const [behind, caughtUp] = [new Map<string, Follower[]>(), new Map<string, Follower[]>()];
    for (const follower of isAll ? this.followers : some) {
      if (follower.over || follower.busySince !== undefined) continue;
      const groups = follower.caughtUp ? caughtUp : behind;
      const group = groups.get(follower.position);
      if (group === undefined) groups.set(follower.position, [follower]);
      else group.push(follower);
    }
    for (const group of caughtUp.values()) await this.#tell(group);
    for (const group of behind.values()) await this.#tell(group);
  }

  /** Tells those who are at one position. */
  async #tell(group: readonly Follower[]): Promise<void> {
    const [{ position, caughtUp }] = group as [Follower];
    const tellings = await this.#read(position, caughtUp, group);
    if (tellings === undefined) return;
    const events = tellings.items.map(eventOf);
    const slices = inSlices();
    for (const follower of group) {
      if (tellings.more) this.#due.add(follower);
      if (follower.over || follower.busySince !== undefined) continue;
      follower.position = tellings.position;
      follower.caughtUp ||= !tellings.more;
      this.#hear(follower, events);
      if (slices.over()) await slices.pause();
    }
  }

  #hear(follower: Follower, all: readonly ChangeEvent[]): void {
    const isAll = all.every(({ key }) => isFor(follower.reader, key));
    const events = isAll ? all : all.filter(({ key }) => isFor(follower.reader, key)); // the same list makes the same bytes
    if (follower.ear.hear(events, follower.position)) return;
    follower.busySince = this.#core.clock.elapsed();
    this.#shared.busy.add(follower);
  }

  /** Undefined when nobody can go on from there: that ends them. */
  async #read(position: string, caughtUp: boolean, group: readonly Follower[]): Promise<Tellings | undefined> {
    const { changes } = this.#core.storage;
    try {
      return await changes?.since(this.#accountId, position, PAGE, caughtUp ? 'woken' : undefined);
    } catch (error) {
      const isOver = error instanceof GoneError || error instanceof InvalidInputError || !(error instanceof AppError);
      if (!isOver) throw error;
      if (!(error instanceof AppError)) this.#core.log.error({ err: error }, 'changes cannot be told');
      for (const follower of group) this.#shared.end(follower, 'gone');
      return undefined;
    }
  }
}
