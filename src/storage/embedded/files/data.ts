import { type BigIntStats, closeSync, openSync, statSync } from 'node:fs';
import path from 'node:path';
import { StorageUnavailableError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { readMeta } from './meta-pages.ts';
import { DATA_FILE, LOCK_FILE } from './names.ts';

/** Milliseconds between two looks at the files: a look costs less than a hundredth of a write, but is not for each. */
const PAUSE = 1_000;

/** What callers are told, and health says; paths are for the log. */
const GONE = 'the data file was removed, or replaced by another one';
const UNLOCKED = 'the lock file of the data was removed, or replaced by another one';
const SPOILED = 'the data file was cut short or overwritten';

/**
 * Notices that the files this process has open are no longer those in the data folder, or not what it has written: what is
 * written then is gone with the process. A file that was moved away and comes back is the same file again.
 */
export class DataFile {
  readonly #file: string;
  readonly #lock: string;
  readonly #elapsed: () => number;
  readonly #log: Log;
  readonly #opened: Seen | undefined;
  readonly #locked: Seen | undefined;
  #size: bigint;
  #transaction: bigint;
  #spoiled = false;
  #fault: string | undefined;
  #looked: number;

  /** For files that were opened just now. `elapsed` gives milliseconds since whenever. */
  constructor(folder: string, elapsed: () => number, log: Log) {
    this.#file = path.join(folder, DATA_FILE);
    this.#lock = path.join(folder, LOCK_FILE);
    this.#elapsed = elapsed;
    this.#log = log;
    this.#opened = look(this.#file);
    this.#locked = look(this.#lock);
    this.#size = this.#opened?.size ?? 0n;
    this.#transaction = (this.#opened && transactionOf(this.#file)) ?? 0n;
    this.#looked = elapsed();
  }

  /** Throws `StorageUnavailableError` once it is known that reading from the file may end the process. */
  demandReadable(): void {
    this.#refresh();
    if (this.#spoiled) throw new StorageUnavailableError(`${SPOILED}: nothing is read from it`);
  }

  /** Throws `StorageUnavailableError` when what was written is not in the folder; it may not have looked for a second. */
  demandInPlace(): void {
    this.#refresh();
    if (this.#fault !== undefined) throw new StorageUnavailableError(`${this.#fault}: nothing is written to it`);
  }

  #refresh(): void {
    const now = this.#elapsed();
    if (now - this.#looked < PAUSE) return;
    this.#looked = now;
    this.#note(this.#find());
  }

  #find(): string | undefined {
    const file = look(this.#file);
    if (file === undefined || !isSame(file, this.#opened)) return GONE;
    if (!isSame(look(this.#lock), this.#locked)) return UNLOCKED;
    this.#spoiled ||= this.#isSpoiled(file);
    return this.#spoiled ? SPOILED : undefined;
  }

  /** The library never makes the file smaller, and no transaction has a lower number than one before. */
  #isSpoiled({ size }: Seen): boolean {
    const transaction = size < this.#size ? undefined : transactionOf(this.#file);
    if (transaction === undefined || transaction < this.#transaction) return true;
    this.#size = size;
    this.#transaction = transaction;
    return false;
  }

  /** One line for each change, not for each request. */
  #note(fault: string | undefined): void {
    if (fault === this.#fault) return;
    this.#fault = fault;
    const file = this.#file;
    const way = fault === SPOILED ? 'stop the server and put back a backup' : 'move the file back, or restart';
    if (fault === undefined) this.#log.warn({ file }, 'the data file is in its place again: writing goes on');
    else this.#log.error({ file }, `${fault}: every write is refused from now on; ${way}`);
  }
}

/** What a file is known by. Inode numbers may need big integers. */
type Seen = Pick<BigIntStats, 'dev' | 'ino' | 'size'>;

/** Undefined when there is no such file. */
function look(file: string): Seen | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false });
}

function isSame(a: Seen | undefined, b: Seen | undefined): boolean {
  return a?.ino === b?.ino && a?.dev === b?.dev;
}

/** Number of the last transaction, as the file itself says; undefined when it does not begin as it must. */
function transactionOf(file: string): bigint | undefined {
  const descriptor = openSync(file, 'r');
  try {
    return readMeta(descriptor)?.transaction;
  } finally {
    closeSync(descriptor);
  }
}
