import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb';
import { AppError, PayloadTooLargeError, StorageUnavailableError } from '../../base/errors.ts';
import { CallerError } from '../blob.ts';

/** Largest document MongoDB takes, in bytes. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** Server error codes that say "not now", by their names in MongoDB's error_codes.yml. */
const UNAVAILABLE = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  13, // Unauthorized: at run time, somebody has changed the account
  18, // AuthenticationFailed: the same
  24, // LockTimeout
  43, // CursorNotFound
  46, // LockBusy
  50, // MaxTimeMSExpired
  63, // StaleShardVersion
  64, // WriteConcernTimeout
  79, // UnknownReplWriteConcern
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern
  112, // WriteConflict
  133, // FailedToSatisfyReadPreference
  134, // ReadConcernMajorityNotAvailableYet
  150, // StaleEpoch
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  237, // CursorKilled
  251, // NoSuchTransaction
  262, // ExceededTimeLimit
  290, // TransactionExceededLifetimeLimitSeconds
  365, // TenantMigrationAborted
  9001, // SocketException
  10058, // LegacyNotPrimary
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  13388, // StaleConfig
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
]);

/** Server error codes of a document that is too large: as given, or after an update. */
const TOO_LARGE = new Set([10334, 17419, 17420]);

const UNAVAILABLE_CLASSES = [
  MongoNetworkError,
  MongoServerSelectionError,
  MongoNotConnectedError,
  MongoTopologyClosedError,
  MongoServerClosedError,
  MongoClientClosedError,
  MongoExpiredSessionError,
  MongoWriteConcernError,
];

/** Errors whose classes the driver does not export: no connection came free in time, or the client is being connected anew. */
const UNAVAILABLE_NAMES = new Set(['MongoWaitQueueTimeoutError', 'MongoPoolClosedError']);

/** Labels the server or the driver puts on errors that pass. */
const PASSING_LABELS = ['RetryableWriteError', 'TransientTransactionError', 'SystemOverloadedError'];

/** Whether an error of the driver says that the server cannot be used now, but may be later. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof MongoError)) return isSystemFailure(error);
  if (UNAVAILABLE_CLASSES.some(kind => error instanceof kind)) return true;
  if (UNAVAILABLE_NAMES.has(error.name)) return true;
  if (PASSING_LABELS.some(label => error.hasErrorLabel(label))) return true;
  return typeof error.code === 'number' && UNAVAILABLE.has(error.code);
}

/** What Node raises that the driver does not wrap: a DNS answer that did not come, a socket that ended while writing. */
function isSystemFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('syscall' in error) return true;
  return 'code' in error && /^(EPIPE|ECONN|ETIMEDOUT|ERR_(STREAM|SOCKET)_)/.test(String(error.code));
}

/** Whether a unique index refused a write. */
export function isDuplicate(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && error.code === 11000;
}

/** Whether a server error has one of these codes. */
export function hasCode(error: unknown, ...codes: readonly number[]): error is MongoServerError {
  return error instanceof MongoServerError && codes.some(code => code === error.code);
}

/** What made a bulk write fail: the driver wraps it, which hides its class, and has an error of its own for large documents. */
export function bulkFailure(error: unknown): unknown {
  if (error instanceof MongoInvalidArgumentError) return new PayloadTooLargeError(MAX_DOCUMENT_BYTES, { cause: error });
  const wrapped = error instanceof MongoBulkWriteError ? error.errorResponse : undefined;
  return wrapped instanceof Error ? wrapped : error;
}

/**
 * What a caller of the port may see of an error; errors of ours, of the caller, and bugs stay as they are. Whatever else the
 * server or the driver says is a failure of the storage, with its words as the cause: servers of other versions and kinds have
 * codes that nobody here has met.
 */
export function toStorageError(error: unknown): unknown {
  if (error instanceof CallerError) return error.cause;
  if (error instanceof AppError) return error;
  if (isTooLarge(error)) return new PayloadTooLargeError(MAX_DOCUMENT_BYTES, { cause: error });
  if (error instanceof MongoError || isUnavailable(error))
    return new StorageUnavailableError(undefined, { cause: error });
  return error;
}

/** The server says so with a code; far larger documents already overrun the driver's own buffer. */
function isTooLarge(error: unknown): boolean {
  if (error instanceof MongoServerError) return TOO_LARGE.has(Number(error.code));
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_OUT_OF_RANGE';
}
