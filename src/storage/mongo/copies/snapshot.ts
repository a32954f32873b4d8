import type { ClientSession, Db, FindCursor, Collection as MongoCollection } from 'mongodb';
import { StorageUnavailableError } from '../../../base/errors.ts';
import type { AnyDoc, Named, Snapshot } from '../../port.ts';
import type { Counter } from '../counters.ts';
import { decodeWhole } from '../documents.ts';
import { hasCode } from '../errors.ts';
import type { Gate } from '../gate.ts';
import { type Secret, soundSecret } from '../secrets.ts';
import { ascending, type Doc, type Table } from '../table.ts';

/** Documents of a portion. The server ends one sooner when it has 16 MiB. */
const DOCUMENTS = 500;

/** The server has forgotten the moment: by default it remembers five minutes. */
const TOO_OLD = [239, 246];

/** What is read, and how. */
export interface SnapshotSource {
  readonly db: Db;
  readonly gate: Gate;
  readonly tables: readonly Table[];
  readonly counters: MongoCollection<Counter>;
  readonly secrets: MongoCollection<Secret>;
  /** Undefined: there is no moment, each document is as it is when it is read. */
  readonly session: ClientSession | undefined;
}

/** What a session with snapshot reads sees. */
export function openSnapshot({ gate, tables, counters, secrets, session }: SnapshotSource): Snapshot {
  const options = session === undefined ? {} : { session };
  async function* all<T extends object>(cursor: FindCursor<T>): AsyncGenerator<T[]> {
    try {
      while (await gate.long(() => cursor.hasNext())) yield cursor.readBufferedDocuments();
    } catch (error) {
      throw hasCode((error as Error).cause, ...TOO_OLD) || hasCode(error, ...TOO_OLD) ? tooOld(error) : error;
    } finally {
      await cursor.close().catch(() => {});
    }
  }
  async function gathered<T extends object>(cursor: FindCursor<T>): Promise<T[]> {
    const found: T[] = [];
    for await (const portion of all(cursor)) found.push(...portion);
    return found;
  }
  return {
    oneMoment: session !== undefined,
    async about() {
      const counts = await Promise.all(tables.map(({ rows }) => gate.long(() => rows.estimatedDocumentCount())));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async *documents(collection) {
      const table = tables.find(({ spec }) => spec.name === collection);
      if (table === undefined) throw new Error(`collection ${collection} was not opened`);
      const cursor = table.rows.find({}, { ...options, batchSize: DOCUMENTS, allowDiskUse: true });
      for await (const docs of all(cursor.sort(ascending(table.spec.key)))) yield docs.map(doc => plain(table, doc));
    },
    async counters() {
      const found = await gathered(counters.find({}, options).sort({ _id: 1 }));
      return found.map(({ _id, value }): Named<number> => ({ name: _id, value }));
    },
    async secrets() {
      const found = await gathered(secrets.find({}).sort({ _id: 1 }));
      return found.map(secret => ({ name: secret._id, value: soundSecret(secrets, secret) }));
    },
    async close() {
      await session?.endSession();
    },
  };
}

function plain({ spec: { told } }: Table, found: Doc): AnyDoc {
  const doc = decodeWhole(found);
  if (told !== undefined) delete doc[told.stamp];
  return doc;
}

function tooOld(cause: unknown): StorageUnavailableError {
  const reason =
    'MongoDB does not remember the moment of the copy any more: raise its parameter minSnapshotHistoryWindowInSeconds (300 by default) ' +
    'to more than a copy takes, and begin again';
  return new StorageUnavailableError(reason, { cause });
}
