import { type Db, type Collection as MongoCollection, ObjectId } from 'mongodb';
import { demandAddress, Upload } from '../../blob.ts';
import { decodeCursor, encodeCursor } from '../../cursor.ts';
import type { BlobStore, Page, PutOptions } from '../../port.ts';
import { isDuplicate } from '../errors.ts';
import type { Gate } from '../gate.ts';
import { BlobFiles, type Run } from './files.ts';
import { PendingFiles } from './pending.ts';

/** Blobs on one page of `list`. */
const PAGE = 500;

/** One blob: which file in GridFS holds it. */
interface BlobRecord {
  hash: string;
  file: ObjectId;
  size: number;
  at: Date;
}

/**
 * Blobs as files in GridFS. A record a hash names the file in use and is written last; it never changes to another file, so
 * that whoever reads it is not disturbed by the same content stored again.
 */
export class GridBlobStore implements BlobStore {
  readonly #records: MongoCollection<BlobRecord>;
  readonly #meta: MongoCollection<{ _id: string; at: Date }>;
  readonly #pending: PendingFiles;
  readonly #files: BlobFiles;
  readonly #gate: Gate;
  readonly #now: () => number;

  constructor(db: Db, gate: Gate, now: () => number) {
    this.#records = db.collection('keybin_blobs');
    this.#meta = db.collection('keybin_meta');
    this.#pending = new PendingFiles(db, now);
    this.#files = new BlobFiles(db);
    this.#gate = gate;
    this.#now = now;
  }

  /** Builds the indexes, and sweeps. */
  async prepare(): Promise<void> {
    await this.#files.prepare();
    await this.#records.createIndex({ hash: 1 }, { unique: true });
    await this.#records.createIndex({ file: 1 });
    await this.#removeStale();
  }

  put(content: AsyncIterable<Uint8Array>, maxBytes: number, options?: PutOptions) {
    return this.#gate.long(async () => {
      const file = new ObjectId();
      const step: Run = work => this.#gate.step(work);
      await step(() => this.#pending.begin(file));
      try {
        const upload = new Upload(content, maxBytes);
        await this.#files.writeChunks(file, upload, step);
        const { sha256, size } = await upload.accepted(options);
        await step(() => this.#pending.renew(file));
        const at = new Date(this.#now());
        await this.#files.finish(file, sha256, size, at);
        const used = await this.#record({ hash: sha256, file, size, at });
        await this.#pending.remove(file);
        this.#settle(file, used.equals(file));
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

  delete(sha256: string, before?: Date): Promise<boolean> {
    return this.#gate.long(async () => {
      demandAddress(sha256);
      const wanted = { hash: { $eq: sha256 }, ...(before && { at: { $lt: before } }) };
      const record = await this.#records.findOne(wanted);
      if (record === null) return false;
      const { file } = record;
      await this.#pending.remove(file);
      const { deletedCount } = await this.#records.deleteOne({ ...wanted, file: { $eq: file } });
      if (deletedCount > 0) await this.#files.remove(file);
      await this.#pending.end(file);
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

  count(): Promise<number> {
    return this.#gate.short(() => this.#records.estimatedDocumentCount());
  }

  sweep(): Promise<{ unfinished: number }> {
    return this.#gate.long(async () => {
      await this.#removeStale();
      return { unfinished: await this.#pending.uploads() };
    });
  }

  /** Writes, because a server that is out of space or of rights still reads. */
  async ping(): Promise<void> {
    const at = new Date(this.#now());
    await this.#gate.short(() => this.#meta.updateOne({ _id: { $eq: 'ping' } }, { $set: { at } }, { upsert: true }));
  }

  /**
   * Ends an upload that was recorded; its file goes unless it is in use. Behind the answer: how long it takes would tell whether
   * somebody has stored the content before. Where it fails, the file waits among the pending ones.
   */
  #settle(file: ObjectId, inUse: boolean): void {
    const work = async () => {
      if (!inUse) await this.#files.remove(file);
      await this.#pending.end(file);
    };
    this.#gate.long(work).catch(() => {});
  }

  #find(sha256: string): Promise<BlobRecord | undefined> {
    return this.#gate.short(async () => {
      demandAddress(sha256);
      return (await this.#records.findOne({ hash: { $eq: sha256 } })) ?? undefined;
    });
  }

  async #removeStale(): Promise<void> {
    for await (const file of this.#pending.stale()) {
      if (!(await this.#isUsed(file))) await this.#files.remove(file);
      await this.#pending.end(file);
    }
  }

  async #isUsed(file: ObjectId): Promise<boolean> {
    return (await this.#records.findOne({ file: { $eq: file } })) !== null;
  }

  /** Records a blob, or freshens the one that is there; returns the file in use. */
  async #record(record: BlobRecord): Promise<ObjectId> {
    const { hash, file, size, at } = record;
    const change = { $max: { at }, $setOnInsert: { file, size } };
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
      if (await this.#isUsed(file)) return;
      await this.#files.remove(file);
      await this.#pending.end(file);
    } catch {
      // The failure that led here is the one to be reported.
    }
  }
}
