import type { Db, Collection as MongoCollection } from 'mongodb';
import { StartupError } from '../../../base/errors.ts';
import type { AnyDoc, BlobStore, Fill, Scalar } from '../../port.ts';
import { demandSecretName } from '../../secret.ts';
import type { Counter } from '../counters.ts';
import { bulkFailure, isDuplicate } from '../errors.ts';
import { equals } from '../filters.ts';
import type { Gate } from '../gate.ts';
import type { Secret } from '../secrets.ts';
import { checkDoc, type Doc, type Table } from '../table.ts';
import { settlingDuplicates } from '../writes/unique.ts';
import { markIn, note, removeMark } from './mark.ts';

/** What is filled. */
export interface Target {
  readonly db: Db;
  readonly gate: Gate;
  readonly tables: readonly Table[];
  readonly counters: MongoCollection<Counter>;
  readonly secrets: MongoCollection<Secret>;
  readonly blobs: BlobStore;
}

/** Begins to fill a database, or goes on. Throws `StartupError`. */
export async function beginFill(target: Target, copy: string): Promise<Fill> {
  const { db, gate, tables, counters, secrets } = target;
  const mark = await gate.long(() => markIn(db));
  if (mark === null) await demandEmpty(target);
  else if (mark.copy !== copy) throw otherCopy(db);
  let position = mark?.position ?? 0;
  const reach = async (reached: number) => {
    await gate.long(() => note(db, { copy, position: reached }));
    position = reached;
  };
  if (mark === null) await reach(0);
  return {
    get position() {
      return position;
    },
    async documents(collection, docs, reached) {
      const table = tables.find(({ spec }) => spec.name === collection);
      if (table === undefined) throw new Error(`collection ${collection} was not opened`);
      for (const doc of docs) checkDoc(table, doc);
      await gate.long(() => insert(table, docs));
      await reach(reached);
    },
    async counter({ name, value }, reached) {
      await gate.long(() => counters.updateOne({ _id: { $eq: name } }, { $set: { value } }, { upsert: true }));
      await reach(reached);
    },
    async secret({ name, value }, reached) {
      demandSecretName(name);
      await gate.long(() => secrets.updateOne({ _id: { $eq: name } }, { $set: { value } }, { upsert: true }));
      await reach(reached);
    },
    reached: reach,
    end: () => gate.long(() => removeMark(db)),
  };
}

/** Those that a process has put in which then died are put in again. */
async function insert(table: Table, docs: readonly AnyDoc[]): Promise<void> {
  if (docs.length === 0) return;
  const copies = docs.map(doc => ({ ...doc }) as Doc);
  try {
    await table.rows.insertMany(copies, { ordered: false, forceServerObjectId: true });
  } catch (error) {
    if (!isDuplicate(error)) throw bulkFailure(error);
    for (const doc of docs) await replace(table, doc);
  }
}

async function replace(table: Table, doc: AnyDoc): Promise<void> {
  const { key } = table.spec;
  const at = key.map(field => doc[field] as Scalar);
  const refused = async () => ({ table, doc, replaces: true });
  // By a clock by which nothing has ended.
  await settlingDuplicates(
    () => Number.NEGATIVE_INFINITY,
    refused,
    () => table.rows.replaceOne(equals(key, at), { ...doc } as Doc, { upsert: true }),
  );
}

async function demandEmpty({ db, gate, tables, counters, secrets, blobs }: Target): Promise<void> {
  const taken: string[] = [];
  for (const rows of [...tables.map(table => table.rows), counters, secrets]) {
    const first = await gate.long(() => (rows as MongoCollection<Doc>).findOne({}));
    if (first !== null) taken.push(rows.collectionName);
  }
  if ((await blobs.list()).items.length > 0) taken.push('keybin_blobs');
  if (taken.length === 0) return;
  const name = `the MongoDB database "${db.databaseName}" is not empty`;
  throw new StartupError(
    `${name} (there is something in ${taken.slice(0, 3).join(', ')}), and a copy goes into an empty one only: name another one with [STORE] database`,
  );
}

function otherCopy({ databaseName }: Db): StartupError {
  return new StartupError(
    `the MongoDB database "${databaseName}" holds a part of another copy: run the command of that one again to go on with it, or drop the database`,
  );
}
