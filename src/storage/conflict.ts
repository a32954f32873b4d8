/** What a commit reports when a write does not fit the state of things. */

import { ConflictError, DuplicateKeyError } from '../base/errors.ts';

/** A document is absent, or not as the write expects it. */
export function unexpected(): ConflictError {
  return new ConflictError('a document is not as the commit expects it');
}

/** The error with the position of the write that raised it. */
export function located(error: unknown, at: number): unknown {
  if (error instanceof DuplicateKeyError) return new DuplicateKeyError(error.index, { at, cause: error });
  if (error instanceof ConflictError) return new ConflictError(error.message, { at, cause: error });
  return error;
}
