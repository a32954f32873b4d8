import { renameSync, type Stats, statSync, utimesSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { demandAddress, Upload } from '../../blob.ts';
import { decodeCursor, encodeCursor } from '../../cursor.ts';
import type { BlobStore, Page, PutOptions } from '../../port.ts';
import type { Environment } from '../environment.ts';
import { toStorageError } from '../errors.ts';
import { flushFolder, hasCode, ifThere, writeFlushed } from './durable.ts';
import { Incoming } from './incoming.ts';
import { INCOMING } from './names.ts';

/** Blobs on one page of `list`. */
const PAGE = 500;

/**
 * Blobs as files `ab/abcd…` named by their SHA-256; an upload is written aside, flushed and renamed into place. A file's time
 * says when it was last stored. Files come and go under the write lock of the database, which all processes share: between a
 * look at a file's time and its removal no upload can put a fresh one there, and a removal has nothing to undo.
 */
export class FileBlobStore implements BlobStore {
  readonly #folder: string;
  readonly #env: Environment;
  readonly #incoming: Incoming;

  constructor(folder: string, env: Environment) {
    this.#folder = folder;
    this.#env = env;
    this.#incoming = new Incoming(path.join(folder, INCOMING), () => env.now());
  }

  async put(content: AsyncIterable<Uint8Array>, maxBytes: number, options?: PutOptions) {
    return this.#guard(async () => {
      await this.#incoming.demandWritable();
      const temporary = this.#incoming.upload();
      try {
        const upload = new Upload(content, maxBytes);
        await writeFlushed(temporary, upload);
        const blob = await upload.accepted(options);
        await this.#keep(temporary, this.#pathOf(blob.sha256));
        return blob;
      } finally {
        await rm(temporary, { force: true });
      }
    });
  }

  async open(sha256: string, range: { start: number; end?: number } = { start: 0 }) {
    const file = await this.#guard(() => ifThere(open(this.#pathOf(sha256))));
    return file?.createReadStream(range) as AsyncIterable<Uint8Array> | undefined;
  }

  async stat(sha256: string) {
    const stats = await this.#guard(() => ifThere(stat(this.#pathOf(sha256))));
    return stats && { size: stats.size };
  }

  async delete(sha256: string, before?: Date) {
    return this.#guard(async () => {
      const target = this.#pathOf(sha256);
      const goes = (stats: Stats | undefined) => stats !== undefined && !(before && stats.mtime >= before);
      if (!goes(await ifThere(stat(target)))) return false;
      const aside = this.#incoming.removed();
      const gone = await this.#env.writer.write(() => {
        if (!goes(statSync(target, { throwIfNoEntry: false }))) return false;
        renameSync(target, aside); // to remove a large file takes time, and everybody waits for the lock
        return true;
      });
      if (!gone) return false;
      await flushFolder(path.dirname(target));
      await rm(aside, { force: true });
      return true;
    });
  }

  async list(cursor?: string): Promise<Page<{ sha256: string; size: number; at: Date }>> {
    return this.#guard(async () => {
      const after = cursor === undefined ? '' : String(decodeCursor(cursor, 1)[0]);
      const items: { sha256: string; size: number; at: Date }[] = [];
      for await (const sha256 of this.#hashes(after)) {
        const stats = await ifThere(stat(this.#pathOf(sha256)));
        if (stats === undefined) continue;
        if (items.length === PAGE) return { items, next: encodeCursor([items[PAGE - 1]?.sha256 ?? '']) };
        items.push({ sha256, size: stats.size, at: stats.mtime });
      }
      return { items };
    });
  }

  async count() {
    return this.#guard(async () => {
      let count = 0;
      for await (const _ of this.#hashes('')) count++;
      return count;
    });
  }

  async sweep() {
    return this.#guard(async () => ({ unfinished: await this.#incoming.sweep() }));
  }

  async ping() {
    await this.#guard(() => this.#incoming.tryOut());
  }

  /** Addresses in order, beginning behind `after`. */
  async *#hashes(after: string): AsyncGenerator<string> {
    for (const shard of ((await ifThere(readdir(this.#folder))) ?? []).sort()) {
      if (shard.length !== 2 || shard < after.slice(0, 2)) continue;
      const names = await readdir(path.join(this.#folder, shard));
      yield* names.sort().filter(name => name > after);
    }
  }

  #pathOf(sha256: string): string {
    demandAddress(sha256);
    return path.join(this.#folder, sha256.slice(0, 2), sha256);
  }

  async #keep(temporary: string, target: string): Promise<void> {
    const shard = path.dirname(target);
    if (await isMade(shard)) await flushFolder(this.#folder);
    await this.#env.writer.write(() => {
      const at = new Date(this.#env.now());
      utimesSync(temporary, at, at);
      renameSync(temporary, target);
    });
    await flushFolder(shard);
  }

  async #guard<R>(work: () => Promise<R>): Promise<R> {
    this.#env.beginRead();
    try {
      return await work();
    } catch (error) {
      throw toStorageError(error);
    }
  }
}

/** Makes a folder in one that is there; returns whether it was not there before. */
async function isMade(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}
