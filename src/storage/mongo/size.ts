import type { Db } from 'mongodb';
import { BLOB_COLLECTIONS } from './blob-files.ts';
import { hasCode } from './errors.ts';

/** Server error code of a collection that is not there. */
const NO_COLLECTION = 26;

/** Bytes that the documents and indexes of a database take on the servers' disks, without the contents of blobs. */
export async function sizeOf(db: Db): Promise<number> {
  const { storageSize, indexSize } = await db.command({ dbStats: 1 });
  let size = Number(storageSize) + Number(indexSize);
  for (const name of BLOB_COLLECTIONS) size -= await sizeOfCollection(db, name);
  return Math.max(0, size); // the numbers are not of one moment
}

async function sizeOfCollection(db: Db, name: string): Promise<number> {
  try {
    const shards = await db
      .collection(name)
      .aggregate([{ $collStats: { storageStats: {} } }], { readConcern: { level: 'local' } })
      .toArray();
    return shards.reduce(
      (sum, { storageStats }) => sum + Number(storageStats.storageSize) + Number(storageStats.totalIndexSize),
      0,
    );
  } catch (error) {
    if (hasCode(error, NO_COLLECTION)) return 0;
    throw error;
  }
}
