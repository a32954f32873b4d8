import { createHash } from 'node:crypto';
import { type Db, type Collection as MongoCollection, ObjectId } from 'mongodb';
import { InvalidInputError, PayloadTooLargeError } from '../../errors.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { BlobStore, Page } from '../port.ts';
import { BlobFiles, type Run } from './blob-files.ts';
import { isDuplicate } from './errors.ts';
import type { Gate } from './gate.ts';

/** Blobs on one page of `list`. */
const PAGE = 500;

/** Milliseconds after which an upload or a removal that has not ended belongs to a process that died. */
const STALE = 24 * 3_600_000;

/** One blob: which file in GridFS holds it. */
interface BlobRecord {
  hash: string;
  file: ObjectId;
  size: number;
  at: Date;
}

/** A file that may be garbage: being uploaded, or being removed. Written before anything else happens to it. */
interface PendingFile {
  _id: ObjectId;
  at: Date;
}

/**
 * Blobs as files in GridFS. A record a hash names the file in use and is written last; it never changes to another file, so
 * that whoever reads it is not disturbed by the same content stored again.
 */
export class GridBlobStore implements BlobStore {
  readonly #records: MongoCollection<BlobRecord>;
  readonly #pending: MongoCollection<PendingFile>;
  readonly #meta: MongoCollection<{ _id: string; at: Date }>;
  readonly #files: BlobFiles;
  readonly #gate: Gate;
  readonly #now: () => number;

  constructor(db: Db, gate: Gate, now: () => number) {
    this.#records = db.collection('keybin_blobs');
    this.#pending = db.collection('keybin_blobs_pending');
    this.#meta = db.collection('keybin_meta');
    this.#files = new BlobFiles(db);
    this.#gate = gate;
    this.#now = now;
  }

  /** Builds the indexes, and removes the files of uploads and removals that died more than a day ago. */
  async prepare(): Promise<void> {
    await this.#files.prepare();
    await this.#records.createIndex({ hash: 1 }, { unique: true });
    await this.#records.createIndex({ file: 1 });
    const stale = this.#pending.find({ at: { $lt: new Date(this.#now() - STALE) } });
    for await (const { _id } of stale) {
      if ((await this.#records.findOne({ file: { $eq: _id } })) === null) await this.#files.remove(_id);
      await this.#pending.deleteOne({ _id: { $eq: _id } });
    }
  }

  put(content: AsyncIterable<Uint8Array>, maxBytes: number, expected?: string) {
    return this.#gate.long(async () => {
      const file = new ObjectId();
      const step: Run = work => this.#gate.step(work);
      await step(() => this.#pending.insertOne({ _id: file, at: new Date(this.#now()) }));
      try {
        const hash = createHash('sha256');
        const size = await this.#files.writeChunks(file, measured(content, maxBytes, hash), step);
        const sha256 = hash.digest('hex');
        if (expected !== undefined && expected !== sha256) {
          throw new InvalidInputError('the content does not have the hash that was announced', {
            code: 'blob_hash_mismatch',
          });
        }
        const at = new Date(this.#now());
        await this.#files.finish(file, sha256, size, at);
        const used = await this.#record({ hash: sha256, file, size, at });
        if (!used.equals(file)) await this.#files.remove(file);
        await this.#pending.deleteOne({ _id: { $eq: file } });
        return { sha256, size };
      } catch (error) {
        await this.#discard(file);
        throw error;
      }
    });
  }

  async open(sha256: string, range?: { start: number; end?: number }): Promise<AsyncIterable<Uint8Array> | undefined> {
    const record = await this.#find(sha256);
    if (record === undefined) return undefined;
    const last = record.size - 1;
    const end = Math.min(range?.end ?? last, last);
    return this.#files.read(record.file, range?.start ?? 0, end, work => this.#gate.short(work));
  }

  async stat(sha256: string): Promise<{ size: number } | undefined> {
    const record = await this.#find(sha256);
    return record && { size: record.size };
  }

  delete(sha256: string): Promise<boolean> {
    return this.#gate.long(async () => {
      checkHash(sha256);
      const record = await this.#records.findOne({ hash: { $eq: sha256 } });
      if (record === null) return false;
      const { file } = record;
      await this.#pending.updateOne({ _id: { $eq: file } }, { $set: { at: new Date(this.#now()) } }, { upsert: true });
      const { deletedCount } = await this.#records.deleteOne({ hash: { $eq: sha256 }, file: { $eq: file } });
      if (deletedCount > 0) await this.#files.remove(file);
      await this.#pending.deleteOne({ _id: { $eq: file } });
      return deletedCount > 0;
    });
  }

  list(cursor?: string): Promise<Page<{ sha256: string; size: number; at: Date }>> {
    return this.#gate.short(async () => {
      const filter = cursor === undefined ? {} : { hash: { $gt: String(decodeCursor(cursor, 1)[0]) } };
      const found = await this.#records
        .find(filter, { sort: { hash: 1 }, limit: PAGE + 1, batchSize: PAGE + 1 })
        .toArray();
      const items = found.slice(0, PAGE).map(({ hash, size, at }) => ({ sha256: hash, size, at }));
      const last = items[PAGE - 1];
      return found.length > PAGE && last ? { items, next: encodeCursor([last.sha256]) } : { items };
    });
  }

  /** Writes, because a server that is out of space or of rights still reads. */
  async ping(): Promise<void> {
    const at = new Date(this.#now());
    await this.#gate.short(() => this.#meta.updateOne({ _id: { $eq: 'ping' } }, { $set: { at } }, { upsert: true }));
  }

  #find(sha256: string): Promise<BlobRecord | undefined> {
    return this.#gate.short(async () => {
      checkHash(sha256);
      return (await this.#records.findOne({ hash: { $eq: sha256 } })) ?? undefined;
    });
  }

  /** Records a blob, or freshens the one that is there; returns the file in use. */
  async #record(record: BlobRecord): Promise<ObjectId> {
    const { hash, file, size, at } = record;
    const change = { $set: { at }, $setOnInsert: { file, size } };
    for (let retry = true; ; retry = false) {
      try {
        const used = await this.#records.findOneAndUpdate({ hash: { $eq: hash } }, change, {
          upsert: true,
          returnDocument: 'after',
        });
        return used?.file ?? file;
      } catch (error) {
        if (!retry || !isDuplicate(error)) throw error; // two at once: the other one's is there now
      }
    }
  }

  /** Removes what a failed upload has stored; where that fails as well, it waits among the pending ones. */
  async #discard(file: ObjectId): Promise<void> {
    try {
      if ((await this.#records.findOne({ file: { $eq: file } })) !== null) return;
      await this.#files.remove(file);
      await this.#pending.deleteOne({ _id: { $eq: file } });
    } catch {
      // The failure that led here is the one to be reported.
    }
  }
}

async function* measured(
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of content) {
    size += piece.byteLength;
    if (size > maxBytes) throw new PayloadTooLargeError(maxBytes);
    hash.update(piece);
    yield piece;
  }
}

function checkHash(sha256: string): void {
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new InvalidInputError('not a lower-case hex SHA-256', { code: 'blob_hash_invalid' });
  }
}
