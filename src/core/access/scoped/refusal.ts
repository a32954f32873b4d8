import { UnauthorizedError } from '../../../base/errors.ts';

/** One error for a token that is unknown, expired, revoked or used up. */
export function tokenUnknown(): UnauthorizedError {
  return new UnauthorizedError('the token is unknown, expired or revoked');
}
