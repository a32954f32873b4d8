/** The errors of this API. Clients know their codes. */

import {
  AppError,
  ForbiddenError,
  InvalidInputError,
  PayloadTooLargeError,
  RenamedError,
  UnauthorizedError,
} from '../../base/errors.ts';

/** Codes that go out as they are. */
const OWN = new Set([
  'invalid_json',
  'trailing_json',
  'too_many_operations',
  'payload_too_large',
  'invalid_payload',
  'invalid_operation',
  'field_too_long',
  'inline_binary_forbidden',
  'invalid_blob_reference',
  'blob_not_owned',
  'invalid_multipart',
  'blob_too_large',
  'quota_exceeded',
  'invalid_blob_hash',
  'blob_not_found',
  'csrf_invalid',
]);

/** That there is no room for a blob: the contract calls it as it calls a full account, with another status. */
const NO_ROOM = 'blob_quota_exceeded';

/** What the shared readers of bodies say. */
const UNREADABLE = new Set(['json_invalid', 'body_required', 'body_incomplete', 'encoding_invalid', 'form_invalid']);

/** The code of whatever has none of its own here; other statuses keep theirs. */
const GENERAL: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
};

/** The error under the code that this API has for it. */
export function renamed(error: unknown): unknown {
  if (!(error instanceof AppError) || OWN.has(error.code)) return error;
  if (error.code === NO_ROOM) return new RenamedError(error, 'quota_exceeded');
  const code = UNREADABLE.has(error.code) ? 'invalid_json' : GENERAL[error.status];
  return code === undefined || code === error.code ? error : new RenamedError(error, code);
}

/** The body is not JSON, or a field has another type. */
export function invalidJson(message: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(message, { code: 'invalid_json', cause });
}

/** There is more behind the JSON value. */
export function trailingJson(): InvalidInputError {
  return new InvalidInputError('the body goes on behind its JSON value', { code: 'trailing_json' });
}

/** Something is missing, or not as it must be. */
export function invalidRequest(message: string): InvalidInputError {
  return new InvalidInputError(message, { code: 'invalid_request' });
}

/** A field is longer than it may be. */
export function fieldTooLong(field: string, bytes: number): InvalidInputError {
  return new InvalidInputError(`${field}: expected at most ${bytes} bytes`, { code: 'field_too_long' });
}

/** No token of a device, or not a valid one; or a device that was revoked. */
export function deviceUnauthorized(message = 'a valid device token is needed'): UnauthorizedError {
  return new UnauthorizedError(message);
}

/** The account may not do this now. */
export function forbidden(message: string): ForbiddenError {
  return new ForbiddenError(message);
}

/** More operations than one push may have: clients halve it. */
export function tooManyOperations(limit: number): PayloadTooLargeError {
  return new PayloadTooLargeError(limit, { code: 'too_many_operations' }, 'ops', 'operations');
}

/** What is wrong with one operation of a push; `place` names it and the field: `ops[3].op_id`. */
export function operationRefused(
  code:
    | 'invalid_operation'
    | 'invalid_payload'
    | 'inline_binary_forbidden'
    | 'invalid_blob_reference'
    | 'blob_not_owned',
  place: string,
  message: string,
): InvalidInputError {
  return new InvalidInputError(`${place}: ${message}`, { code });
}

/** The payload at `place` has more than `limit` bytes. */
export function payloadTooLarge(place: string, limit: number): PayloadTooLargeError {
  return new PayloadTooLargeError(limit, { code: 'payload_too_large' }, place);
}
