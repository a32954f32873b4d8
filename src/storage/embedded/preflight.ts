import { closeSync, existsSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** File that LMDB keeps in the data folder, beside its lock file. */
export const DATA_FILE = 'keybin.mdb';
const LOCK_FILE = `${DATA_FILE}-lock`;

/** LMDB's magic number, little-endian, and where it stands in the first page. */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;

/** Bytes the lock file takes, generously. */
const LOCK_BYTES = 128 * 1024;

/** Finds what would make the library crash instead of fail. Throws errors whose message says what is wrong. */
export function checkFolder(folder: string): void {
  demandOwnFile(path.join(folder, DATA_FILE));
  const lock = path.join(folder, LOCK_FILE);
  if (!existsSync(lock)) demandSpace(path.join(folder, `${LOCK_FILE}.probe`));
  else if (!statSync(lock).isFile()) throw new Error(`${LOCK_FILE} in it is not a file`);
}

/** LMDB maps whatever it is given: something else than its own file ends in a segmentation fault. */
function demandOwnFile(file: string): void {
  if (!existsSync(file) || statSync(file).size === 0) return;
  const start = Buffer.alloc(MAGIC_AT + 4);
  const descriptor = openSync(file, 'r');
  try {
    const read = readSync(descriptor, start, 0, start.length, 0);
    if (read < start.length || start.readUInt32LE(MAGIC_AT) !== MAGIC)
      throw new Error(`${DATA_FILE} in it is not a data file of Keybin`);
  } finally {
    closeSync(descriptor);
  }
}

/** The lock file is sparse and mapped: on a full disk the first write to it would be a bus error. */
function demandSpace(probe: string): void {
  try {
    writeFileSync(probe, Buffer.alloc(LOCK_BYTES));
  } finally {
    rmSync(probe, { force: true });
  }
}
