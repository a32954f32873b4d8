import type { Db } from 'mongodb';
import { BLOB_COLLECTIONS } from './blobs/files.ts';
import { hasCode } from './errors.ts';

/**
 * Server error codes of a collection that is not there: NamespaceNotFound; older servers wrap it into one of the stage's own,
 * and a router says the same of a database that nobody has written to.
 */
const NO_COLLECTION = [26, 40280, 40481];

/** Bytes that the documents and indexes of a database take on the servers' disks, without the contents of blobs. */
export async function sizeOf(db: Db): Promise<number> {
  const { storageSize = 0, indexSize = 0 } = await db.command({ dbStats: 1 });
  let size = Number(storageSize) + Number(indexSize);
  // As long as no blob was stored they are not there, and to ask for their statistics would be an error.
  const there = await db.listCollections({ name: { $in: [...BLOB_COLLECTIONS] } }, { nameOnly: true }).toArray();
  for (const { name } of there) size -= await sizeOfCollection(db, name);
  return Math.max(0, size); // the numbers are not of one moment
}

async function sizeOfCollection(db: Db, name: string): Promise<number> {
  try {
    const shards = await db
      .collection(name)
      .aggregate([{ $collStats: { storageStats: {} } }], { readConcern: { level: 'local' } })
      .toArray();
    return shards.reduce((sum, { storageStats = {} }) => {
      const { storageSize = 0, totalIndexSize = 0 } = storageStats;
      return sum + Number(storageSize) + Number(totalIndexSize);
    }, 0);
  } catch (error) {
    if (hasCode(error, ...NO_COLLECTION)) return 0;
    throw error;
  }
}
