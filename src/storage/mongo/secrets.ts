import type { Collection as MongoCollection } from 'mongodb';
import { StorageUnavailableError } from '../../base/errors.ts';
import { isSecret, newSecret } from '../secret.ts';
import { upserting } from './writes/upsert.ts';

/** A named secret. */
export interface Secret {
  _id: string;
  value: string;
}

/** The secret of that name, which is made if it is not there. What is answered, a majority has. */
export async function secretOf(secrets: MongoCollection<Secret>, name: string): Promise<string> {
  const secret = await upserting(() =>
    secrets.findOneAndUpdate(
      { _id: { $eq: name } },
      { $setOnInsert: { value: newSecret() } },
      { upsert: true, returnDocument: 'after' },
    ),
  );
  return soundSecret(secrets, { _id: name, value: secret?.value ?? '' });
}

/** What a document holds. Throws `StorageUnavailableError` when that is none. */
export function soundSecret(secrets: MongoCollection<Secret>, { _id, value }: Secret): string {
  if (isSecret(value)) return value;
  throw new StorageUnavailableError(
    `the document "${_id}" in MongoDB collection "${secrets.collectionName}" is damaged: restore it from a backup, or ` +
      'remove it, which makes a new one and ends what was issued with this',
  );
}
