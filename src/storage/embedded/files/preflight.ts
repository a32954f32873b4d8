import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { StartupError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { hasCode } from './durable.ts';
import { cutShort, readMeta } from './meta-pages.ts';
import { DATA_FILE, GATE_LOCK_FILE, LOCK_FILE, NEW_FILE, SECRETS } from './names.ts';

/** How often a file that looks cut is read: another process may have written to it meanwhile. */
const ATTEMPTS = 3;

/** Bytes the lock file takes, generously. */
const LOCK_BYTES = 128 * 1024;

/** Makes a folder, for this user only, and those above it that are not there. (Node's own way never ends below `/proc`.) */
export function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  const above = path.dirname(folder);
  if (above !== folder) makeFolder(above);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST') || !isFolder(folder)) throw error; // another process may have made it
  }
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Finds what would make the library crash, or lose data, instead of fail. Throws errors whose message says what is wrong. */
export function checkFolder(folder: string, log: Log): void {
  const file = path.join(folder, DATA_FILE);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) noteNew(folder, log);
  else if (stats.size > 0 || !existsSync(path.join(folder, NEW_FILE))) demandData(folder, file, stats);
  for (const name of [LOCK_FILE, GATE_LOCK_FILE]) {
    const lock = path.join(folder, name);
    if (!existsSync(lock)) demandSpace(path.join(folder, `${name}.probe`));
    else if (!statSync(lock).isFile()) throw new Error(`${name} in it is not a file`);
  }
}

/** What ends the making of a data file: from now on an empty one is a damaged one. */
export function noteMade(folder: string): void {
  if (!existsSync(path.join(folder, NEW_FILE))) return;
  flushSync(folder); // the name of the data file
  rmSync(path.join(folder, NEW_FILE), { force: true });
  flushSync(folder);
}

/** A process that dies while it makes a data file leaves an empty one, which is not to be taken for damaged. */
function noteNew(folder: string, log: Log): void {
  if (existsSync(path.join(folder, SECRETS))) {
    log.warn(
      { folder },
      `no ${DATA_FILE} is in the data folder, which was in use: the server starts without any account`,
    );
  }
  writeFileSync(path.join(folder, NEW_FILE), '', { mode: 0o600 });
  flushSync(folder);
}

/** LMDB maps whatever it is given: something else than its own file, or half of it, ends the process. */
function demandData(folder: string, file: string, stats: Stats): void {
  if (!stats.isFile()) throw new Error(`${DATA_FILE} in it is not a file`);
  if (stats.size === 0) throw damaged(folder, 'is empty');
  const descriptor = openSync(file, 'r');
  try {
    for (let attempt = 1; ; attempt++) {
      const meta = readMeta(descriptor);
      if (meta === undefined) throw damaged(folder, 'does not begin as a data file of Keybin does, or ends too soon');
      const lack = cutShort(descriptor);
      if (lack === undefined) return;
      if (attempt === ATTEMPTS) throw damaged(folder, `is cut short: ${lack.size} bytes are there of ${lack.promised}`);
    }
  } finally {
    closeSync(descriptor);
  }
}

function damaged(folder: string, how: string): StartupError {
  return new StartupError(
    `the data file ${path.join(folder, DATA_FILE)} ${how}. Put back a backup of the whole folder, or name another one with ` +
      '[STORE] host; nothing was changed',
  );
}

/** The lock file is sparse and mapped: on a full disk the first write to it would be a bus error. */
function demandSpace(probe: string): void {
  try {
    writeFileSync(probe, Buffer.alloc(LOCK_BYTES), { mode: 0o600 });
  } finally {
    rmSync(probe, { force: true });
  }
}

/** Makes names in a folder durable. Windows cannot open folders, and needs no such thing. */
function flushSync(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
