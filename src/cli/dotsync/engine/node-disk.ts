import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { codeOf, type Disk, FileTooLarge, type Found } from './disk.ts';
import { sha256Of } from './hash.ts';

/** How often a file is read again that somebody writes at the same time. */
const ATTEMPTS = 3;

const NOT_THERE = ['ENOENT', 'ENOTDIR'];

/** Errors of disks that give no file a second name. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'];

/** The real file system. */
export const nodeDisk: Disk = {
  find(path) {
    const stats = unless(NOT_THERE, () => lstatSync(path));
    return stats && found(stats);
  },
  real: path => realpathSync.native(path),
  read,
  create(path, content, mode) {
    const file = openSync(path, 'wx', 0o600);
    try {
      for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
      fchmodSync(file, Number.parseInt(mode, 8));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  },
  place(from, to) {
    try {
      linkSync(from, to);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      if (!NO_LINKS.includes(codeOf(error) ?? '')) throw error;
      if (unless(NOT_THERE, () => lstatSync(to)) !== undefined) return false;
      renameSync(from, to);
      return true;
    }
  },
  swap(from, to, sha256) {
    const before = unless(NOT_THERE, () => lstatSync(to));
    if (!before?.isFile() || sha256Of(read(to, before.size)) !== sha256) return false;
    renameSync(from, to);
    return true;
  },
  link: linkSync,
  setMode: (path, mode) => chmodSync(path, Number.parseInt(mode, 8)),
  remove: path => unless(NOT_THERE, () => unlinkSync(path)),
  makeFolder: path => void mkdirSync(path, { recursive: true, mode: 0o700 }),
  settle(folder) {
    const handle = openSync(folder, constants.O_RDONLY);
    try {
      // Some network disks do not know this of folders.
      unless(['EINVAL', 'EBADF', 'ENOTSUP', 'EISDIR'], () => fsyncSync(handle));
    } finally {
      closeSync(handle);
    }
  },
  append: (path, text) => appendFileSync(path, text, { mode: 0o600 }),
  list: folder => unless(NOT_THERE, () => readdirSync(folder)) ?? [],
};

function read(path: string, limit: number, durable = false): Uint8Array {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // Not to wait for the other end of a pipe.
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (durable) unless(['EINVAL', 'EBADF', 'EROFS'], () => fsyncSync(file));
      const before = fstatSync(file, { bigint: true });
      if (!before.isFile()) throw Object.assign(new Error('no file'), { code: 'EISDIR' });
      if (before.size > limit) throw new FileTooLarge(path);
      const content = readAll(file, Number(before.size));
      const after = fstatSync(file, { bigint: true });
      if (content.length === Number(after.size) && before.mtimeNs === after.mtimeNs) return content;
    } finally {
      closeSync(file);
    }
  }
  throw Object.assign(new Error('the file is being written'), { code: 'EBUSY' });
}

function readAll(file: number, size: number): Uint8Array {
  const content = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const count = readSync(file, content, length, size - length, null);
    if (count === 0) break;
    length += count;
  }
  return content.subarray(0, length);
}

function found(stats: Stats): Found {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other';
  return { kind, mode: (stats.mode & 0o777).toString(8).padStart(4, '0'), size: stats.size };
}

/** What `work` gives; undefined when it throws an error with one of the codes. */
function unless<T>(codes: readonly string[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (codes.includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}
