import { AppError, StorageUnavailableError } from '../../errors.ts';
import { CallerError } from '../blob.ts';
import { hasCode } from './files.ts';

/** What the library rejects with when a transaction could not be committed; the cause is a promise of its own. */
interface CommitFailure {
  commitError?: Promise<never>;
}

/**
 * Maps what LMDB and the file system raise to `StorageUnavailableError`, with the original as cause. Errors of ours, of the
 * caller, and bugs (which carry no code of the system or of LMDB), stay as they are.
 */
export function toStorageError(error: unknown): unknown {
  if (error instanceof CallerError) return error.cause;
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
  // The cause is for the log: it may name paths.
  const full = hasCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG');
  const unwritten = commitError === undefined ? undefined : 'nothing can be written at the moment; is the disk full?';
  const message = full ? 'the disk is full: nothing can be written, what is there can be read' : unwritten;
  return new StorageUnavailableError(message, { cause: error });
}
