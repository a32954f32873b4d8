import type { LockFile } from '../files/lock.ts';
import { Remembered } from './remembered.ts';

/** Commits of this process, by whatever handle: what another one has committed is seen at once, too. */
let commits = 0;

/**
 * Which state of the data this process knows. LMDB numbers its transactions, whichever process commits them: as long as the last
 * one is the same, nothing has changed, and what was decoded is still what is stored. Looked at once per iteration of the event
 * loop and after each commit of this process.
 */
export class Snapshot {
  readonly #lock: LockFile;
  readonly #tables: Remembered[] = [];
  /** What the writes of the running transaction have changed: those that were done, and the one that is at it. */
  readonly #written = new Set<Remembered>();
  readonly #writing: Remembered[] = []; // a set is emptied by making another one, and each write empties it
  /** The last one of which it is known what it has changed, and the last one before reading began. */
  #transaction = -1;
  #reading = -1;
  #isFresh = false;
  #commits = -1;

  constructor(lock: LockFile) {
    this.#lock = lock;
  }

  /** Whether it was looked at in this iteration of the event loop, and this process has committed nothing since. */
  get isFresh(): boolean {
    return this.#isFresh && this.#commits === commits;
  }

  /** Number of a transaction that reads see at least, once reading has begun. */
  get number(): number {
    return this.#reading;
  }

  /** What one table remembers. To be called when the table is opened. */
  table(): Remembered {
    const table = new Remembered(() => {
      if (!this.#writing.includes(table)) this.#writing.push(table);
    });
    this.#tables.push(table);
    return table;
  }

  /** Forgets everything if anybody has committed something. Returns whether a read transaction must begin anew. */
  refresh(): boolean {
    this.#isFresh = true;
    this.#commits = commits;
    setImmediate(() => {
      this.#isFresh = false;
    });
    const last = this.#lock.transaction;
    if (last !== this.#transaction) for (const table of this.#tables) table.forget();
    this.#transaction = last;
    const isOld = last !== this.#reading;
    this.#reading = last;
    return isOld;
  }

  /** A write of the running transaction was done, or nothing of it stays. */
  wrote(done: boolean): void {
    if (done) for (const table of this.#writing) this.#written.add(table);
    this.#writing.length = 0;
  }

  /**
   * The running transaction, of that number, was committed. Where nobody else has committed anything since the last look, only the
   * tables that it has written to are forgotten. A transaction that wrote nothing leaves its number to the next one.
   */
  committed(transaction: number): void {
    const last = this.#lock.transaction;
    const isOurs = this.#written.size > 0 && last === transaction && transaction === this.#transaction + 1;
    for (const table of isOurs ? this.#written : this.#tables) table.forget();
    this.#transaction = last;
    this.#ended();
  }

  /** It is not known what became of the running transaction. */
  failed(): void {
    for (const table of this.#tables) table.forget();
    this.#transaction = -1;
    this.#ended();
  }

  #ended(): void {
    commits++;
    this.#written.clear();
    this.#writing.length = 0;
  }
}
