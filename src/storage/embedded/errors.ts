import { setTimeout as pause } from 'node:timers/promises';
import { AppError, StorageUnavailableError } from '../../base/errors.ts';
import { CallerError } from '../blob.ts';
import { hasCode } from './files/durable.ts';

/** What the library rejects with when a transaction could not be committed; the cause is a promise of its own. */
interface CommitFailure {
  commitError?: Promise<never>;
}

/** What the system says of a disk without room; the library passes on its words and its numbers. */
const NO_SPACE = /no space left|quota exceeded|file too large/i;

/** How long the library may take to say why a commit failed, in milliseconds: it does so at once, or never. */
const REASON_MS = 100;

/** What a transaction failed of: the library rejects before it knows. */
export async function causeOf(error: unknown): Promise<unknown> {
  const commitError = error instanceof Error ? (error as CommitFailure).commitError : undefined;
  if (commitError === undefined) return error;
  const reason = await Promise.race([commitError.catch(cause => cause), pause(REASON_MS, undefined, { ref: false })]);
  return new CommitError(reason);
}

/** A transaction was not written. */
class CommitError extends Error {
  constructor(reason: unknown) {
    super(reason instanceof Error ? reason.message : 'the transaction was not written', { cause: reason });
  }
}

/**
 * Maps what LMDB and the file system raise to `StorageUnavailableError`, with the original as cause. Errors of ours, of the
 * caller, and bugs (which carry no code of the system or of LMDB), stay as they are.
 */
export function toStorageError(error: unknown): unknown {
  if (error instanceof CallerError) return error.cause;
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const isCommit = error instanceof CommitError;
  if (!isCommit && !('code' in error) && !/^MDB_|database has been closed|Database is closed/i.test(error.message)) {
    return error;
  }
  // The cause is for the log: it may name paths.
  const full = hasCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG') || (isCommit && NO_SPACE.test(error.message));
  const unwritten = isCommit ? 'nothing can be written at the moment; is the disk full?' : undefined;
  const message = full ? 'the disk is full: nothing can be written, what is there can be read' : unwritten;
  return new StorageUnavailableError(message, { cause: error });
}
