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

/** What a feed tells, to those who follow it. */
export class Feed {
  readonly followers = new Set<Follower>();
  readonly #core: Core;
  readonly #accountId: string;
  readonly #tokens: LiveTokens;
  readonly #end: (follower: Follower, why: End) => void;
  #due = false;
  #running = false;

  constructor(core: Core, accountId: string, tokens: LiveTokens, end: (follower: Follower, why: End) => void) {
    this.#core = core;
    this.#accountId = accountId;
    this.#tokens = tokens;
    this.#end = end;
  }

  /** Something may have happened. What is answered at this moment leaves first. */
  wake(): void {
    if (this.#due) return;
    this.#due = true;
    if (!this.#running) setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#due) {
        this.#due = false;
        await this.#round();
        await new Promise(setImmediate); // others have their turn
      }
    } catch (err) {
      this.#due = false;
      this.#core.log.debug({ err }, 'changes could not be read; it is tried again');
      setTimeout(() => this.wake(), RETRY_MS).unref();
    } finally {
      this.#running = false;
    }
  }

  /** Tells everybody what is behind his position. Throws what keeps it from being read. */
  async #round(): Promise<void> {
    await this.#tokens.endDead(this.followers);
    const groups = new Map<string, Follower[]>();
    for (const follower of this.followers) {
      if (follower.busySince !== undefined) continue;
      const place = `${follower.caughtUp} ${follower.position}`;
      const group = groups.get(place);
      if (group === undefined) groups.set(place, [follower]);
      else group.push(follower);
    }
    for (const group of groups.values()) await this.#tell(group);
  }

  /** Tells those who are at one position. */
  async #tell(group: readonly Follower[]): Promise<void> {
    const [{ position, caughtUp }] = group as [Follower];
    const tellings = await this.#read(position, caughtUp, group);
    if (tellings === undefined) return;
    const events = tellings.items.map(eventOf);
    const slices = inSlices();
    for (const follower of group) {
      if (follower.over || follower.busySince !== undefined) continue;
      follower.position = tellings.position;
      follower.caughtUp ||= !tellings.more;
      this.#hear(follower, events);
      if (slices.over()) await slices.pause();
    }
    if (tellings.more) this.#due = true;
  }

  #hear(follower: Follower, all: readonly ChangeEvent[]): void {
    const isAll = all.every(({ key }) => isFor(follower.reader, key));
    const events = isAll ? all : all.filter(({ key }) => isFor(follower.reader, key)); // the same list makes the same bytes
    if (!follower.ear.hear(events, follower.position)) follower.busySince = this.#core.clock.elapsed();
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
      for (const follower of group) this.#end(follower, 'gone');
      return undefined;
    }
  }
}
