import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { LOCK_FILE } from './names.ts';

/**
 * Where LMDB's lock file has the number of the last transaction (`mti_txnid` of `MDB_txninfo`), which is the one that a reader who begins
 * now sees. The meta pages of the data file are no measure: they have a number as soon as it is written, which readers get only when
 * it is flushed.
 */
const TRANSACTION = 8;

/**
 * LMDB's lock file, which is to be opened after LMDB has, and closed after it: to close any descriptor of it gives up the locks that this
 * process has in it.
 */
export class LockFile {
  readonly #file: number;
  readonly #number = Buffer.alloc(8);

  constructor(folder: string) {
    this.#file = openSync(path.join(folder, LOCK_FILE), 'r+');
  }

  /** Number of the last transaction that any process has committed. */
  get transaction(): number {
    readSync(this.#file, this.#number, 0, 8, TRANSACTION);
    return this.#number.readUInt32LE(0) + this.#number.readUInt32LE(4) * 0x1_0000_0000;
  }

  /** For whom no transaction can begin or end meanwhile. */
  set transaction(number: number) {
    this.#number.writeBigUInt64LE(BigInt(number));
    writeSync(this.#file, this.#number, 0, 8, TRANSACTION);
  }

  close(): void {
    closeSync(this.#file);
  }
}
