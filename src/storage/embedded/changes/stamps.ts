/** Which transaction wrote a document, and whose documents a transaction wrote. */

import type { Database, RootDatabase } from 'lmdb';
import { type Damage, guarded } from '../damage.ts';
import { type Db, openDb } from '../database.ts';
import { EVERYTHING, HIGH } from '../keys.ts';

/** Stamp of a transaction -> the owners of what it wrote. */
export type Told = Db<readonly string[]>;

/** Key in the facts about the folder: what is added to the number of a transaction. */
const BASE = 'stamp_base';

/** Positions may be ahead of the last stamp by as many transactions as wrote nothing that is told: fewer than these. */
const BEYOND = 1_000_000_000;

/** For how many transactions it is known whose documents they wrote: who is further behind asks for all. */
export const MOST = 4096;

/** After so many transactions the oldest are forgotten, at most so many. */
const FORGET_AFTER = 32;
const FORGET_AT_ONCE = 64;

/** Opens the database in which the owners are. */
export function openTold(root: RootDatabase, damage: Damage): Told {
  return guarded(openDb<readonly string[]>(root, 'told'), damage, Array.isArray);
}

/**
 * Stamps are the numbers of LMDB's transactions, whichever process commits them; all documents of one transaction have the same. A compact
 * copy of the data begins to count anew: so something is added to them.
 */
export class Stamps {
  readonly told: Told;
  #base = 0;
  #stamp = 0;
  readonly #owners = new Set<string>();
  #sinceForgotten = 0;
  /** Called after a transaction with its stamp and the owners of what it wrote. */
  onCommitted: (stamp: number, owners: ReadonlySet<string>) => void = () => {};

  constructor(told: Told) {
    this.told = told;
  }

  /** To be called once, before anything is read or written. `last` gives the number of the last transaction. */
  prepare(meta: Database<unknown, string>, last: () => number, inTransaction: (work: () => void) => void): void {
    const isRight = () => {
      this.#base = Number(meta.get(BASE) ?? 0);
      return this.#newest() <= last() + this.#base;
    };
    if (isRight()) return;
    inTransaction(() => {
      if (isRight()) return; // another process was faster
      this.#base = this.#newest() + BEYOND;
      meta.put(BASE, this.#base);
    });
  }

  /** The stamp of a transaction. */
  of(transaction: number): number {
    return transaction + this.#base;
  }

  /** A transaction of that number begins. */
  begin(transaction: number): void {
    this.#stamp = this.of(transaction);
    this.#owners.clear();
  }

  /** The stamp of a document of that owner that is being written. */
  take(owner: string): number {
    this.#owners.add(owner);
    return this.#stamp;
  }

  /** All of the transaction is written: whose that was is written down with it. */
  record(): void {
    if (this.#owners.size === 0) return;
    this.told.put([this.#stamp], [...this.#owners]);
    if (++this.#sinceForgotten < FORGET_AFTER) return;
    this.#sinceForgotten = 0;
    const old = { start: [], end: [this.#stamp - MOST], limit: FORGET_AT_ONCE };
    for (const key of [...this.told.getKeys(old)]) this.told.remove(key);
  }

  /** Nobody has to know whose documents were written so far. To be called in a transaction. */
  forgetOwners(): void {
    this.#owners.clear();
    this.told.clearSync();
  }

  /** The transaction is on disk. */
  committed(): void {
    if (this.#owners.size > 0) this.onCommitted(this.#stamp, this.#owners);
  }

  /** Of the transactions that wrote something. */
  #newest(): number {
    const last = this.told.getKeys({ start: [HIGH], end: EVERYTHING.start, reverse: true, limit: 1 });
    for (const [stamp] of last) return Number(stamp);
    return 0;
  }
}
