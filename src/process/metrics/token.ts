import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether the `Authorization` of a scrape has the token; takes as long for any other one. */
export function opens(token: string, authorization: string | undefined): boolean {
  const [, given = ''] = /^bearer +([!-~]+) *$/i.exec(authorization ?? '') ?? [];
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
