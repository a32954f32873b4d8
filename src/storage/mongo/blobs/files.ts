import { type Db, type Collection as MongoCollection, ObjectId } from 'mongodb';
import { StorageUnavailableError } from '../../../base/errors.ts';

/** Bytes in one chunk: GridFS's own default. */
const CHUNK_BYTES = 255 * 1024;

const FILES = 'blobs.files';
const CHUNKS = 'blobs.chunks';

/** Names of the collections that hold the files: GridFS's own for a bucket `blobs`. */
export const BLOB_COLLECTIONS: readonly string[] = [FILES, CHUNKS];

interface File {
  _id: ObjectId;
  length: number;
  chunkSize: number;
  uploadDate: Date;
  filename: string;
}

interface Chunk {
  _id: ObjectId;
  files_id: ObjectId;
  n: number;
  data: Uint8Array;
}

/**
 * Files in GridFS, in the format every tool knows. The driver's streams are not used: one that is aborted may still be
 * storing a chunk, which nobody would remove any more; here each chunk has been answered before anything else happens.
 */
export class BlobFiles {
  readonly #files: MongoCollection<File>;
  readonly #chunks: MongoCollection<Chunk>;

  constructor(db: Db) {
    this.#files = db.collection(FILES);
    this.#chunks = db.collection(CHUNKS);
  }

  async prepare(): Promise<void> {
    await this.#chunks.createIndex({ files_id: 1, n: 1 }, { unique: true });
  }

  /** Stores the content as the chunks of the file `id`, which is no file yet. */
  async writeChunks(id: ObjectId, content: AsyncIterable<Uint8Array>, run: Run): Promise<void> {
    let n = 0;
    let chunk = Buffer.alloc(CHUNK_BYTES);
    let filled = 0;
    const flush = async () => {
      const data = chunk.subarray(0, filled);
      await run(() => this.#chunks.insertOne({ _id: new ObjectId(), files_id: id, n: n++, data }));
      chunk = Buffer.alloc(CHUNK_BYTES);
      filled = 0;
    };
    for await (const piece of content) {
      for (let taken = 0; taken < piece.byteLength; ) {
        const part = piece.subarray(taken, taken + CHUNK_BYTES - filled);
        chunk.set(part, filled);
        filled += part.byteLength;
        taken += part.byteLength;
        if (filled === CHUNK_BYTES) await flush();
      }
    }
    if (filled > 0) await flush();
  }

  /** Makes a file of the chunks of `id`. */
  async finish(id: ObjectId, filename: string, length: number, uploadDate: Date): Promise<void> {
    await this.#files.insertOne({ _id: id, length, chunkSize: CHUNK_BYTES, uploadDate, filename });
  }

  /** The bytes from `start` to `end`, both inclusive, a chunk each. Throws when the file is removed meanwhile. */
  async *read(id: ObjectId, start: number, end: number, run: Run): AsyncGenerator<Uint8Array> {
    for (let n = Math.floor(start / CHUNK_BYTES); n * CHUNK_BYTES <= end; n++) {
      const chunk = await run(() =>
        this.#chunks.findOne({ files_id: { $eq: id }, n: { $eq: n } }, { promoteBuffers: true }),
      );
      const offset = n * CHUNK_BYTES;
      const wanted = Math.min(CHUNK_BYTES, end + 1 - offset);
      if (chunk === null || chunk.data.byteLength < wanted) {
        throw new StorageUnavailableError('the content was removed while it was being read');
      }
      yield chunk.data.subarray(Math.max(0, start - offset), wanted);
    }
  }

  /** Removes the file and its chunks, whatever there is of them. */
  async remove(id: ObjectId): Promise<void> {
    await this.#files.deleteOne({ _id: { $eq: id } });
    await this.#chunks.deleteMany({ files_id: { $eq: id } });
  }
}

/** How one short operation is run. */
export type Run = <T>(work: () => Promise<T>) => Promise<T>;
