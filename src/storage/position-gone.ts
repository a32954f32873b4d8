import { GoneError, InvalidInputError } from '../base/errors.ts';

/** The error for a position that the data does not have, or not any more. */
export function positionGone(cause?: unknown): GoneError {
  const options = { code: 'cursor_gone', cause };
  return new GoneError('the position is older than the history, or of other data: list again', options);
}

/** The error for what is no position. */
export function positionInvalid(cause?: unknown): InvalidInputError {
  return new InvalidInputError('no position of this server', { code: 'cursor_invalid', cause });
}
