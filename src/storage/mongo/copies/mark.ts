import type { Db, Collection as MongoCollection } from 'mongodb';
import { StartupError } from '../../../base/errors.ts';

/** How far a copy is in, while it is not all. */
export interface Mark {
  readonly _id: string;
  readonly copy: string;
  readonly position: number;
}

const FILLING = { _id: { $eq: 'filling' } };

/** The collection that has the mark, and other facts about the database. */
export function marksOf(db: Db): MongoCollection<Mark> {
  return db.collection('keybin_meta');
}

/** The copy that has been begun; null where none is. */
export function markIn(db: Db): Promise<Mark | null> {
  return marksOf(db).findOne(FILLING);
}

/** Notes how far it is. */
export async function note(db: Db, mark: Pick<Mark, 'copy' | 'position'>): Promise<void> {
  await marksOf(db).updateOne(FILLING, { $set: mark }, { upsert: true });
}

/** All of it is in. */
export async function removeMark(db: Db): Promise<void> {
  await marksOf(db).deleteOne(FILLING);
}

/** Throws `StartupError` while a database holds a part of a copy. */
export async function demandFilled(db: Db): Promise<void> {
  if ((await markIn(db)) === null) return;
  throw new StartupError(
    `a copy into the MongoDB database "${db.databaseName}" was begun and has not ended: run the same ` +
      '`keybin-server restore` or `migrate` again, which goes on where it stopped, or drop the database',
  );
}
