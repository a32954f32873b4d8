import { AppError, StorageUnavailableError } from '../../errors.ts';

/** What the library rejects with when a transaction could not be committed; the cause is a promise of its own. */
interface CommitFailure {
  commitError?: Promise<never>;
}

/**
 * Maps what LMDB and the file system raise to `StorageUnavailableError`, with the original as cause. Errors of ours, and bugs
 * (which carry no code of the system or of LMDB), stay as they are.
 */
export function toStorageError(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const { commitError } = error as CommitFailure;
  commitError?.catch(() => {}); // reported through `error`; unobserved it would end the process
  if (
    commitError === undefined &&
    !('code' in error) &&
    !/^MDB_|database has been closed|Database is closed/i.test(error.message)
  ) {
    return error;
  }
  const message = commitError === undefined ? error.message : 'the transaction could not be written; is the disk full?';
  return new StorageUnavailableError(`the data folder does not take this: ${message}`, { cause: error });
}
