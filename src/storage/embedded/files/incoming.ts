import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { STALE } from '../../blob.ts';
import { ifThere, writeFlushed } from './durable.ts';

/** Ends of names: of a file that is being written, and of one that was a blob and only has to go. */
const UPLOAD = '.upload';
const REMOVED = '.removed';

/** A page: less may find room where nothing else does. */
const TRIAL_BYTES = 4096;

/**
 * The folder of files that are not blobs yet, or no more. The name of an upload begins with the moment it began, because the
 * file system stamps files by another clock than the injected one.
 */
export class Incoming {
  readonly #folder: string;
  readonly #now: () => number;
  #made = false;

  constructor(folder: string, now: () => number) {
    this.#folder = folder;
    this.#now = now;
  }

  /**
   * Throws unless files can be made in it. Makes the folder, once: when it is gone later, so is the disk with all blobs, and
   * another one in its place would take uploads that nobody finds again.
   */
  async demandWritable(): Promise<void> {
    if (!this.#made) await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    this.#made = true;
    await access(this.#folder, constants.W_OK);
  }

  /** Writes a file and removes it. Throws when that cannot be done, on a full disk too. */
  async tryOut(): Promise<void> {
    await this.demandWritable();
    const file = this.removed();
    try {
      await writeFlushed(file, [new Uint8Array(TRIAL_BYTES)]);
    } finally {
      await rm(file, { force: true });
    }
  }

  /** A new name for an upload that begins now. */
  upload(): string {
    return path.join(this.#folder, `${this.#now()}.${randomUUID()}${UPLOAD}`);
  }

  /** A new name for a file that is to go. */
  removed(): string {
    return path.join(this.#folder, randomUUID() + REMOVED);
  }

  /** Removes what processes have left that died; returns how many uploads stay. */
  async sweep(): Promise<number> {
    let unfinished = 0;
    for (const name of (await ifThere(readdir(this.#folder))) ?? []) {
      if (name.endsWith(REMOVED) || this.#isStale(name)) await rm(path.join(this.#folder, name), { force: true });
      else if (name.endsWith(UPLOAD)) unfinished++;
    }
    return unfinished;
  }

  #isStale(name: string): boolean {
    return name.endsWith(UPLOAD) && Number(name.split('.', 1)[0]) < this.#now() - STALE;
  }
}
