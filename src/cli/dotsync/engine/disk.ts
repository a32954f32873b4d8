/** What lies under a path, links not followed. */
export interface Found {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Four octal digits. */
  readonly mode: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * The file system, in steps of which each happens or does not. What goes wrong is thrown as Node's error with its `code`.
 * Everything is synchronous: files are small, and nothing of ours can come between a look and the deed that trusts it.
 */
export interface Disk {
  /** Undefined where nothing lies. */
  find(path: string): Found | undefined;
  /** The path without links. Throws ENOENT, ELOOP, ENOTDIR, EACCES. */
  real(path: string): string;
  /**
   * Bytes of a file, as they were at one moment. Throws `FileTooLarge`, EISDIR, ELOOP (a link), EBUSY (somebody writes it just
   * now). `durable` writes to the disk first what others wrote to the file.
   */
  read(path: string, limit: number, durable?: boolean): Uint8Array;
  /** Makes a file that is not there, with these bytes on the disk. Throws EEXIST. */
  create(path: string, content: Uint8Array, mode: string): void;
  /** Gives a file another name that is free. False: somebody has it. */
  place(from: string, to: string): boolean;
  /** Puts a file in the place of another one, if that has these bytes still. False: it has others, or is gone. */
  swap(from: string, to: string, sha256: string): boolean;
  /** One more name for a file, on the same disk. */
  link(from: string, to: string): void;
  setMode(path: string, mode: string): void;
  /** Removes a file; one that is not there is no fault. */
  remove(path: string): void;
  /** Makes a folder, and those above it, for its user alone. */
  makeFolder(path: string): void;
  /** Makes sure that names in a folder survive a power cut. */
  settle(folder: string): void;
  /** Adds text to the end of a file. */
  append(path: string, text: string): void;
  /** Names in a folder; none when it is not there. */
  list(folder: string): string[];
}

/** A file that is longer than is taken. */
export class FileTooLarge extends Error {}

/** The code of an error of the file system, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
