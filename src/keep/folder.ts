/** Backups as files of a folder: none is there before it is whole. */

import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { BackupError } from './backup-error.ts';

/** A backup named by its moment, and the one that is being written. */
const NAME = /^keybin-(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\dZ)\.ndjson\.gz$/;
const PART = '.part';

/** Milliseconds after which a part belongs to a process that died. */
const DEAD = 24 * 3_600_000;

/** The name of a backup that is begun at a moment (milliseconds). Names sort as the moments do. */
export function nameAt(moment: number): string {
  const time = new Date(moment).toISOString().replace(/\.\d+/, '').replaceAll(':', '-');
  return `keybin-${time}.ndjson.gz`;
}

/** The moment in a name; undefined where it is no name of {@link nameAt}. */
export function momentOf(name: string): number | undefined {
  const [, date, hours, minutes, seconds] = NAME.exec(name) ?? [];
  return date === undefined ? undefined : Date.parse(`${date}${hours}:${minutes}:${seconds}`);
}

/**
 * Has a file written beside its name, flushes it and gives it the name, in place of one that is there. When writing fails nothing stays.
 * Throws `BackupError` when the system refuses, and what `write` throws.
 */
export async function writeAside(file: string, write: (sink: Writable) => Promise<void>): Promise<void> {
  const part = file + PART;
  try {
    const handle = await open(part, 'w', 0o600);
    await write(handle.createWriteStream({ highWaterMark: 1024 * 1024 }));
    await flush(part, 'r+');
    await rename(part, file);
    await flush(path.dirname(file), 'r');
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw isOfSystem(error) ? refused(file, error) : error;
  }
}

/**
 * Removes backups of the folder that were begun more than `age` milliseconds ago, but never the last one, and parts that processes have left
 * which died. Returns the names that are gone.
 */
export async function prune(folder: string, age: number, now: number): Promise<string[]> {
  const names = await readdir(folder);
  const backups = names.filter(name => momentOf(name) !== undefined).sort();
  const old = backups.slice(0, -1).filter(name => (momentOf(name) as number) < now - age);
  for (const name of old) await rm(path.join(folder, name), { force: true });
  for (const name of names) {
    if (!name.endsWith(PART) || momentOf(name.slice(0, -PART.length)) === undefined) continue;
    const found = await stat(path.join(folder, name)).catch(() => undefined);
    if (found && found.mtimeMs < now - DEAD) await rm(path.join(folder, name), { force: true });
  }
  return old;
}

async function flush(file: string, flags: string): Promise<void> {
  const handle = await open(file, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function refused(file: string, error: NodeJS.ErrnoException): BackupError {
  const reason =
    error.code === 'ENOSPC' || error.code === 'EDQUOT'
      ? 'the disk is full: make room, or name another folder'
      : `${error.message}: name a file in a folder that is there and that this user may write to`;
  return new BackupError(`the backup ${file} could not be written, and nothing of it is left: ${reason}`, {
    cause: error,
  });
}
