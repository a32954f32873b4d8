import type { Db, Collection as MongoCollection, ObjectId } from 'mongodb';
import { StorageUnavailableError } from '../../../base/errors.ts';
import { STALE } from '../../blob.ts';

/** A file that may be garbage: being uploaded, or being removed. Written before anything else happens to it. */
interface PendingFile {
  _id: ObjectId;
  at: Date;
  /** There where no upload may make use of it any more. */
  removing?: true;
}

/** Notes of the files in GridFS that are of no use should the process at work on them die. */
export class PendingFiles {
  readonly #notes: MongoCollection<PendingFile>;
  readonly #now: () => number;

  constructor(db: Db, now: () => number) {
    this.#notes = db.collection('keybin_blobs_pending');
    this.#now = now;
  }

  /** Notes a file that is going to be uploaded. */
  async begin(file: ObjectId): Promise<void> {
    await this.#notes.insertOne({ _id: file, at: this.#date() });
  }

  /** Notes that an upload goes on. Throws `StorageUnavailableError` when it took so long that its file has been removed. */
  async renew(file: ObjectId): Promise<void> {
    const going = { _id: { $eq: file }, removing: { $exists: false } };
    const { matchedCount } = await this.#notes.updateOne(going, { $set: { at: this.#date() } });
    if (matchedCount === 0) throw new StorageUnavailableError('the upload took too long, and was taken for dead');
  }

  /** Notes a file that is going to be removed. */
  async remove(file: ObjectId): Promise<void> {
    const change = { $set: { at: this.#date(), removing: true } } as const;
    await this.#notes.updateOne({ _id: { $eq: file } }, change, { upsert: true });
  }

  /** The file is in use, or gone. */
  async end(file: ObjectId): Promise<void> {
    await this.#notes.deleteOne({ _id: { $eq: file } });
  }

  /** Files that belong to processes that died, each noted as one that is being removed. */
  async *stale(): AsyncGenerator<ObjectId> {
    const old = { at: { $lt: new Date(this.#now() - STALE) } };
    const change = { $set: { at: this.#date(), removing: true } } as const;
    for await (const { _id } of this.#notes.find(old)) {
      const { matchedCount } = await this.#notes.updateOne({ _id: { $eq: _id }, ...old }, change);
      if (matchedCount > 0) yield _id; // else another process sees to it, or the upload goes on after all
    }
  }

  /** How many files are being uploaded, as far as is known. */
  uploads(): Promise<number> {
    return this.#notes.countDocuments({ removing: { $exists: false } });
  }

  #date(): Date {
    return new Date(this.#now());
  }
}
