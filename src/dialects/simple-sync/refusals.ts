/** The errors of this API. Its clients may know them by their texts: these are the original's. */

import { ForbiddenError, InvalidInputError, UnauthorizedError } from '../../base/errors.ts';

/** No `Authorization: Bearer <token>`. */
export function authorizationRequired(): UnauthorizedError {
  return new UnauthorizedError('Authorization header required', { code: 'authorization_required' });
}

/** One error for whatever is wrong with a session token. */
export function sessionTokenInvalid(): UnauthorizedError {
  return new UnauthorizedError('Invalid or expired token', { code: 'session_token_invalid' });
}

export function adminRequired(): UnauthorizedError {
  return new UnauthorizedError('Admin permission required', { code: 'admin_required' });
}

/** What an admin is called and opened by stands in the configuration. */
export function adminAccountFixed(): UnauthorizedError {
  return new UnauthorizedError('Admins are changed in the configuration of the server only', {
    code: 'admin_account_fixed',
  });
}

/** One error for an unknown name, a wrong password, and an account that may not use this API. */
export function loginRefused(): UnauthorizedError {
  return new UnauthorizedError('Invalid username or password', { code: 'login_refused' });
}

export function loginInvalid(cause?: unknown): InvalidInputError {
  return new InvalidInputError('Invalid request format', { code: 'login_invalid', cause });
}

export function fromTimestampInvalid(): InvalidInputError {
  return new InvalidInputError('Invalid timestamp parameter', { code: 'from_timestamp_invalid' });
}

export function eventsInvalid(cause?: unknown): InvalidInputError {
  return new InvalidInputError('Invalid JSON format', { code: 'events_invalid', cause });
}

export function eventIncomplete(uuid: string): InvalidInputError {
  return new InvalidInputError('Missing required fields', { code: 'event_incomplete', ...about(uuid) });
}

export function eventTimestampInvalid(uuid: string): InvalidInputError {
  return new InvalidInputError('Invalid timestamp', { code: 'event_timestamp_invalid', ...about(uuid) });
}

export function eventForbidden(uuid: string): ForbiddenError {
  return new ForbiddenError('Insufficient permissions', { code: 'event_forbidden', ...about(uuid) });
}

/** A change of an account that changes nothing. */
export function changeMissing(): InvalidInputError {
  return new InvalidInputError('expected new_username, new_password or both', { code: 'change_missing' });
}

function about(eventUuid: string): { details?: { eventUuid: string } } {
  return eventUuid === '' ? {} : { details: { eventUuid } };
}
