import { basename, dirname, join } from 'node:path';
import { codeOf, type Disk } from './disk.ts';
import { sha256Of } from './hash.ts';

/** Names that a copy of a conflict may have, until a free one is found. */
const NAMES = 1000;

/** Contents are written under this name first, in the folder of their file: always the same, so that a killed process leaves one at most. */
export const DRAFT = '.dotsync.tmp';

/** Removes what a killed process left in a folder. */
export function tidy(disk: Disk, folder: string): void {
  if (disk.find(join(folder, DRAFT)) !== undefined) disk.remove(join(folder, DRAFT));
}

/** What is put in the place of what. */
export interface Replacement {
  readonly mode: string;
  /** Hash of the content that is there; undefined: nothing is. */
  readonly before: string | undefined;
  /** The folder in which the file that is replaced is kept, if it is. */
  readonly keep?: string;
}

/**
 * Puts a content in the place of what is there: with its mode, on the disk, in one step. False, and nothing happens, when something
 * else is there than was expected. Throws errors of the disk, and leaves nothing behind.
 */
export function replace(disk: Disk, file: string, content: Uint8Array, { mode, before, keep }: Replacement): boolean {
  const draft = join(dirname(file), DRAFT);
  if (before === undefined) disk.makeFolder(dirname(file));
  return written(disk, draft, content, mode, () => {
    // The file itself, not a copy: a program that writes to it just now, without looking where it is, loses nothing either.
    const kept = before !== undefined && keep !== undefined ? keepFile(disk, file, keep, before) : undefined;
    const done = before === undefined ? disk.place(draft, file) : disk.swap(draft, file, before);
    if (!done && kept !== undefined) disk.remove(kept);
    // What is remembered of the file must not be on the disk before the file itself.
    if (done) disk.settle(dirname(file));
    return done;
  });
}

/** Takes a file away, into the folder where files are kept. Throws errors of the disk. */
export function discard(disk: Disk, file: string, keep: string): void {
  const sha256 = hashOf(disk, file);
  if (sha256 !== undefined) keepFile(disk, file, keep, sha256);
  disk.remove(file);
}

/** Most files that are kept of those that were replaced. */
const KEPT = 500;

/** Removes the oldest of the files that are kept. */
export function pruneKept(disk: Disk, folder: string): void {
  for (const name of disk.list(folder).sort().slice(0, -KEPT)) disk.remove(join(folder, name));
}

function keepFile(disk: Disk, file: string, folder: string, sha256: string): string | undefined {
  disk.makeFolder(folder);
  const moment = new Date().toISOString().replaceAll(':', '');
  const kept = join(folder, `${moment}-${sha256.slice(0, 8)}-${basename(file).slice(0, 100)}`);
  try {
    disk.link(file, kept);
  } catch (error) {
    const code = codeOf(error) ?? '';
    // Gone meanwhile, or kept under this name already.
    if (code === 'ENOENT' || code === 'EEXIST') return undefined;
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error;
    disk.create(kept, disk.read(file, Number.MAX_SAFE_INTEGER), '0600');
  }
  return kept;
}

/** Puts a content under a name whatever is there: for our own files. Throws errors of the disk. */
export function writeOver(disk: Disk, file: string, content: Uint8Array, mode: string): void {
  disk.makeFolder(dirname(file));
  const draft = join(dirname(file), DRAFT);
  written(disk, draft, content, mode, () => {
    const there = disk.find(file);
    if (there === undefined) return disk.place(draft, file);
    return disk.swap(draft, file, sha256Of(disk.read(file, Number.MAX_SAFE_INTEGER)));
  });
}

/**
 * Lays a content beside a file, under `name`, or under that with a number when it is taken by another content. Returns the name.
 * Throws errors of the disk.
 */
export function layBeside(disk: Disk, name: string, content: Uint8Array, mode: string): string {
  const sha256 = sha256Of(content);
  for (let number = 1; number <= NAMES; number++) {
    const file = number === 1 ? name : `${name}-${number}`;
    const there = disk.find(file);
    if (there === undefined && replace(disk, file, content, { mode, before: undefined })) return file;
    if (hashOf(disk, file) === sha256) return file;
  }
  throw Object.assign(new Error('all names are taken'), { code: 'EEXIST' });
}

/** SHA-256 of a file; undefined when there is none, or it is no file, or one that cannot be read. */
export function hashOf(disk: Disk, file: string): string | undefined {
  const found = disk.find(file);
  if (found?.kind !== 'file') return undefined;
  return sha256Of(disk.read(file, found.size));
}

function written(disk: Disk, draft: string, content: Uint8Array, mode: string, put: () => boolean): boolean {
  disk.remove(draft);
  try {
    disk.create(draft, content, mode);
    return put();
  } finally {
    disk.remove(draft);
  }
}
