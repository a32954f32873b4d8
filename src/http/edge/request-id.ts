import { randomBytes } from 'node:crypto';

/** Ids of requests: 64 random bits of this process, then a counter; short, because every answer and log line holds one. */
export function requestIds(): () => string {
  const prefix = randomBytes(8).toString('base64url');
  let count = 0;
  return () => `${prefix}-${(count++).toString(36)}`;
}
