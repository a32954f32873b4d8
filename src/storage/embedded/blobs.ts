import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, open, readdir, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInputError } from '../../errors.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { BlobStore, Page } from '../port.ts';
import { type Environment, INCOMING } from './environment.ts';
import { toStorageError } from './errors.ts';
import { flushFolder, ifThere, writeFlushed } from './files.ts';

/** Blobs on one page of `list`. */
const PAGE = 500;

/** Milliseconds after which a temporary file belongs to an upload that died. */
const STALE = 24 * 3_600_000;

/** Blobs as files `ab/abcd…` named by their SHA-256; an upload is written aside, flushed and renamed into place. */
export class FileBlobStore implements BlobStore {
  readonly #folder: string;
  readonly #env: Environment;
  #prepared: Promise<void> | undefined;

  constructor(folder: string, env: Environment) {
    this.#folder = folder;
    this.#env = env;
  }

  async put(content: AsyncIterable<Uint8Array>, maxBytes: number, expected?: string) {
    return this.#guard(async () => {
      await this.#prepare();
      const temporary = path.join(this.#incoming, randomUUID());
      try {
        const { sha256, size } = await writeFlushed(temporary, content, maxBytes);
        if (expected !== undefined && expected !== sha256) {
          throw new InvalidInputError('the content does not have the hash that was announced', {
            code: 'blob_hash_mismatch',
          });
        }
        const at = new Date(this.#env.now());
        await utimes(temporary, at, at);
        const target = this.#pathOf(sha256);
        await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
        await rename(temporary, target);
        await flushFolder(path.dirname(target));
        return { sha256, size };
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

  async delete(sha256: string) {
    return (await this.#guard(() => ifThere(unlink(this.#pathOf(sha256)).then(() => true)))) ?? false;
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

  async ping() {
    await this.#guard(async () => {
      await this.#prepare();
      await access(this.#incoming, constants.W_OK);
    });
  }

  get #incoming(): string {
    return path.join(this.#folder, INCOMING);
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
    if (!/^[0-9a-f]{64}$/.test(sha256))
      throw new InvalidInputError('not a lower-case hex SHA-256', { code: 'blob_hash_invalid' });
    return path.join(this.#folder, sha256.slice(0, 2), sha256);
  }

  /** Makes the folders, and removes what uploads that died have left. */
  #prepare(): Promise<void> {
    this.#prepared ??= (async () => {
      await mkdir(this.#incoming, { recursive: true, mode: 0o700 });
      for (const name of await readdir(this.#incoming)) {
        const file = path.join(this.#incoming, name);
        const stats = await ifThere(stat(file));
        if (stats && stats.mtimeMs < Date.now() - STALE) await rm(file, { force: true });
      }
    })();
    this.#prepared.catch(() => {
      this.#prepared = undefined; // tried again by the next upload
    });
    return this.#prepared;
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
