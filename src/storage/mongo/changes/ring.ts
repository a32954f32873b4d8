import type { Telling, Tellings } from '../../port.ts';
import { compare, type Position, textOf } from './position.ts';

/** A change of an owner, and where it is. */
export interface Told {
  readonly owner: string;
  readonly telling: Telling;
  readonly at: Position;
}

/** The last changes of all owners, as far back as it reaches. */
export class Ring {
  readonly #most: number;
  #told: Told[] = [];
  /** What is behind it is here, up to `end`. Undefined: nothing is. */
  #start: Position | undefined;
  #end: Position | undefined;

  /** It holds `most` of them, or half of that more. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Up to where it reaches. */
  get end(): Position | undefined {
    return this.#end;
  }

  /** Forgets all; what comes now follows this position. */
  begin(start: Position): void {
    this.#told = [];
    this.#start = start;
    this.#end = start;
  }

  /** Nothing is known any more. */
  clear(): void {
    this.#told = [];
    this.#start = undefined;
    this.#end = undefined;
  }

  /**
   * Adds the next one; one that is there already is passed over. Returns whether the oldest will soon be forgotten: whoever is there still
   * should read on.
   */
  push(told: Told): boolean {
    if (this.#end !== undefined && compare(told.at, this.#end) <= 0) return false;
    this.#told.push(told);
    this.#end = told.at;
    const { length } = this.#told;
    if (length >= this.#most * 1.5) this.#start = this.#told.splice(0, length - this.#most).at(-1)?.at ?? this.#start;
    return length === Math.ceil(this.#most * 1.25);
  }

  /** There is nothing more before this position. */
  reached(end: Position | undefined): void {
    if (end !== undefined && this.#end !== undefined && compare(end, this.#end) > 0) this.#end = end;
  }

  /** What is known of an owner behind a position; undefined when it does not reach back so far. */
  since(owner: string, position: Position, limit: number): Tellings | undefined {
    if (this.#start === undefined || this.#end === undefined || compare(position, this.#start) < 0) return undefined;
    const items: Telling[] = [];
    for (let i = this.#firstBehind(position); i < this.#told.length; i++) {
      const told = this.#told[i] as Told;
      if (told.owner !== owner) continue;
      items.push(told.telling);
      if (items.length === limit) return { items, position: told.telling.position, more: true };
    }
    const end = compare(position, this.#end) > 0 ? position : this.#end;
    return { items, position: textOf(end), more: false };
  }

  #firstBehind(position: Position): number {
    let [low, high] = [0, this.#told.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare((this.#told[middle] as Told).at, position) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
