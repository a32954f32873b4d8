import type { Db, IndexDescriptionInfo, Collection as MongoCollection } from 'mongodb';
import { StartupError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { SCHEMA_VERSION } from '../../schema.ts';
import type { Table } from '../table.ts';
import { buildIndexes, existingIndexes, isSame } from './build-indexes.ts';
import { demandNoDuplicates } from './duplicates.ts';
import { removeLeftovers } from './original.ts';

/**
 * Makes a database ready for this program: everything is looked at before anything is changed, and several servers may do so
 * at once. Throws `StartupError` when the data does not allow it.
 */
export async function prepare(db: Db, tables: readonly Table[], log: Log): Promise<void> {
  const meta = metaOf(db);
  await demandSchema(db);
  const existing = new Map<Table, IndexDescriptionInfo[]>();
  for (const table of tables) existing.set(table, await existingIndexes(table));
  await demandNoDuplicates(tables, (table, { definition }) =>
    (existing.get(table) ?? []).some(index => index.name === definition.name && isSame(index, definition)),
  );
  for (const table of tables) {
    await removeLeftovers(table, existing.get(table) ?? [], log);
    await buildIndexes(table, log);
  }
  await meta.updateOne({ _id: { $eq: 'schema' } }, { $set: { version: SCHEMA_VERSION } }, { upsert: true });
}

/** Throws `StartupError` when the database is of another schema version. That of the original has none. */
export async function demandSchema(db: Db): Promise<void> {
  const schema = await metaOf(db).findOne({ _id: { $eq: 'schema' } });
  if (schema !== null) demandVersion(schema.version, db.databaseName);
}

function metaOf(db: Db): MongoCollection<{ _id: string; version: number }> {
  return db.collection('keybin_meta');
}

function demandVersion(version: number, database: string): void {
  if (version === SCHEMA_VERSION) return;
  const [age, advice] =
    version > SCHEMA_VERSION
      ? ['a newer', 'Install that version']
      : ['an older', 'Start that version, or name another database in [STORE] database'];
  throw new StartupError(
    `MongoDB database "${database}" was written by ${age} version of this program (schema ${version}, this one reads ` +
      `${SCHEMA_VERSION}). ${advice}; nothing was changed.`,
  );
}
