import { Follows } from '../../follows.ts';
import type { Changes, Tellings } from '../../port.ts';
import { positionGone } from '../../position-gone.ts';
import type { Environment } from '../environment.ts';
import { HIGH } from '../keys.ts';
import type { Opened } from '../opening/open-data.ts';
import type { Table } from '../table.ts';
import { positionOf, textOf } from './position.ts';
import { tell } from './since.ts';
import { MOST } from './stamps.ts';

/** Milliseconds between two looks at whether another process has committed something: one read of eight bytes. */
const LOOK_MS = 40;

/** What is written to tables that are told, by the stamps in their documents. */
export class EmbeddedChanges implements Changes {
  readonly #env: Environment;
  readonly #opened: Opened;
  readonly #tables: readonly Table[];
  readonly #follows = new Follows(any => this.#watch(any));
  /** Stamp up to which followers were woken, and those beyond it of transactions of this process. */
  #seen = 0;
  readonly #own = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(env: Environment, opened: Opened) {
    this.#env = env;
    this.#opened = opened;
    this.#tables = opened.tables.filter(({ told }) => told !== undefined);
    opened.stamps.onCommitted = (stamp, owners) => {
      if (this.#timer === undefined) return;
      this.#own.add(stamp);
      this.#follows.wake(owners);
    };
  }

  async position(): Promise<string> {
    return textOf({ stamp: this.#present() });
  }

  async since(owner: string, text: string, limit: number): Promise<Tellings> {
    const position = positionOf(text);
    const present = this.#present();
    if (position.stamp > present) throw positionGone();
    const { items, reached, last } = tell(this.#tables, owner, position, { limit, now: this.#env.now() });
    const behind = reached ?? { stamp: Math.max(present, last) };
    return { items, position: textOf(behind), more: reached !== undefined };
  }

  follow(owner: string, wake: () => void): () => void {
    return this.#follows.add(owner, wake);
  }

  /** Nobody is woken any more. */
  close(): void {
    this.#watch(false);
  }

  /** Stamp of a transaction that reads from here on see. */
  #present(): number {
    this.#env.beginRead();
    return this.#opened.stamps.of(this.#opened.snapshot.number);
  }

  #watch(any: boolean): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#own.clear();
    if (!any) return;
    this.#seen = this.#last();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  #last(): number {
    return this.#opened.stamps.of(this.#opened.lock.transaction);
  }

  #look(): void {
    try {
      const last = this.#last();
      if (last === this.#seen) return;
      if (last - this.#seen > MOST || last < this.#seen) this.#follows.wakeAll();
      else if (this.#own.size < last - this.#seen) this.#follows.wake(this.#othersUpTo(last));
      this.#seen = last;
      for (const stamp of this.#own) if (stamp <= last) this.#own.delete(stamp);
    } catch {
      // What cannot be read now is looked at again; whoever follows meets the same.
    }
  }

  /** Owners of what other processes have written since the last look. */
  #othersUpTo(last: number): ReadonlySet<string> {
    this.#env.beginRead();
    const owners = new Set<string>();
    const { told } = this.#opened.stamps;
    for (const { key, value } of told.getRange({ start: [this.#seen + 1], end: [last, HIGH] })) {
      if (!this.#own.has(Number(key[0]))) for (const owner of value) owners.add(owner);
    }
    return owners;
  }
}
